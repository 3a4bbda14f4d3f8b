"""Two versions of the rules, with the webhooks of both: samples and cases."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from handler.core.errors import RulesError
from handler.core.rules.load import names
from handler.core.rules.source import Source
from relay.paths import EVENTS, PROJECT
from relay.rules.case_file import Case, read_cases
from relay.rules.diff.git import Revision
from relay.rules.diff.unchanged import Alike, alike
from relay.rules.webhooks import Given
from relay.webhooks.samples import load_sources, read_sample, samples, shown_folder, sources_in


@dataclass(frozen=True, slots=True)
class Versions:
    """The rules as they were and as they are, and the webhooks to plan with both.

    `notes` say what is not compared, and why. `alike` are the rules that both write alike.
    """

    base: Mapping[str, Source]
    new: Mapping[str, Source]
    webhooks: Mapping[str, Given]
    notes: tuple[str, ...] = ()
    alike: Alike = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Now:
    """The folders of the rules and the cases as they are, and the stage."""

    rules: Path
    cases: Path
    stage: str


def with_folder(base: Path, now: Now) -> Versions:
    """Return the rules beside those of a folder; raise RulesError where either does not load."""
    versions = load_sources(base, now.stage), load_sources(now.rules, now.stage)
    notes: list[str] = []
    webhooks = _webhooks({*versions[0], *versions[1]}, now.cases, notes)
    return Versions(*versions, webhooks, tuple(notes), alike(base, now.rules))


def with_revision(against: Revision, now: Now) -> Versions:
    """Return the rules beside those of a git revision, with its samples and cases too.

    What does not load there is left out, with a note. Raise RulesError where the present rules do
    not load, NoRevisionError where the repository lacks files.
    """
    new = load_sources(now.rules, now.stage)
    with tempfile.TemporaryDirectory(prefix="relay-diff-") as folder:
        then = _Then(against, Path(folder))
        base = then.sources(now)
        for name in then.lost:
            new.pop(name, None)
        known = {*base, *new}
        webhooks = _webhooks(known, now.cases, then.notes)
        for name, given in then.webhooks(known, now.cases):
            if webhooks.get(name) != given:
                webhooks[f"{name} at {against.name}"] = given
    return Versions(base, new, webhooks, tuple(then.notes), then.alike)


def _webhooks(sources: set[str], cases: Path, notes: list[str]) -> dict[str, Given]:
    found = {f"events/{one.name}.json": Given(one) for one in samples(EVENTS, sources)}
    for case in read_cases(cases, PROJECT):
        if isinstance(case, Case):
            found[f"case {case.name}"] = case.given
        else:
            notes.append(f"left out: {case}")
    return found


@dataclass(slots=True)
class _Then:
    """The files of a revision; `lost` are the sources whose file does not load there.

    `alike` are the rules that its files write as those of now do.
    """

    against: Revision
    into: Path
    notes: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    alike: Alike = field(default_factory=dict)

    def sources(self, now: Now) -> dict[str, Source]:
        """Return the sources of the revision that load."""
        folder = self._written(now.rules)
        self._lose_unread(now)
        try:
            found = sources_in(folder, now.stage) if folder else {}
        except RulesError:  # there is no rules file in it
            found = {}
        if not found:
            text = f"{shown_folder(now.rules)} has no rules in {self.against.name}"
            self.notes.append(f"{text}: all requests are new")
        for name, one in found.items():
            if isinstance(one, RulesError):
                self._lose(name, one, now)
        if folder:
            self.alike = alike(folder, now.rules)
        return {name: one for name, one in found.items() if isinstance(one, Source)}

    def _lose_unread(self, now: Now) -> None:
        """Leave out files of the revision that are not read, also as they are now."""
        path = self.against.path_of(now.rules)
        for name in self.against.unread(path) if path is not None else ():
            file = now.rules / Path(name).name
            self.lost |= {file.stem, *_names(file)}
            shown = shown_folder(now.rules) / file.name.encode("utf-8", "replace").decode("utf-8")
            why = f"no file in {self.against.name}, but a link, or has no name in UTF-8"
            self.notes.append(f"left out: {shown} is {why}")

    def _lose(self, name: str, error: RulesError, now: Now) -> None:
        """Leave out what cannot be compared: the sources of the same file, also as it is now."""
        first = error.findings[0]
        file = now.rules / Path(first.file).name
        self.lost |= {name, *_names(file)}
        self.notes.append(
            f"left out: {shown_folder(now.rules) / file.name} does not load in"
            f" {self.against.name}, line {first.line}: {first.message}"
        )

    def webhooks(self, sources: set[str], cases: Path) -> Iterator[tuple[str, Given]]:
        """Yield the samples and cases of the revision, by name; what cannot be read is noted."""
        project = self._written(PROJECT, EVENTS)
        for file in sorted((project / EVENTS.name).glob("*.json")) if project else ():
            name = f"{EVENTS.name}/{file.name}"
            try:
                sample = read_sample(file)
            except ValidationError:
                self.notes.append(f"left out: {name} is no sample in {self.against.name}")
                continue
            if sample.source in sources:
                yield name, Given(sample)
        folder = self._written(cases)
        for case in read_cases(folder, project or PROJECT) if folder else ():
            if isinstance(case, Case):
                yield f"case {case.name}", case.given
            else:
                file = Path(case.findings[0].file)
                name = f"{file.parent.name}/{file.stem}"
                text = f"case {name} cannot be read in {self.against.name}"
                self.notes.append(f"left out: {text}: {case.findings[0].message}")

    def _written(self, folder: Path, below: Path | None = None) -> Path | None:
        """Return where a folder of the revision is written to, with what is `below` it only.

        None where it is in no such repository, or has no files there.
        """
        path = self.against.path_of(folder)
        wanted = path if below is None else self.against.path_of(below)
        if path is None or wanted is None:
            return None
        return self.into / path if self.against.write(wanted, self.into) else None


def _names(file: Path) -> tuple[str, ...]:
    """Return the sources that a file has now."""
    try:
        return names(file.stem, file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError, RulesError):
        return ()
