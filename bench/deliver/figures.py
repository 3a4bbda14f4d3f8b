"""Figures of all rounds, and the ratios and goals that come of them.

A ratio is the median of the rounds' own ratios, with their 10th and 90th percentile: the machine's
speed changes from round to round, and hardly within one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

from bench.deliver.packages import RELEASE
from bench.deliver.ways import OURS, SEGMENT, TYPICAL

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
    figure has a goal of its own, and no ratio.
    """

    what: str
    unit: str
    figure: str
    other: tuple[str, str]
    goal: Goal | None = None
    per: float | None = None
    holds: Mapping[str, object] | None = None
    counted: bool = False

    def result(self, figures: Figures) -> "Result | None":
        """Return what the rounds came to; None where a way was not measured."""
        ours = figures.get(self.figure, {}).get(OURS)
        theirs = figures.get(self.other[0], {}).get(self.other[1])
        if ours is None or theirs is None:
            return None
        first, second = [*map(self._turned, ours)], [*map(self._turned, theirs)]
        ratios = [a / b for a, b in zip(first, second, strict=True)]
        return Result(self, median(first), median(second), median(ratios), _ends(ratios))

    def _turned(self, value: float) -> float:
        return value if self.per is None else self.per / value


class Result(NamedTuple):
    """A row's medians: ours, the other's, and of the ratios with their 10th and 90th percentile."""

    row: Row
    ours: float
    other: float
    ratio: float
    ends: tuple[float, float]

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.row.goal is None:
            return None
        return self.row.goal.met(self.ours if self.row.counted else self.ratio)

    def document(self) -> dict[str, Any]:
        """Return the row for a file of JSON."""
        return {
            "what": self.row.what,
            "unit": self.row.unit,
            "ours": self.ours,
            "beside": self.row.other[1],
            "other": self.other,
            "ratio": self.ratio,
            "p10": self.ends[0],
            "p90": self.ends[1],
            "goal": str(self.row.goal or ""),
            "met": self.is_met,
        }

    def cells(self) -> list[str]:
        """Return what, ours, the other's, the ratio, the goal and whether it is met."""
        row, (low, high) = self.row, self.ends
        ours, other = (f"{value:,.4g} {row.unit}".rstrip() for value in (self.ours, self.other))
        ratio = "" if row.counted else f"{self.ratio:.2f} [{low:.2f} to {high:.2f}]"
        verdict = {True: "met", False: "not met", None: ""}[self.is_met]
        return [row.what, ours, f"{row.other[1]}: {other}", ratio, str(row.goal or ""), verdict]


def _ends(values: list[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    tenths = quantiles(values, n=10, method="inclusive")
    return tenths[0], tenths[-1]


def cpu(rule: str, size: int) -> str:
    """Return the figure of the CPU of batches of a size: microseconds of a recipient."""
    return f"CPU, {rule}, {size}"


def wall(size: int) -> str:
    """Return the figure of the wall time of a batch of a size: milliseconds."""
    return f"wall, {size}"


CALLS: Final = "DynamoDB calls, "
WRITES: Final = "DynamoDB writes, "
REQUESTS: Final = "requests to the fewest"
PATH: Final = "path, AWS over sockets"
INSIDE: Final = "path, AWS in process"
EVENT: Final = "CPU of an event"
INGEST: Final = "CPU of a webhook"
LOGGED: Final = "bytes of log, batch of 10"
COLD: Final = "CPU of a cold start"

_CPU: Final = "µs"
_RATE: Final = "recipients/core-s"
_FIFTY: Final = {"do": "cpu", "rule": "plain", "size": 50, "seconds": 0.5}


def _cpu_row(size: int, other: str, rule: str = "plain", goal: Goal | None = None) -> Row:
    what = f"CPU of a recipient, {'' if rule == 'plain' else f'{rule} rule, '}batch of {size}"
    figure = cpu(rule, size)
    return Row(what, _CPU, figure, (figure, other), goal, holds=_FIFTY if goal else None)


_SOCKETS: Final = "whole path, queue and ledger over sockets"
_IN_PROCESS: Final = "whole path, AWS answering in process"


def _counted_row(what: str, figure: str, goal: Goal | None = None) -> Row:
    return Row(what, "", figure, (figure, RELEASE), goal, counted=True)


def _path_row(what: str, figure: str, goal: float) -> Row:
    holds = {"do": "path", "seconds": 0.5, "inside": figure == INSIDE}
    reached = Goal(goal, at_least=True)
    return Row(what, _RATE, figure, (EVENT, SEGMENT), reached, per=1e6, holds=holds)


ROWS: Final = (
    _cpu_row(50, RELEASE, goal=Goal(0.25)),
    _cpu_row(10, RELEASE),
    _cpu_row(1, RELEASE),
    _cpu_row(50, RELEASE, "canvas"),
    _cpu_row(50, RELEASE, "hold"),
    _cpu_row(50, TYPICAL),
    _cpu_row(10, TYPICAL),
    _cpu_row(1, TYPICAL),
    Row("CPU of a recipient, batch of 50", _CPU, cpu("plain", 50), (EVENT, SEGMENT)),
    Row("wall time, batch of 50", "ms", wall(50), (wall(50), RELEASE), Goal(0.4)),
    Row("wall time, batch of 10", "ms", wall(10), (wall(10), RELEASE)),
    Row("wall time, batch of 1", "ms", wall(1), (wall(1), RELEASE)),
    Row("wall time, batch of 10", "ms", wall(10), (wall(10), TYPICAL)),
    Row("CPU of a webhook, ingest", _CPU, INGEST, (INGEST, RELEASE)),
    _counted_row("DynamoDB calls of a recipient, batch of 50", f"{CALLS}plain", Goal(0.13)),
    _counted_row("DynamoDB calls of a recipient, Canvas", f"{CALLS}canvas", Goal(0.2)),
    _counted_row("items written of a recipient, batch of 50", f"{WRITES}plain"),
    _counted_row("items written of a recipient, Canvas", f"{WRITES}canvas"),
    _counted_row("items written of a recipient, batch of 10", f"{WRITES}plain, 10"),
    _counted_row("bytes of log of a recipient, batch of 10", LOGGED),
    _counted_row("requests to Braze / Σ⌈n/50⌉", REQUESTS, Goal(1)),
    _path_row(_SOCKETS, PATH, 0.3),
    _path_row(_IN_PROCESS, INSIDE, 1.2),
    Row(_SOCKETS, _RATE, PATH, (PATH, RELEASE), per=1e6),
)
