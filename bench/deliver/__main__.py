"""`python -m bench.deliver`: CPU, wall time and calls of delivering, ours beside other ways."""

import time
from contextlib import ExitStack
from functools import partial

from rich.console import Console

from bench.command import Benchmark, carry_out
from bench.deliver import page
from bench.deliver.figures import ROWS
from bench.deliver.measure import FULL, QUICK, Amount, Measurement
from bench.deliver.ways import Sink, starts
from bench.processes import Ways
from bench.report import Run, about
from bench.results import results

_QUICK = "try everything once, of this checkout and of the typical worker"


def main() -> None:
    """Measure, and show, keep and perhaps publish the result."""
    full, quick = (partial(_measured, amount=one) for one in (FULL, QUICK))
    carry_out(Benchmark(page.NAME, __doc__, _QUICK, full, quick, page.plots))


def _measured(console: Console, amount: Amount) -> Run:
    begun = time.monotonic()
    with ExitStack() as stack:
        sink = Sink(stack)
        ways = Ways(stack, starts(sink.url)).start(*amount.ways)
        measured = Measurement(ways, sink, lambda words: console.print(words, style="dim"))
        measured.run(amount)
        found = results(ROWS, measured.figures)
        missed = [one for one in found if one.is_met is False]
        excerpts = {one.row.what: measured.excerpt(one) for one in missed}
    return Run(about(begun), found, excerpts, ways.missing, measured.figures)


if __name__ == "__main__":
    main()
