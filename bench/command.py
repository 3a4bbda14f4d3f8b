"""Command of a benchmark: it measures, and shows, keeps and perhaps publishes what comes of it."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.page import write
from bench.paths import BUILD, PROJECT
from bench.plots import Bars, Plot
from bench.report import Run
from bench.results import Figures

_HELP_WRITE: Final = "write table and plots to a page of docs"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark: its name, what it measures, and what of that a quick run is.

    `full` and `quick` take a console for their progress.
    """

    name: str
    about: str | None
    about_quick: str
    full: Callable[[Console], Run]
    quick: Callable[[Console], Run]
    plots: Callable[[Figures], Mapping[str, Plot | Bars]]


def carry_out(benchmark: Benchmark) -> None:
    """Carry out what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench", description=benchmark.about)
    parser.add_argument("--quick", action="store_true", help=benchmark.about_quick)
    parser.add_argument("--write", type=Path, metavar="PAGE", help=_HELP_WRITE)
    given = parser.parse_args()
    console = Console(width=150)
    made = (benchmark.quick if given.quick else benchmark.full)(console)
    made.show(console)
    kept = BUILD / f"{'quick-' if given.quick else ''}{benchmark.name}.json"
    made.keep(kept)
    console.print(f"\nAll figures of all rounds: {kept.relative_to(PROJECT)}")
    if given.write:
        write(given.write, benchmark.name, made.block(), benchmark.plots(made.figures))
