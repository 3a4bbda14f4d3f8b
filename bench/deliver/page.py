"""The figures of a run on a page of docs: its table between two marks, its plots beside it."""

import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench.deliver.figures import Figures, Result, cpu, wall
from bench.deliver.measure import SIZES
from bench.deliver.packages import RELEASE
from bench.deliver.plots import Plot, svg
from bench.deliver.ways import OURS, TYPICAL

BEGIN, END = "<!-- bench:deliver -->", "<!-- /bench:deliver -->"
HEADS: Final = ("what", OURS, "beside", "ratio [p10 to p90]", "goal", "")


def write(page: Path, about: str, results: Sequence[Result], figures: Figures) -> None:
    """Write a run's table into a page, and its plots into the folder of the page's name."""
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page.name} has no {BEGIN} with {END} after it")
    inside = f"{BEGIN}\n{about}\n\n{table(results)}\n{END}"
    text = re.sub(f"{BEGIN}.*{END}", lambda _: inside, text, flags=re.DOTALL)
    page.write_text(text, encoding="utf-8")
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    for name, plot in _plots(figures).items():
        (folder / f"{name}.svg").write_text(svg(plot), encoding="utf-8")


def table(results: Sequence[Result]) -> str:
    """Return the results as a table of Markdown."""
    rows = [HEADS, ("---",) * len(HEADS), *(result.cells() for result in results)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _plots(figures: Figures) -> dict[str, Plot]:
    spent = _lines(figures, {size: cpu("plain", size) for size in SIZES})
    waited = _lines(figures, {size: wall(size) for size in SIZES})
    return {
        "cpu": Plot("CPU of a recipient", "microseconds", spent),
        "wall": Plot("Wall time of a batch", "milliseconds", waited),
    }


def _lines(figures: Figures, names: dict[int, str]) -> dict[str, list[tuple[float, float]]]:
    found = {}
    for way in (OURS, RELEASE, TYPICAL):
        line = [
            (float(size), median(figures[name][way]))
            for size, name in names.items()
            if way in figures[name]
        ]
        if line:
            found[way] = line
    return found
