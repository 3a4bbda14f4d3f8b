"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from relay.paths import RULES

RulesOption = Annotated[
    Path, typer.Option(help="Folder of rules files.", exists=True, file_okay=False)
]
# The folder without `--rules` before it, as earlier releases took it.
RulesArgument = Annotated[
    Path | None, typer.Argument(hidden=True, metavar="RULES", exists=True, file_okay=False)
]


def rules_folder(positional: Path | None, option: Path) -> Path:
    """Return the folder of rules files that a command was given; refuse two that differ."""
    if positional and option not in (positional, RULES):
        raise typer.BadParameter("give the folder of rules once: --rules DIR")
    return positional or option
