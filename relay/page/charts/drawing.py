"""Drawing of charts: from samples to the paths and words of an SVG. Pure: no clock, no markup."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from relay.console.format import clock
from relay.page.charts.samples import EVERY, SPAN, DataPoint

WIDTH, HEIGHT = 240, 48  # of the SVG's own units
_GAP: Final = 3 * EVERY  # seconds without a sample, in which no page was open
_LEAST_TOP: Final = 4  # so that one delivery fills no chart
Figure = Callable[[DataPoint], int | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its words, and the paths of its SVG.

    `area` is empty where the figures are bars. `top` is the figure at the upper edge.
    """

    key: str
    title: str
    description: str
    now: str
    top: str
    line: str
    area: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    key: str
    title: str
    figure: Figure
    is_sum: bool = False
    has_limit: bool = False


_KINDS: Final = (
    _Kind("visible", "In the queue, to be taken", lambda one: one.visible),
    _Kind("waiting", "In work, or waiting for the next try", lambda one: one.waiting),
    _Kind("attempts", f"Attempts in {EVERY:.0f} s", lambda one: one.attempts, is_sum=True),
    _Kind("accepted", f"Accepted in {EVERY:.0f} s", lambda one: one.accepted, is_sum=True),
    _Kind("left", "Left of Braze's hour", lambda one: one.left, has_limit=True),
)
TITLES: Final = tuple(one.title for one in _KINDS)


def charts(samples: Sequence[DataPoint], now: float) -> list[Chart]:
    """Return the charts of the last minutes before a time."""
    return [_chart(kind, samples, now) for kind in _KINDS]


def rows(samples: Sequence[DataPoint]) -> list[tuple[str, ...]]:
    """Return the same figures as rows of a table, the newest first: the time, then each chart's."""
    return [
        (clock(one.at), *(_written(kind.figure(one)) for kind in _KINDS))
        for one in reversed(samples)
    ]


def _chart(kind: _Kind, samples: Sequence[DataPoint], now: float) -> Chart:
    known = [(one.at, value) for one in samples if (value := kind.figure(one)) is not None]
    values = [value for _, value in known]
    limits = [one.limit or 0 for one in samples] if kind.has_limit else []
    top = max(limits, default=0) or _top(max(values, default=0))
    runs = [[_point(at, value, now, top) for at, value in run] for run in _runs(known)]
    shown = _written(values[-1] if values else None)
    if kind.is_sum:
        shown = f"{sum(values):,} in all" if values else shown
    described = _description(known, kind)
    line = _bars(runs) if kind.is_sum else _lines(runs)
    area = "" if kind.is_sum else _areas(runs)
    return Chart(kind.key, kind.title, described, shown, f"{top:,}", line, area)


def _description(known: Sequence[tuple[float, int]], kind: _Kind) -> str:
    if not known:
        return "No figure yet."
    values = [value for _, value in known]
    last = f"{sum(values):,} in all" if kind.is_sum else f"now {values[-1]:,}"
    begin, end = clock(known[0][0]), clock(known[-1][0])
    return f"From {begin} to {end}: lowest {min(values):,}, highest {max(values):,}, {last}."


def _written(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def _top(highest: int) -> int:
    """Return a round number that is no lower: 1, 2 or 5, and zeros."""
    unit = 1
    while True:
        for step in (1, 2, 5):
            if step * unit >= max(highest, _LEAST_TOP):
                return step * unit
        unit *= 10


def _runs(known: Sequence[tuple[float, int]]) -> Iterator[list[tuple[float, int]]]:
    """Yield the figures without a gap between them."""
    gaps = [at for at in range(1, len(known)) if known[at][0] - known[at - 1][0] > _GAP]
    for start, end in pairwise([0, *gaps, len(known)]):
        if start < end:
            yield list(known[start:end])


def _point(at: float, value: int, now: float, top: int) -> tuple[str, str]:
    x = max(at - now + SPAN, 0) / SPAN * WIDTH
    y = HEIGHT - min(value / top, 1) * HEIGHT
    return f"{x:.1f}", f"{y:.1f}"


def _lines(runs: Sequence[Sequence[tuple[str, str]]]) -> str:
    """Return lines; a figure alone is a dot, which the round end of a line without length is."""
    return " ".join(
        f"M{' L'.join(f'{x} {y}' for x, y in (run if len(run) > 1 else [*run, *run]))}"
        for run in runs
    )


def _areas(runs: Sequence[Sequence[tuple[str, str]]]) -> str:
    return " ".join(
        f"M{run[0][0]} {HEIGHT} L{' L'.join(f'{x} {y}' for x, y in run)} L{run[-1][0]} {HEIGHT} Z"
        for run in runs
    )


def _bars(runs: Sequence[Sequence[tuple[str, str]]]) -> str:
    return " ".join(f"M{x} {HEIGHT} V{y}" for run in runs for x, y in run)
