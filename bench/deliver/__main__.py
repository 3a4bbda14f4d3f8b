"""`python -m bench.deliver`: CPU, wall time and calls of delivering, ours beside other ways."""

import argparse
import json
import platform
import subprocess
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from bench.deliver import page
from bench.deliver.figures import COLD, ROWS, Figures, Result
from bench.deliver.measure import FULL, QUICK, Measurement
from bench.deliver.packages import BUILD, PROJECT
from bench.deliver.ways import OURS, Sink, Ways, cold
from bench.page import write

_HELP_QUICK = "try everything once, of this checkout and of the typical worker"
_HELP_WRITE = "write table and plots to a page of docs"


class _Run(NamedTuple):
    """What came of a run; `missing` are words on ways that this machine does not have.

    `missed` has an excerpt of a profile, or calls, for each goal that was not met.
    """

    about: str
    results: list[Result]
    missed: dict[str, list[str]]
    missing: list[str]
    figures: Figures


def main() -> None:
    """Measure, and show, keep and perhaps publish the result."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=_HELP_QUICK)
    parser.add_argument("--write", type=Path, metavar="PAGE", help=_HELP_WRITE)
    given = parser.parse_args()
    console = Console(width=150)
    run = _measured(console, quick=given.quick)
    _show(console, run)
    kept = BUILD / ("quick.json" if given.quick else "deliver.json")
    _keep(run, kept)
    console.print(f"\nAll figures of all rounds: {kept.relative_to(PROJECT)}")
    if given.write:
        block = page.block(run.about, run.results, run.missed)
        write(given.write, page.NAME, block, page.plots(run.figures))


def _measured(console: Console, *, quick: bool) -> _Run:
    amount, begun = QUICK if quick else FULL, time.monotonic()
    with ExitStack() as stack:
        sink = Sink(stack)
        ways = Ways(stack, sink).start(*amount.ways)
        measured = Measurement(ways, sink, lambda words: console.print(words, style="dim"))
        measured.run(amount)
        figures: Figures = {**measured.figures, **_cold(ways, sink, amount.cold)}
        results = [found for row in ROWS if (found := row.result(figures))]
        missed = [one for one in results if one.is_met is False]
        excerpts = {one.row.what: measured.excerpt(one) for one in missed}
    about = f"{_about()} {time.monotonic() - begun:.0f} s."
    return _Run(about, results, excerpts, ways.missing, figures)


def _cold(ways: Ways, sink: Sink, times: int) -> Figures:
    """Return the medians of cold starts of this checkout's functions, in milliseconds of CPU."""
    figures = {}
    for name, event in ways.running[OURS].ask("events").items():
        found = [cold(BUILD / "ours", name, sink.url, event) for _ in range(times)]
        init, first = (median(values) for values in zip(*found, strict=True))
        figures[f"{COLD}, {name}"] = {"init": [init], "first": [first]}
    return figures


def _about() -> str:
    """Return what was measured, and where."""
    command = ("git", "describe", "--always", "--dirty")
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603 - git alone
    return (
        f"Commit {found.stdout.strip() or 'unknown'}, {time.strftime('%Y-%m-%d', time.gmtime())}, "
        f"Python {platform.python_version()}, boto3 {version('boto3')}, {platform.machine()}."
    )


def _show(console: Console, run: _Run) -> None:
    made = Table(*page.HEADS, title=run.about)
    for result in run.results:
        made.add_row(*result.cells())
    console.print(made)
    for words in run.missing:
        console.print(f"left out: {words}")
    for what, lines in run.missed.items():
        console.print(f"\nnot met: {what}", *lines, sep="\n  ")


def _keep(run: _Run, file: Path) -> None:
    document = {
        "about": run.about,
        "rows": [one.document() for one in run.results],
        "not met": run.missed,
        "figures": run.figures,
    }
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
