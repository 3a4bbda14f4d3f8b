"""Plots of a run for a page of docs."""

from statistics import median
from typing import Final

from bench.deliver.packages import RELEASE
from bench.deliver.webhooks import body_of
from bench.ingest.bodies import ITEMS
from bench.ingest.figures import DELIVER, INGEST, ONCE, PLAIN, cold, webhook
from bench.plots import Axis, Bars, Plot
from bench.results import OURS, Figures

NAME: Final = "ingest"
_KILOBYTES: Final = Axis("KB of body", is_logarithmic=True)
_MICROSECONDS: Final = Axis("microseconds", is_logarithmic=True)
_MILLISECONDS: Final = Axis("milliseconds of CPU")


def plots(figures: Figures) -> dict[str, Plot | Bars]:
    """Return the plots of a run by name."""
    return {
        "cold-ingest": _started(figures, INGEST),
        "cold-deliver": _started(figures, DELIVER),
        "webhook": _taken(figures),
    }


def _started(figures: Figures, function: str) -> Bars:
    found = {way: median(values) for way, values in figures[cold(function)].items()}
    ours = {OURS: found.pop(OURS)}  # the first
    return Bars(f"Cold start of {function}, to the first answer", _MILLISECONDS, ours | found)


def _taken(figures: Figures) -> Plot:
    sizes = {webhook(size): len(body_of(1, items)) / 1000 for size, items in ITEMS.items()}
    lines = {
        way: [(size, median(figures[figure][way])) for figure, size in sizes.items()]
        for way in (OURS, RELEASE, PLAIN, ONCE)
        if all(way in figures[figure] for figure in sizes)
    }
    return Plot("CPU of a webhook", _KILOBYTES, _MICROSECONDS, lines)
