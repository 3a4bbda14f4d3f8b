"""`python -m bench.ingest`: CPU of ingest and of cold starts, memory and size, beside others."""

import time
from contextlib import ExitStack
from functools import partial

from rich.console import Console

from bench.command import Benchmark, carry_out
from bench.deliver.ways import Sink
from bench.ingest import page
from bench.ingest.figures import ROWS
from bench.ingest.measure import FULL, QUICK, Amount, Measurement
from bench.ingest.ways import starts
from bench.processes import Ways
from bench.report import Run, about
from bench.results import results

_QUICK = "try everything once, without the release, Segment's kit and idempotency"


def main() -> None:
    """Measure, and show, keep and perhaps publish the result."""
    full, quick = (partial(_measured, amount=one) for one in (FULL, QUICK))
    carry_out(Benchmark(page.NAME, __doc__, _QUICK, full, quick, page.plots))


def _measured(console: Console, amount: Amount) -> Run:
    begun = time.monotonic()
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
