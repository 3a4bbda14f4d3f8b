"""Remarks on a text as it is typed: mistakes at once, and what the check said of the other rules.

The check takes longer than a keystroke. What it said of a rule holds until that rule is changed.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from handler.core.errors import RulesError
from handler.core.rules.load import load, names
from handler.core.rules.source import Source
from relay.console.format import counted
from relay.page.bench.drafts import Draft
from relay.page.bench.pieces import Pieces
from relay.page.bench.recent import Recent
from relay.rules.check.command import remarks_on
from relay.rules.check.report import Remark, RulesFile

_MOST: Final = 2_000  # rules
_ORDER: Final = {"error": 0, "warning": 1, "note": 2}
_OF_SAMPLE: Final = re.compile(r"(events/[^:]+): (.*)", re.DOTALL)
_Said = tuple[Remark, ...]


def checked(file: RulesFile, stage: str, others: Collection[str]) -> Iterator[Remark]:
    """Yield the remarks of `relay rules check` on a text; `others` are sources of other files."""
    yield from remarks_on(file, stage, _sources(file, stage), others)


def _sources(file: RulesFile, stage: str) -> Mapping[str, Source | RulesError]:
    try:
        named = names(file.stem, file.text, file.shown)
    except RulesError as error:
        return {file.stem: error}
    return {name: _loaded(name, file, stage) for name in named}


def _loaded(name: str, file: RulesFile, stage: str) -> Source | RulesError:
    try:
        return load(name, file.text, file.shown, stage, file.reach)
    except RulesError as error:
        return error


@dataclass(slots=True)
class Remarks:
    """The remarks of the check, by the text of the rule that they are about."""

    _said: Recent[_Said] = field(default_factory=lambda: Recent(_MOST))

    def keep(self, file: RulesFile, found: Iterable[Remark]) -> None:
        """Keep what the check says of a text, for the texts that come after it."""
        pieces = Pieces.of(file.text)
        if pieces is None:
            return
        by_rule: dict[int | None, list[Remark]] = {None: []}
        by_rule |= {number: [] for number in range(len(pieces.starts))}
        for one in found:
            at = pieces.at(one.line)
            by_rule[at].append(_moved(one, -_start(pieces, at)))
        for at, those in by_rule.items():
            self._said[_key(file, pieces, at)] = tuple(those)

    def of(self, file: RulesFile, draft: Draft) -> list[Remark]:
        """Return the mistakes of a draft, and what the check has said of what is unchanged."""
        mistakes = [file.remark(one, "error") for one in draft.mistakes]
        pieces = Pieces.of(file.text)
        if pieces is None:
            return in_order(mistakes)
        places = (None, *range(len(pieces.starts)))
        said = {at: self._said.get(_key(file, pieces, at)) for at in places}
        fresh = [one for one in mistakes if said[pieces.at(one.line)] is None]
        known = [_moved(one, _start(pieces, at)) for at in places for one in said[at] or ()]
        return in_order([*fresh, *known])


def in_order(remarks: Iterable[Remark]) -> list[Remark]:
    """Return remarks by level and line, each once."""
    return sorted(dict.fromkeys(remarks), key=lambda one: (_ORDER[one.level], one.line, one.column))


def folded(remarks: Iterable[Remark]) -> list[Remark]:
    """Return remarks: of those that differ in their sample alone the first, and how many more."""
    samples: dict[Remark, list[str]] = {}
    for one in remarks:
        found = _OF_SAMPLE.fullmatch(one.message)
        sample, words = found.groups() if found else ("", one.message)
        samples.setdefault(replace(one, message=words), []).append(sample)
    return [replace(one, message=_named(those) + one.message) for one, those in samples.items()]


def _named(samples: list[str]) -> str:
    first, more = samples[0], len(samples) - 1
    if not first:
        return ""
    return f"{first} and {counted(more, 'more sample')}: " if more else f"{first}: "


def _key(file: RulesFile, pieces: Pieces, at: int | None) -> tuple[str, str, int]:
    """Return what the remarks on a rule, or on the rest, are looked up by: its own text.

    What stands behind the rules moves with them.
    """
    if at is not None:
        return file.shown, pieces.rule(at), 0
    return file.shown, pieces.rest, pieces.end if "".join(pieces.lines[pieces.end :]).strip() else 0


def _start(pieces: Pieces, at: int | None) -> int:
    return 0 if at is None else pieces.starts[at]


def _moved(remark: Remark, lines: int) -> Remark:
    return replace(remark, line=remark.line + lines) if remark.line else remark
