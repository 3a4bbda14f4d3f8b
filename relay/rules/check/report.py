"""Remarks on a folder of rules files: each mistake and warning, with its place and line."""

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import typer

from handler import workspaces
from handler.core.configuration import yaml12
from handler.core.configuration.shown_lines import shown, window, without_secrets
from handler.core.configuration.yaml12 import Document
from handler.core.errors import Finding, Malformed, NotJson, RulesError
from handler.core.expressions.template import Problem
from handler.core.models import Event, Verified, Webhook
from handler.core.planning.parse import parse, split
from handler.core.rules.load import load, names
from handler.core.rules.source import Source
from handler.core.workspace import ANYBODY, Reach, Workspace
from handler.rules_directory import files
from relay.rules.check.attribute_values import sampled
from relay.rules.check.counted_orders import counted_orders
from relay.rules.check.event_ids import by_samples
from relay.rules.check.sample_values import number_notes, number_warnings
from relay.rules.check.shared_guards import unordered_pairs
from relay.rules.check.shared_names import different_persons, unused_names
from relay.rules.check.target_ids import misshapen
from relay.rules.check.unknown_stages import unknown_stages
from relay.rules.check.warnings import empty_values, foreign_words, unseen_paths, warnings
from relay.webhooks.samples import Sample, shown_folder

Level = Literal["error", "warning", "note"]
_URL_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_NO_URL: Final = re.compile(r"[^a-z0-9._-]+")
_COLOURS: Final = {"error": "red", "warning": "yellow", "note": "blue"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark with the line that it is about; without a place it is about the folder."""

    level: Level
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    text: str = ""
    caret: int = 0  # the column within the text, which is a part of a long line

    def written(self) -> str:
        """Return it as text in colour; typer.echo drops the colour without a terminal."""
        level = (
            "" if self.level == "error" else typer.style(f"{self.level}: ", _COLOURS[self.level])
        )
        if not self.file:
            return f"{level}{self.message}"
        place = typer.style(f"{self.file}:{self.line}:{self.column}:", bold=True)
        caret = typer.style("^", _COLOURS[self.level], bold=True)
        shown = f"\n    {self.text}\n    {' ' * (self.caret - 1)}{caret}" if self.text else ""
        return f"{place} {level}{self.message}{shown}"

    def annotation(self) -> str:
        """Return it as the command by which a workflow of GitHub annotates the line."""
        level = "notice" if self.level == "note" else self.level
        place = {"file": self.file, "line": self.line, "col": self.column}
        given = [f"{name}={_escaped(str(one), ':,')}" for name, one in place.items() if one]
        return f"::{level} {','.join(given)}::{_escaped(self.message)}"

    def json(self) -> dict[str, Any]:
        """Return it as JSON."""
        shown_here = {**asdict(self), "caret": 0}
        return {key: value for key, value in shown_here.items() if value not in ("", 0)}


def _escaped(text: str, more: str = "") -> str:
    """Return text for a workflow's command (GitHub, "Workflow commands"), percent signs first."""
    for one in f"%\r\n{more}":
        text = text.replace(one, f"%{ord(one):02X}")
    return text


@dataclass(frozen=True, slots=True)
class RulesFile:
    """The text of a rules file, saved or not, and whom its rules may reach.

    `shown` is its path in remarks, `stem` the name of its source where it names none.
    """

    shown: str
    stem: str
    text: str
    reach: Reach

    @classmethod
    def typed(cls, path: Path, text: str, stage: str) -> "RulesFile":
        """Return a file of a rules folder with a text that is not saved."""
        reach, _ = _reach(path.parent, None, stage)
        return cls(_shown(path), path.stem, text, reach)

    def remark(self, finding: Finding, level: Level) -> Remark:
        """Return a finding in this file as a remark, which has its line."""
        told = without_secrets([finding], self.text)[0]
        line, caret = window(shown(self.text, told.line), told.column)
        place = (told.file, told.line, told.column)
        return Remark(level, told.message, *place, line.replace("\t", " "), caret)


def examine(
    rules: Path, stage: str, samples: Iterable[Sample], default: Workspace | None = None
) -> Iterator[Remark]:
    """Yield the remarks on each rules file of a folder, for every stage that it names.

    `default` is the workspace of the deployment's BrazeEndpoint, where one is known.
    """
    reach, wrong = _reach(rules, default, stage)
    yield from wrong
    webhooks, seen = list(samples), set[str]()
    for path in sorted(rules.glob("*.yml")):
        yield Remark("error", f"it is not served; name it {path.stem}.yaml", _shown(path), 1, 1)
    for path in files(rules):
        # A remark that all sources of a file share is given once.
        yield from dict.fromkeys(_of_file(_file(path, reach), stage, webhooks, seen))


def examine_file(
    file: RulesFile, stage: str, samples: Sequence[Sample], others: Iterable[str]
) -> Iterator[Remark]:
    """Yield the remarks on one file as `examine` does; `others` are the sources of other files."""
    yield from dict.fromkeys(_of_file(file, stage, samples, set(others)))


def at_rule(rules: Path | RulesFile, source: str, rule: str, message: str) -> Remark:
    """Return an error at the rule of a source, in a folder of rules files that load, or in one."""
    for file, document in _files_of(rules, source):
        return file.remark(document.finding(_path(document, rule), message), "error")
    return Remark("error", message)


def warning_at(rules: Path | RulesFile, source: str, path: yaml12.Path, message: str) -> Remark:
    """Return a warning at a path of a source, in a folder of rules files that load, or in one."""
    for file, document in _files_of(rules, source):
        own = ("sources", source, *path)
        at = own if own in document.places else path
        return file.remark(document.finding(at, message), "warning")
    return Remark("warning", message)


def stage_warnings(rules: Path, deployed: Collection[str]) -> Iterator[Remark]:
    """Yield warnings on the stages, in a folder of rules files, that no deployment has."""
    for file in (_file(one, ANYBODY) for one in files(rules)):
        with suppress(RulesError):  # its mistakes are remarks of its own
            document = yaml12.load(file.text, file.shown)
            yield from _at_places(file, document, "warning", unknown_stages(document, deployed))


def _files_of(rules: Path | RulesFile, source: str) -> Iterator[tuple[RulesFile, Document]]:
    """Yield the file that describes a source, if it loads."""
    given = (
        [rules] if isinstance(rules, RulesFile) else (_file(one, ANYBODY) for one in files(rules))
    )
    for file in given:
        try:
            if source in names(file.stem, file.text, file.shown):
                yield file, yaml12.load(file.text, file.shown)
        except RulesError:
            continue


def _path(document: Document, rule: str) -> yaml12.Path:
    """Return the path of a rule; where there is none of that name, of all rules."""
    whole = document.value if isinstance(document.value, dict) else {}
    written = whole.get("rules")
    for at, one in enumerate(written if isinstance(written, list) else ()):
        if isinstance(one, dict) and one.get("name") == rule:
            return ("rules", at)
    return ("rules",)


def _file(path: Path, reach: Reach) -> RulesFile:
    text = path.read_text(encoding="utf-8", errors="replace")
    return RulesFile(_shown(path), path.stem, text, reach)


def _reach(rules: Path, default: Workspace | None, stage: str) -> tuple[Reach, list[Remark]]:
    """Return the workspaces for rules; where workspaces.yaml is wrong, its mistakes and any."""
    path, found, reach = rules / workspaces.FILE, dict[Finding, None](), ANYBODY
    for one in _every_stage(rules, stage) if path.exists() else (stage,):
        try:
            reach = Reach(workspaces.read(rules, default, one).keys())
        except RulesError as error:
            found |= dict.fromkeys(error.findings)
    if not found:
        return reach, []
    file = _file(path, ANYBODY)
    return ANYBODY, [file.remark(replace(one, file=file.shown), "error") for one in found]


def _every_stage(rules: Path, stage: str) -> list[str]:
    """Return the stages that the files of a folder name, after the given one."""
    found = [stage]
    for path in files(rules):
        file = _file(path, ANYBODY)
        with suppress(RulesError):  # its mistakes are remarks of its own
            found += _stages(yaml12.load(file.text, file.shown), stage)
    return list(dict.fromkeys(found))


def _of_file(
    file: RulesFile, stage: str, samples: Sequence[Sample], seen: set[str]
) -> Iterator[Remark]:
    if (at := file.text.find("\ufffd")) >= 0:
        line, column = file.text.count("\n", 0, at) + 1, at - file.text.rfind("\n", 0, at)
        wrong = Finding(file.shown, line, column, "the file is not UTF-8 text")
        yield file.remark(wrong, "error")
        return
    try:
        document = yaml12.load(file.text, file.shown)
        named = names(file.stem, file.text, file.shown)
    except RulesError as error:
        yield from (file.remark(one, "error") for one in error.findings)
        return
    for name in seen.intersection(named):
        yield Remark("error", f"there is a {name} already", file.shown, 1, 1)
    seen.update(named)
    stages = _stages(document, stage)
    loaded = {(name, one): _loaded(file, name, one) for name in named for one in stages}
    yield from _errors(file, loaded, stages)
    yield from (file.remark(one, "error") for one in misshapen(document, named, stages))
    if named == (file.stem,):
        yield from _misnamed(file)
    for source in (loaded[name, stage] for name in named):
        if isinstance(source, RulesError):
            continue
        told = _Told(source, document, samples)
        yield from _at_places(file, document, "warning", told.warnings())
        yield from _at_places(file, document, "note", told.notes())


def _at_places(
    file: RulesFile, document: Document, level: Level, problems: Iterable[Problem]
) -> Iterator[Remark]:
    said = sorted((document.finding(*one) for one in problems), key=_place)
    yield from (file.remark(one, level) for one in said)


def _misnamed(file: RulesFile) -> Iterator[Remark]:
    """Yield a remark where the file's name makes a URL that people write in several ways."""
    mend = f"name the file {_NO_URL.sub('-', file.stem.lower()).strip('-.') or 'shop'}.yaml"
    if not _URL_NAME.fullmatch(file.stem):
        text = f"senders post to /webhooks/NAME, and {file.stem} is no name for a URL: {mend}"
        yield Remark("error", text, file.shown, 1, 1)
    elif file.stem != file.stem.lower():
        text = f"/webhooks/{file.stem} is told from /webhooks/{file.stem.lower()}: {mend}"
        yield Remark("warning", text, file.shown, 1, 1)


def _errors(
    file: RulesFile, loaded: Mapping[tuple[str, str], Source | RulesError], stages: Sequence[str]
) -> Iterator[Remark]:
    """Yield the mistakes of a file; those of only some stages name the stages."""
    found: dict[Finding, list[str]] = {}
    for stage in stages:
        errors = [one for (_, at), one in loaded.items() if at == stage]
        wrong = [one.findings for one in errors if isinstance(one, RulesError)]
        for finding in dict.fromkeys(one for findings in wrong for one in findings):
            found.setdefault(finding, []).append(stage)
    for finding, those in sorted(found.items(), key=lambda one: _place(one[0])):
        text = finding.message if len(those) == len(stages) else _of_stages(finding, those)
        yield file.remark(replace(finding, message=text), "error")


def _place(finding: Finding) -> tuple[int, int]:
    return finding.line, finding.column


def _of_stages(finding: Finding, stages: Sequence[str]) -> str:
    return f"{finding.message} (stage {' and '.join(stages)})"


def _loaded(file: RulesFile, name: str, stage: str) -> Source | RulesError:
    try:
        return load(name, file.text, file.shown, stage, file.reach)
    except RulesError as error:
        return error


def _stages(document: Document, stage: str) -> list[str]:
    """Return the stages in a file's `vars`, after the given one."""
    whole = document.value if isinstance(document.value, dict) else {}
    own = whole.get("sources")
    blocks = [whole, *(own.values() if isinstance(own, dict) else ())]
    given = [one.get("vars") for one in blocks if isinstance(one, dict)]
    return list(
        dict.fromkeys([stage, *(name for one in given if isinstance(one, dict) for name in one)])
    )


class _Told:
    """A source beside its file and its samples, and what they tell together."""

    def __init__(self, source: Source, document: Document, samples: Sequence[Sample]) -> None:
        verify = document.value.get("verify") if isinstance(document.value, dict) else None
        self.source, self.document = source, document
        self.preset = str(verify.get("preset") if isinstance(verify, dict) else None)
        self.samples = [one for one in samples if one.source == source.name]
        self.events = [event for one in self.samples for event in _events(one, source)]
        self.documents: dict[str, list[Any]] = {}
        for event in self.events:
            self.documents.setdefault(event.type, []).append(source.document(event))

    def warnings(self) -> Iterator[Problem]:
        yield from foreign_words(self.document)
        yield from empty_values(self.document)
        told = list(warnings(self.source, self.preset))
        yield from told
        yield from unused_names(self.source)
        yield from different_persons(self.source, self.document)
        yield from unordered_pairs(self.source, self.document)
        yield from counted_orders(self.source, self.document)
        yield from unseen_paths(self.source, self.documents)
        # What the rule alone shows is told once.
        seen = number_warnings(self.source, self.documents)
        yield from (one for one in seen if one[0] not in {path for path, _ in told})
        yield from by_samples(self.source, self.preset, self.events)
        yield from sampled(self.source, self.samples)

    def notes(self) -> Iterator[Problem]:
        yield from number_notes(self.source, self.documents)


def _events(sample: Sample, source: Source) -> list[Event]:
    """Return the events of a sample; none where its source cannot read it."""
    now = int(time.time())
    headers = {name.lower(): value for name, value in sample.headers.items()}
    verified = Verified(Webhook(source.name, "POST", headers, "", sample.content(now), now))
    try:
        return [parse(part, verified, source) for part in split(verified, source)[0]]
    except (Malformed, NotJson):
        return []


def _shown(path: Path) -> str:
    return str(shown_folder(path.parent) / path.name)
