"""Inputs of the rules commands: rules folders, sources, and webhooks by name or path."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from handler.core.errors import RulesError
from handler.core.rules.source import Source
from handler.core.suggestions import closest
from relay.paths import EVENTS
from relay.rules.case_file import read_case
from relay.rules.webhooks import Given
from relay.webhooks.samples import Sample, misread, read_sample, sources_in

EventArgument = Annotated[
    str, typer.Argument(help="A sample of events/ or a case, by name or path.", metavar="EVENT")
]
CasesOption = Annotated[
    Path, typer.Option(help="Folder of cases, SOURCE/CLAIM.yaml.", exists=True, file_okay=False)
]
StageOption = Annotated[str, typer.Option(help="Stage whose `vars` the rules use.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _sample_of(file: Path) -> Sample:
    """Return the webhook of a JSON file; end the command with a message where it is none."""
    try:
        return read_sample(file)
    except ValidationError as error:
        raise typer.BadParameter(misread(str(file), error)) from None


def source_of(name: str, rules: Path, stage: str) -> Source:
    """Return a source; raise RulesError where its file does not load."""
    found = sources_in(rules, stage)
    source = found.get(name)
    if source is None:
        raise typer.BadParameter(f"no source {name} in {rules}{_meant(name, found)}")
    if isinstance(source, RulesError):
        raise source
    return source


def given_of(event: str, cases: Path) -> Given:
    """Return the webhook of a sample or of a case, by name or path."""
    known = _known(cases)
    file = Path(event) if Path(event).is_file() else known.get(event)
    if file is None:
        raise typer.BadParameter(f"there is no event or case {event}{_meant(event, known)}")
    if file.suffix == ".yaml":
        return read_case(file, file.parent.parent).given
    return Given(_sample_of(file))


def _known(cases: Path) -> Mapping[str, Path]:
    samples = {file.stem: file for file in sorted(EVENTS.glob("*.json"))}
    files = sorted(cases.glob("*/*.yaml"))
    by_claim = {file.stem: file for file in files}
    return by_claim | {f"{file.parent.name}/{file.stem}": file for file in files} | samples


def _meant(name: str, known: Iterable[str]) -> str:
    near = closest(name, known)
    return f"; did you mean {near}?" if near else f" (there are: {', '.join(known)})"
