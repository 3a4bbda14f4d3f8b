"""Saving of a webhook as a sample of events/ or as a case of the rules: never over a file."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from handler.core.errors import RulesError
from handler.core.rules.source import Source
from relay.capture.new_file import write_new
from relay.capture.replacement import Replaced, Unreplaced
from relay.capture.sample_file import NAME, UNREPLACED, free, named, replaced, told, unfit, write
from relay.page.context import PageFolders
from relay.page.reading import Reading
from relay.rules.case_file import read_case
from relay.rules.cases.command import CASES_STAGE
from relay.rules.cases.result import asked, expected, is_same, outcome
from relay.rules.webhooks import Given, planned
from relay.rules.yaml_text import written
from relay.stacks.selection import RELAY
from relay.webhooks.samples import Sample, sources_in

_NAME_TAKES: Final = "a name has letters, digits and dashes, 100 at most"


class NotSaved(Exception):
    """A webhook that cannot be saved so; the text says why."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that was written, what was replaced in it, and the command that goes on."""

    file: Path
    notes: tuple[str, ...]
    replaced: tuple[str, ...]
    command: str

    @classmethod
    def of(cls, file: Path, made: Replaced, command: str, *, as_is: bool) -> "Saved":
        """Return what is said of a file; each place that was replaced is a line with a blank."""
        said = [*told(made, as_is=as_is)]
        places = tuple(one.strip() for one in said if one.startswith(" "))
        notes = tuple(one for one in said if not (one.startswith(" ") or one.endswith(":")))
        return cls(file, notes, places, command)


@dataclass(frozen=True, slots=True)
class Wish:
    """A name for a file; with `as_is` the persons of the webhook stay in it."""

    name: str
    as_is: bool


def suggested(reading: Reading, folders: PageFolders) -> tuple[str, str]:
    """Return names that are free: of a sample, and of a case."""
    if not isinstance(reading.rules, Source):
        return "", ""
    name = named(reading.rules, reading.answered)
    bare = name.removeprefix(f"{reading.source}-")
    cases = folders.cases / reading.source
    return free(folders.events, name).stem, free(cases, bare, ".yaml").stem


def save_sample(reading: Reading, folders: PageFolders, wish: Wish) -> Saved:
    """Write a webhook as a sample; raise NotSaved."""
    own, made = _kept(reading, folders, wish)
    folders.events.mkdir(parents=True, exist_ok=True)
    file = folders.events / f"{wish.name}.json"
    try:
        write(file, own.name, made)
    except FileExistsError:
        raise _there_is(file, folders) from None
    except UnicodeEncodeError:
        raise NotSaved("a text of it has half a character, which no file can hold") from None
    command = f"{RELAY} rules explain {wish.name}"
    return Saved.of(_shown(file, folders), made, command, as_is=wish.as_is)


def save_case(reading: Reading, folders: PageFolders, wish: Wish) -> Saved:
    """Write a webhook, with what the rules in the folder make of it, as a case; raise NotSaved."""
    own, made = _kept(reading, folders, wish)
    at = int(reading.arrival.at)
    file = folders.cases / own.name / f"{wish.name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.parent.resolve().is_relative_to(folders.cases.resolve()):
        raise NotSaved(f"{_shown(file.parent, folders)} is a link that leads out of the cases")
    text = _case(own, made, at)
    try:
        write_new(file, text.encode())
    except FileExistsError:
        raise _there_is(file, folders) from None
    _check(file, own, folders)
    return Saved.of(_shown(file, folders), made, f"{RELAY} rules test", as_is=wish.as_is)


def _kept(reading: Reading, folders: PageFolders, wish: Wish) -> tuple[Source, Replaced]:
    source = _source(reading.source, folders)
    if not NAME.fullmatch(wish.name):
        raise NotSaved(f"{_NAME_TAKES}: {wish.name or 'it has none'}")
    if why := unfit(source, reading.answered):
        raise NotSaved(why)
    try:
        return source, replaced(source, reading.answered, as_is=wish.as_is)
    except Unreplaced:
        raise NotSaved(UNREPLACED) from None


def _source(name: str, folders: PageFolders) -> Source:
    """Return a source as its file is now, at the stage that cases are for."""
    try:
        source = sources_in(folders.rules, CASES_STAGE).get(name)
    except RulesError as error:
        raise NotSaved(str(error)) from None
    if isinstance(source, RulesError):
        raise NotSaved(f"its rules file has a mistake: {source}")
    if source is None:
        raise NotSaved(f"there is no source {name}" if name else "it came to no source")
    return source


def _case(source: Source, made: Replaced, at: int) -> str:
    """Return the text of a case: the webhook, when it came, and the whole outcome."""
    sample = Sample("", source.name, made.headers, made.body)
    try:
        found = asked(outcome(planned(Given(sample, at), source)), None)
    except RulesError as error:
        raise NotSaved(str(error)) from None
    webhook: dict[str, Any] = {"headers": dict(made.headers), "body": made.body}
    received = datetime.fromtimestamp(at, UTC).isoformat()
    expect = found or {"deliveries": []}
    return written({"webhook": webhook, "received_at": received, "expect": expect})


def _check(file: Path, source: Source, folders: PageFolders) -> None:
    """Raise NotSaved, without the file, where its case would not be good as it reads back."""
    why = "its body does not read back from YAML as it came"
    try:
        case = read_case(file, folders.cases, folders.project)
        given = replace(case.given, sample=replace(case.given.sample, source=source.name))
        found = asked(outcome(planned(given, source)), case.expect)
        if case.expect is not None and is_same(expected(case.expect), found):
            return
    except RulesError as error:
        why = "; ".join(one.message for one in error.findings)
    file.unlink()
    step = "save it as a sample, which a case can name (webhook: {event: NAME})"
    raise NotSaved(f"a case cannot hold it: {why}; {step}")


def _there_is(file: Path, folders: PageFolders) -> NotSaved:
    return NotSaved(f"{_shown(file, folders)} is there already: give another name")


def _shown(file: Path, folders: PageFolders) -> Path:
    inside = file.is_relative_to(folders.project)
    return file.relative_to(folders.project) if inside else file
