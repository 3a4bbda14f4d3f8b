"""Mends of a text that is no YAML, tried before they are proposed.

Loaded only for a file that is no YAML. A mend that leaves the error where it is, or leads to
another text than the one that is meant, would send its reader round in circles.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ProblemPlace:
    """The place of a problem, its numbers counted from 0; `begun` is the line of what it breaks."""

    def __init__(
        self, lines: Sequence[str], row: int, column: int, problem: str, begun: int
    ) -> None:
        self.lines, self.row, self.column, self.problem = lines, row, column, problem
        self.begun = begun

    def line(self, row: int) -> str:
        """Return a line, or an empty one where the text has none."""
        return self.lines[row] if 0 <= row < len(self.lines) else ""

    @property
    def here(self) -> str:
        """The line of the problem."""
        return self.line(self.row)

    @property
    def before(self) -> tuple[int, str]:
        """The line above that holds anything, with its number from 0."""
        for row in range(min(self.row, len(self.lines)) - 1, -1, -1):
            text = self.lines[row].strip()
            if text and not text.startswith("#"):
                return row, self.lines[row]
        return self.row, ""

    def solves(self, row: int, old: str, new: str, value: str | None = None) -> bool:
        """Return whether the text reads further with the last `old` of a line written `new`.

        With a `value`, that has to be a value of the line then.
        """
        before, found, after = self.line(row).rpartition(old)
        if not found:
            return False
        lines = [*self.lines[:row], f"{before}{new}{after}", *self.lines[row + 1 :]]
        return self._reads(lines, row, value)

    def _reads(self, lines: Sequence[str], row: int, value: str | None) -> bool:
        values: set[str] = set()
        try:
            values.update(_values(lines, row, values))
        except yaml.MarkedYAMLError as error:
            if not self._is_further(error, row):
                return False
        except yaml.YAMLError:
            return False
        return value is None or value in values

    def _is_further(self, error: yaml.MarkedYAMLError, row: int) -> bool:
        """Return whether an error is another one than this, below the line that is mended."""
        mark, begun = error.problem_mark, error.context_mark
        if mark is not None and mark.line > self.row:
            return True
        return begun is not None and begun.line > max(row, self.begun)


def _values(lines: Sequence[str], row: int, values: set[str]) -> Iterator[str]:
    for event in yaml.parse("\n".join(lines), Loader=_Loader):
        mark = event.start_mark
        if isinstance(event, yaml.ScalarEvent) and mark is not None and mark.line == row:
            values.add(event.value)  # also where an error follows
            yield event.value


def encoded(value: str) -> str:
    """Return a text in the quotes in which YAML reads it as it is."""
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"
