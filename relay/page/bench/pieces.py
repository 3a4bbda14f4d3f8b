"""Pieces of a rules file: the lines of each rule, and the lines of all the rest.

They are cut by indentation alone, as YAML's block style has it. A file in another style has none.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

_RULES: Final = re.compile(r"rules:\s*(?:#.*)?")
_ITEM: Final = re.compile(r"( *)- ")
_KEPT: Final = 4  # texts: one is asked for several times at each keystroke
_IGNORED: Final = re.compile(r"\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Pieces:
    """The lines of a rules file; `starts` are the first lines of its rules, counted from 0.

    `end` is the line after the last rule.
    """

    lines: tuple[str, ...]
    starts: tuple[int, ...]
    end: int

    @classmethod
    @lru_cache(_KEPT)
    def of(cls, text: str) -> Self | None:
        """Return the pieces of a text, None where its rules are not told apart."""
        lines = tuple(text.split("\n"))
        first = [at for at, line in enumerate(lines) if _RULES.fullmatch(line)]
        if len(first) != 1:
            return None
        end = _end(lines, first[0] + 1)
        starts = _starts(lines, range(first[0] + 1, end))
        return cls(lines, starts, end) if starts else None

    @property
    def head(self) -> str:
        """All but the rules; their lines are left empty, so that the others keep their numbers."""
        return self.only(())

    @property
    def rest(self) -> str:
        """All but the rules, without their lines: what the rules' meaning depends on."""
        return "\n".join([*self.lines[: self.starts[0]], *self.lines[self.end :]])

    def rule(self, number: int) -> str:
        """Return the text of a rule, counted from 0."""
        return "\n".join(self.lines[slice(*self._ends(number))])

    def only(self, numbers: Collection[int]) -> str:
        """Return the file with these rules alone, each in its own lines."""
        kept = list(self.lines)
        for number in range(len(self.starts)):
            if number not in numbers:
                start, end = self._ends(number)
                kept[start:end] = [""] * (end - start)
        return "\n".join(kept)

    def at(self, line: int) -> int | None:
        """Return the number of the rule that has a line, counted from 1; None for the rest."""
        if not self.starts[0] < line <= self.end:
            return None
        return sum(start < line for start in self.starts) - 1

    def _ends(self, number: int) -> tuple[int, int]:
        return self.starts[number], (*self.starts, self.end)[number + 1]


def _end(lines: tuple[str, ...], first: int) -> int:
    """Return the line after the list that begins at `first`: the next key of the file."""
    for at in range(first, len(lines)):
        line = lines[at]
        if line[:1] not in ("", " ", "#", "-") and not _IGNORED.fullmatch(line):
            return at
    return len(lines)


def _starts(lines: tuple[str, ...], within: range) -> tuple[int, ...]:
    """Return where the items of a list begin: at the depth of the first one."""
    found = [(at, len(item[1])) for at in within if (item := _ITEM.match(lines[at]))]
    return tuple(at for at, depth in found if depth == found[0][1])
