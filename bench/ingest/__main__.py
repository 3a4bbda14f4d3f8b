"""`python -m bench.ingest`: CPU of ingest and of cold starts, memory and size, beside others."""

import argparse
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from bench.deliver.ways import Sink
from bench.ingest import page
from bench.ingest.figures import ROWS
from bench.ingest.measure import FULL, QUICK, Measurement
from bench.ingest.ways import starts
from bench.page import write
from bench.paths import BUILD, PROJECT
from bench.processes import Ways
from bench.report import Run, about
from bench.results import results

_HELP_QUICK = "try everything once, without the release, Segment's kit and idempotency"
_HELP_WRITE = "write table and plots to a page of docs"


def main() -> None:
    """Measure, and show, keep and perhaps publish the result."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=_HELP_QUICK)
    parser.add_argument("--write", type=Path, metavar="PAGE", help=_HELP_WRITE)
    given = parser.parse_args()
    console = Console(width=150)
    run = _measured(console, quick=given.quick)
    run.show(console)
    kept = BUILD / ("quick-ingest.json" if given.quick else "ingest.json")
    run.keep(kept)
    console.print(f"\nAll figures of all rounds: {kept.relative_to(PROJECT)}")
    if given.write:
        write(given.write, page.NAME, run.block(), page.plots(run.figures))


def _measured(console: Console, *, quick: bool) -> Run:
    amount, begun = QUICK if quick else FULL, time.monotonic()
    with ExitStack() as stack:
        sink = Sink(stack)
        ways = Ways(stack, starts(sink.url)).start(*amount.ways)
        measured = Measurement(ways, sink.url, lambda words: console.print(words, style="dim"))
        measured.run(amount)
        found = results(ROWS, measured.figures)
        missed = [one for one in found if one.is_met is False]
        excerpts = {one.row.what: lines for one in missed if (lines := measured.excerpt(one))}
    return Run(about(begun), found, excerpts, ways.missing, measured.figures)


if __name__ == "__main__":
    main()
