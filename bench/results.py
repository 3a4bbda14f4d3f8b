"""Figures of all rounds of a benchmark, and the ratios and goals that come of them.

A ratio is the median of the rounds' own ratios, with their 10th and 90th percentile: the machine's
speed changes from round to round, and hardly within one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

OURS: Final = "this checkout"

# By figure, then by way: a value for each round.
Figures = Mapping[str, Mapping[str, list[float]]]


class Goal(NamedTuple):
    """A ratio that is to be reached: at most `limit`, or at least that."""

    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Return whether a value reaches it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result: a figure of this checkout beside that of another way.

    `per` is None, or 10⁶ where microseconds of a recipient become recipients per core-second.
    `holds` is the task whose profile shows where the CPU of a goal that is missed goes. A `counted`
    figure has a goal of its own, and no ratio; it may stand alone. `beside` is what the other is
    called where that is not its way's name.
    """

    what: str
    unit: str
    figure: str
    other: tuple[str, str] | None = None
    goal: Goal | None = None
    per: float | None = None
    holds: Mapping[str, object] | None = None
    counted: bool = False
    beside: str = ""

    def result(self, figures: Figures) -> "Result | None":
        """Return what the rounds came to; None where a way was not measured."""
        ours, theirs = figures.get(self.figure, {}).get(OURS), self._others(figures)
        if ours is None or (theirs is None and not self.counted):
            return None
        first = [*map(self._turned, ours)]
        if theirs is None:
            return Result(self, median(first))
        second = [*map(self._turned, theirs)]
        ratios = None if self.counted else [a / b for a, b in zip(first, second, strict=True)]
        return Result(self, median(first), median(second), ratios)

    def _others(self, figures: Figures) -> list[float] | None:
        if self.other is None:
            return None
        figure, way = self.other
        return figures.get(figure, {}).get(way)

    def _turned(self, value: float) -> float:
        return value if self.per is None else self.per / value


class Result(NamedTuple):
    """A row's medians, ours and the other's, and the rounds' ratios where there are any."""

    row: Row
    ours: float
    other: float | None = None
    ratios: Sequence[float] | None = None

    @property
    def ratio(self) -> float | None:
        """The median of the ratios."""
        return None if self.ratios is None else median(self.ratios)

    @property
    def ends(self) -> tuple[float, float] | None:
        """Their 10th and 90th percentile."""
        if self.ratios is None:
            return None
        if len(self.ratios) == 1:
            return self.ratios[0], self.ratios[0]
        tenths = quantiles(self.ratios, n=10, method="inclusive")
        return tenths[0], tenths[-1]

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        value = self.ours if self.ratio is None else self.ratio
        return None if self.row.goal is None else self.row.goal.met(value)

    @property
    def beside(self) -> str:
        """What the other is called; empty where there is none."""
        return self.row.beside or (self.row.other[1] if self.row.other else "")

    def document(self) -> dict[str, Any]:
        """Return the row for a file of JSON."""
        low, high = self.ends or (None, None)
        return {
            "what": self.row.what,
            "unit": self.row.unit,
            "ours": self.ours,
            "beside": self.beside,
            "other": self.other,
            "ratio": self.ratio,
            "p10": low,
            "p90": high,
            "goal": str(self.row.goal or ""),
            "met": self.is_met,
        }

    def cells(self) -> list[str]:
        """Return what, ours, the other's, the ratio, the goal and whether it is met."""
        other = "" if self.other is None else f"{self.beside}: {self._shown(self.other)}"
        ratio = ""
        if self.ends:
            low, high = self.ends
            ratio = f"{self.ratio:.2f} [{low:.2f} to {high:.2f}]"
        verdict = {True: "met", False: "not met", None: ""}[self.is_met]
        goal = str(self.row.goal or "")
        return [self.row.what, self._shown(self.ours), other, ratio, goal, verdict]

    def _shown(self, value: float) -> str:
        number = f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
        return f"{number} {self.row.unit}".rstrip()


def results(rows: Sequence[Row], figures: Figures) -> list[Result]:
    """Return the results of the rows whose ways were measured."""
    return [found for row in rows if (found := row.result(figures))]
