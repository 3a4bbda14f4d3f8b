"""Tables and plots of a run for a page of docs: a row of each figure, and what holds goals."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from bench.deliver.figures import Figures, Result, cpu, wall
from bench.deliver.measure import SIZES
from bench.deliver.packages import RELEASE
from bench.deliver.ways import OURS, TYPICAL
from bench.page import table
from bench.plots import Axis, Line, Plot

NAME: Final = "deliver"
HEADS: Final = ("what", OURS, "beside", "ratio [p10 to p90]", "goal", "")
_BATCH: Final = Axis("deliveries in a batch", is_logarithmic=True)
_MICROSECONDS: Final = Axis("microseconds", is_logarithmic=True)
_MILLISECONDS: Final = Axis("milliseconds", is_logarithmic=True)


def block(about: str, results: Sequence[Result], missed: Mapping[str, Sequence[str]]) -> str:
    """Return the text of a run; `missed` has what holds each goal that was not met."""
    rows = table(HEADS, *(result.cells() for result in results))
    held = [f"- Not met: {what}. {_code(lines)}." for what, lines in missed.items()]
    return "\n".join([about, "", rows, *([""] if held else []), *held])


def _code(lines: Sequence[str]) -> str:
    return ", ".join(f"`{line}`" for line in lines)


def plots(figures: Figures) -> dict[str, Plot]:
    """Return the plots of a run by name."""
    spent = _lines(figures, {size: cpu("plain", size) for size in SIZES})
    waited = _lines(figures, {size: wall(size) for size in SIZES})
    return {
        "cpu": Plot("CPU of a recipient", _BATCH, _MICROSECONDS, spent),
        "wall": Plot("Wall time of a batch", _BATCH, _MILLISECONDS, waited),
    }


def _lines(figures: Figures, names: dict[int, str]) -> dict[str, Line]:
    found: dict[str, Line] = {}
    for way in (OURS, RELEASE, TYPICAL):
        line = [
            (float(size), median(figures[name][way]))
            for size, name in names.items()
            if way in figures[name]
        ]
        if line:
            found[way] = line
    return found
