"""Keys of a file's rules: two rules of one key mean the same, whatever else has changed.

A rule's meaning depends on its own text and on the rest of the file, of whose `vars` it has those
alone that it names. A comment above the rules changes no meaning.
"""

import json
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Self, TypeGuard

from handler.core.configuration import yaml12
from handler.core.errors import RulesError
from relay.page.bench.pieces import Pieces

_VARS: Final = "vars"
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
        texts = map(pieces.rule, range(len(pieces.starts)))
        keys = tuple((setting, rest.common, rest.seen_by(one), digest(one)) for one in texts)
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

    def seen_by(self, rule: str) -> str:
        """Return the variables that a rule can see, as one text."""
        names = _NAMED.findall(rule)
        if len(names) < len(_ITSELF.findall(rule)) or "\\" in rule:  # it may see them all
            return _written(self.variables)
        stages = self.variables.values()
        seen = {name: [[one[name]] if name in one else [] for one in stages] for name in names}
        return _written(seen)


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
