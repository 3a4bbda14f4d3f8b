"""Plots of a run for a page of docs."""

from statistics import median
from typing import Final

from bench.deliver.figures import cpu, wall
from bench.deliver.measure import SIZES
from bench.deliver.packages import RELEASE
from bench.deliver.ways import TYPICAL
from bench.plots import Axis, Line, Plot
from bench.results import OURS, Figures

NAME: Final = "deliver"
_BATCH: Final = Axis("deliveries in a batch", is_logarithmic=True)
_MICROSECONDS: Final = Axis("microseconds", is_logarithmic=True)
_MILLISECONDS: Final = Axis("milliseconds", is_logarithmic=True)


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
