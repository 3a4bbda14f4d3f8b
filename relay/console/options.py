"""Options that several commands have, said once."""

from pathlib import Path
from typing import Annotated

import typer

RulesOption = Annotated[
    Path, typer.Option(help="Folder of rules files.", exists=True, file_okay=False)
]
