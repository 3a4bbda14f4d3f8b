"""Keys of a file's rules: two rules of one key mean the same, whatever else has changed.

A rule's meaning depends on its own text and on the rest of the file, of whose `vars` it has those
alone that it names. A comment above the rules changes no meaning.
"""

import json
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Self, TypeGuard

from handler.core.configuration import yaml12
from handler.core.errors import RulesError
from relay.page.bench.pieces import Pieces

_VARS: Final = "vars"
_KEPT: Final = 2_000  # rules
_NAMED: Final = re.compile(r"\bvars\.([A-Za-z_]\w*)", re.ASCII)
_ITSELF: Final = re.compile(r"\bvars\b")


@dataclass(frozen=True, slots=True)
class Keyed:
    """Pieces with the keys of the rest of the file, and of each rule."""

    pieces: Pieces
    rest: Hashable
    rules: tuple[Hashable, ...]

    @classmethod
    def of(cls, pieces: Pieces, setting: Hashable) -> Self:
        """Return the keys of pieces that are loaded with a setting."""
        rest = _Rest.of(pieces)
        read = [_read(pieces.rule(number)) for number in range(len(pieces.starts))]
        seen = {names: rest.seen_by(names) for names in {names for names, _ in read}}
        keys = tuple((setting, rest.common, seen[names], own) for names, own in read)
        return cls(pieces, (setting, rest.whole), keys)

    def placed(self, number: int) -> Hashable:
        """Return the key of a rule's mistakes: they name lines, and what else the file has."""
        return self.rest, self.rules[number], self.pieces.starts[number]


@dataclass(frozen=True, slots=True)
class _Rest:
    """The rest of a file: all of it, what is common to all rules, and the variables by stage."""

    whole: str
    common: str
    variables: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, pieces: Pieces) -> Self:
        value = _value(pieces.head)
        if value is None:
            text = digest(pieces.rest)
            return cls(text, text, {})
        whole, found = _written(value), value.get(_VARS)
        others = _written({name: one for name, one in value.items() if name != _VARS})
        if not _is_by_stage(found) or "sources" in value or _ITSELF.search(others):
            return cls(digest(whole), digest(whole), {})
        return cls(digest(whole), digest(_written([others, [*found]])), found)

    def seen_by(self, names: frozenset[str] | None) -> str:
        """Return the variables of these names, or all of them, as one text."""
        if names is None:
            return _written(self.variables)
        stages = self.variables.values()
        there = sorted(names)
        return _written(
            {name: [[one[name]] if name in one else [] for one in stages] for name in there}
        )


@lru_cache(_KEPT)
def _read(rule: str) -> tuple[frozenset[str] | None, str]:
    """Return the variables that a rule names, None where it may see all, and its digest."""
    names = _NAMED.findall(rule)
    is_all = len(names) < len(_ITSELF.findall(rule)) or "\\" in rule
    return None if is_all else frozenset(names), digest(rule)


def digest(text: str) -> str:
    """Return what tells a text from others."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_by_stage(found: object) -> TypeGuard[dict[str, dict[str, Any]]]:
    return isinstance(found, dict) and all(isinstance(one, dict) for one in found.values())


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _value(head: str) -> dict[str, Any] | None:
    """Return the rest of a file as it is read; None where it is no YAML."""
    try:
        found = yaml12.load(head, "").value
    except RulesError:
        return None
    return found if isinstance(found, dict) else None
