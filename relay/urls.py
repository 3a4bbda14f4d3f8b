"""`relay urls`: where the senders of a deployed stack post to."""

from pathlib import Path
from typing import Annotated, Final

import typer

from handler.sources import RESERVED
from relay.deployed import default_stack_name, outputs
from relay.paths import RULES

_PLACE: Final = "SOURCE"  # stands in the stack's output for the name of a rules file


def urls(
    stack_name: Annotated[
        str | None, typer.Option(help="The stack; by default that of samconfig.toml.")
    ] = None,
    rules: Annotated[
        Path, typer.Option(help="Folder of rules files.", exists=True, file_okay=False)
    ] = RULES,
) -> None:
    """Print the URL that each source's sender posts to."""
    name = stack_name or default_stack_name()
    url = outputs(name).get("WebhookUrl")
    if url is None:
        raise typer.BadParameter(f"{name} is no stack of this relay", param_hint="--stack-name")
    sources = sorted({file.stem for file in rules.glob("*.yaml")} - RESERVED)
    if not sources:
        raise typer.BadParameter(f"no rules file in {rules}", param_hint="--rules")
    width = max(map(len, sources))
    for source in sources:
        typer.echo(f"{source:<{width}}  {url.removesuffix(_PLACE)}{source}")
