"""Drafts: a rules file as it is typed, of which only the rules that have changed are loaded again.

What comes of it is what `load` gives for the whole text. A rule with a mistake is left out, so that
the others still show what they make of an event.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from handler.core.configuration import yaml12
from handler.core.errors import Finding, RulesError
from handler.core.rules.load import load, names
from handler.core.rules.source import Rule, Source
from handler.core.workspace import ANYBODY, Reach
from relay.page.bench.keys import Keyed, digest
from relay.page.bench.pieces import Pieces
from relay.page.bench.recent import Recent

_MOST: Final = 2_000  # rules
_MOST_FILES: Final = 50  # without their rules
_SOURCES: Final = re.compile(r"^sources:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Setting:
    """The setting of a text: its file's name in findings, a source of it, and the stage."""

    file: str
    source: str
    stage: str
    reach: Reach = ANYBODY

    @property
    def key(self) -> Hashable:
        """All of it, to look up by."""
        known = self.reach.workspaces
        workspaces = None if known is None else tuple(sorted(known))
        return self.file, self.source, self.stage, workspaces, self.reach.broadcasts


@dataclass(frozen=True, slots=True)
class Draft:
    """A text as it loads: the rules without a mistake, and the mistakes.

    `source` is None where no rule loads. `keys` are those of its rules, and `rest` that of all the
    rest: what has the same key is the same. `left_out` counts the rules with a mistake.
    """

    source: Source | None
    mistakes: tuple[Finding, ...] = ()
    keys: tuple[Hashable, ...] = ()
    rest: Hashable = None
    left_out: int = 0


class _Apart(Exception):
    """The pieces of a text do not say what it says as a whole."""


@dataclass(slots=True)
class Drafts:
    """The rules that were loaded last, or their mistakes, by the text of each."""

    _rules: Recent[Rule] = field(default_factory=lambda: Recent(_MOST))
    _wrong: Recent[tuple[Finding, ...]] = field(default_factory=lambda: Recent(_MOST))
    _sources: Recent[Source] = field(default_factory=lambda: Recent(_MOST_FILES))

    def draft(self, text: str, setting: Setting) -> Draft:
        """Return the draft of a text."""
        pieces = Pieces.of(text)
        if pieces is None:
            return _whole(text, setting)
        try:
            return self._in_pieces(Keyed.of(pieces, setting.key), setting)
        except _Apart:
            return _whole(text, setting)

    def _in_pieces(self, keyed: Keyed, setting: Setting) -> Draft:
        numbers = range(len(keyed.rules))
        good = [one for one in numbers if keyed.rules[one] in self._rules]
        if keyed.rest not in self._sources:
            # A mistake in the rest of the file is found with one rule as well as with all.
            first = [*good, *numbers][:1]
            if mistakes := self._load(first, keyed, setting):
                return Draft(None, mistakes, left_out=len(numbers))
        fresh = [one for one in numbers if not self._is_known(keyed, one)]
        if mistakes := self._load(fresh, keyed, setting):
            return Draft(None, mistakes, left_out=len(numbers))
        return self._joined(keyed)

    def _is_known(self, keyed: Keyed, number: int) -> bool:
        return keyed.rules[number] in self._rules or keyed.placed(number) in self._wrong

    def _load(self, numbers: Sequence[int], keyed: Keyed, setting: Setting) -> tuple[Finding, ...]:
        """Load these rules; return the mistakes in the rest of the file, with which none loads."""
        if not numbers:
            return ()
        text = keyed.pieces.only(numbers)
        try:
            source = _loaded(text, setting)
        except RulesError as error:
            if not _is_yaml(text) and _is_yaml("\n".join(keyed.pieces.lines)):
                raise _Apart from None  # what was taken for a rule is a part of a text
            return self._without_wrong(numbers, error.findings, keyed, setting)
        if len(source.rules) != len(numbers):
            raise _Apart
        for number, rule in zip(numbers, source.rules, strict=True):
            self._rules[keyed.rules[number]] = rule
        self._sources[keyed.rest] = replace(source, rules=())
        return ()

    def _without_wrong(
        self, numbers: Sequence[int], findings: tuple[Finding, ...], keyed: Keyed, setting: Setting
    ) -> tuple[Finding, ...]:
        """Note the mistakes of rules, and load the others; return those in the rest of the file."""
        found: dict[int, list[Finding]] = {}
        for one in findings:
            at = keyed.pieces.at(one.line)
            if at is None:
                return findings
            found.setdefault(at, []).append(one)
        if not found.keys() <= {*numbers}:
            raise _Apart
        for at, own in found.items():
            self._wrong[keyed.placed(at)] = tuple(own)
        return self._load([one for one in numbers if one not in found], keyed, setting)

    def _joined(self, keyed: Keyed) -> Draft:
        numbers = range(len(keyed.rules))
        good = [one for one in numbers if keyed.rules[one] in self._rules]
        wrong = [one for one in numbers if one not in good]
        rules = tuple(self._rules[keyed.rules[one]] for one in good)
        source = self._sources.get(keyed.rest)
        if len({one.name for one in rules}) < len(rules) or (source is None and good):
            raise _Apart  # that two rules have one name is seen in the whole file alone
        return Draft(
            replace(source, rules=rules) if source and good else None,
            tuple(finding for one in wrong for finding in self._wrong[keyed.placed(one)]),
            tuple(keyed.rules[one] for one in good),
            keyed.rest,
            len(wrong),
        )


def _whole(text: str, setting: Setting) -> Draft:
    try:
        source = _loaded(text, setting)
    except RulesError as error:
        return Draft(None, error.findings, left_out=1)
    rest = (setting.key, digest(text))
    return Draft(source, keys=tuple((rest, one.name) for one in source.rules), rest=rest)


def _is_yaml(text: str) -> bool:
    try:
        yaml12.load(text, "")
    except RulesError:
        return False
    return True


def _loaded(text: str, setting: Setting) -> Source:
    return load(setting.source, text, setting.file, setting.stage, setting.reach)


def source_of(text: str, stem: str, wanted: str) -> str:
    """Return the source of a text that an event goes to: its own where the text has it.

    A file that lists no sources is one of the file's name.
    """
    if not _SOURCES.search(text):
        return stem
    pieces = Pieces.of(text)
    try:
        named = names(stem, pieces.only((0,)) if pieces else text, stem)
    except RulesError:
        return wanted
    return wanted if wanted in named else named[0]
