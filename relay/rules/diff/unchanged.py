"""Rules that both versions write alike: each is rendered until it has made a request, no longer.

Its requests are the same in both, so that the others alone can differ.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from handler.core.configuration import yaml12
from handler.core.errors import RulesError
from handler.core.expressions.expression import compile_expression
from handler.core.models import Plan
from handler.core.planning.render import MAX_DELIVERIES
from handler.core.rules.load import names
from handler.core.rules.source import Rule, Source
from handler.rules_directory import files
from relay.rules.webhooks import Given, planned, plans

Alike = Mapping[str, frozenset[str]]  # the names of such rules, by source
_NOBODY: Final = compile_expression("`[]`")
_NONE: Final = Plan(0)


def alike(base: Path, new: Path) -> Alike:
    """Return the rules that the files of two folders write alike, in files alike besides."""
    found: dict[str, frozenset[str]] = {}
    for file in files(new):
        if (base / file.name).is_file():
            found |= dict(_alike(base / file.name, file))
    return found


def _alike(base: Path, new: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the sources of a file with their rules; nothing where either does not load."""
    try:
        before, after = (one.read_text(encoding="utf-8") for one in (base, new))
        (rest, old), (other, now) = (_parts(text, new.name) for text in (before, after))
        if rest == other:
            same = frozenset(name for name, block in now.items() if old.get(name) == block)
            yield from ((name, same) for name in names(new.stem, after, new.name))
    except (OSError, UnicodeDecodeError, RulesError):
        return


def _parts(text: str, name: str) -> tuple[str, dict[str, str]]:
    """Return a file without its rules, and each rule by its name, as text to compare."""
    whole = yaml12.load(text, name).value
    given = whole if isinstance(whole, dict) else {}
    rules = given.get("rules")
    found = {
        str(one.get("name")): json.dumps(one)
        for one in (rules if isinstance(rules, list) else ())
        if isinstance(one, dict)
    }
    return json.dumps({**given, "rules": None}), found


@dataclass(slots=True)
class Pair:
    """Both versions of a source; `alike` are the names of the rules that they write alike.

    `silent` are those of them that have made a request: they still match, and make no other.
    """

    base: Source | None
    new: Source | None
    alike: Collection[str] = ()
    silent: set[str] = field(default_factory=set)
    _quiet: tuple[Source | None, Source | None] = (None, None)

    def __post_init__(self) -> None:
        """Begin with all rules."""
        self._quiet = (self.base, self.new)
        if self._is_one_file():
            self.alike = {rule.name for rule in self.base.rules} if self.base else ()

    def plans(self, given: Given) -> tuple[Plan, Plan]:
        """Return the plans of both versions; of the same file they are one."""
        if self._is_one_file() and self.base and len(self.silent) == len(self.base.rules):
            return _NONE, _NONE
        found = self._planned(given, *self._quiet)
        if any(self._may_exceed(plan) for plan in found):
            found = self._planned(given, self.base, self.new)
        self._hush({one.rule for plan in found for one in plan.deliveries})
        return found

    def _is_one_file(self) -> bool:
        return (
            self.base is not None and self.new is not None and self.base.version == self.new.version
        )

    def _planned(self, given: Given, base: Source | None, new: Source | None) -> tuple[Plan, Plan]:
        if base and new and self.alike and not self._is_one_file():  # all but rules is the same
            first, second = plans(given, base, new)
            return first, second
        before = _NONE if base is None else planned(given, base)
        if self._is_one_file():
            return before, before
        return before, _NONE if new is None else planned(given, new)

    def _may_exceed(self, plan: Plan) -> bool:
        """Return whether a plan could have too many deliveries, with those of silent rules."""
        rules = self.new.rules if self.new else ()
        many = {rule.name: len(rule.recipients) or 1 for rule in rules if rule.name in self.silent}
        made = len(plan.deliveries) + len(plan.parked) + len(plan.shadow)
        unmade = sum(many.get(name, 0) for name in plan.matched)
        return unmade > 0 and made + unmade > MAX_DELIVERIES

    def _hush(self, seen: set[str]) -> None:
        """Let rules that have made a request make no other; the length of a for_each varies."""
        varied = {rule.name for rule in self.base.rules if rule.for_each} if self.base else set()
        more = (seen & {*self.alike}) - varied - self.silent
        if more:
            self.silent |= more
            self._quiet = (self._hushed(self.base), self._hushed(self.new))

    def _hushed(self, source: Source | None) -> Source | None:
        if source is None:
            return None
        return replace(source, rules=tuple(self._silenced(one) for one in source.rules))

    def _silenced(self, rule: Rule) -> Rule:
        return replace(rule, for_each=_NOBODY) if rule.name in self.silent else rule
