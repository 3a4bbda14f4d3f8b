"""`python -m bench.reliability`: what is lost and doubled, ours and other ways in one table."""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from time import monotonic

from rich.console import Console
from rich.table import Table

from bench.reliability.run import OURS, ROWS, WAYS, run
from bench.reliability.worlds import RUN

_MUST_BE_NONE = ("lost", "doubled, avoidable", "healthy in the DLQ")


def main() -> int:
    """Run all ways under the same seeds on two processors; return 1 if ours had a fault."""
    parser = argparse.ArgumentParser(prog="python -m bench.reliability", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=2 * RUN)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun, runs = monotonic(), max(1, round(given.webhooks / RUN))
    size = given.webhooks // runs
    jobs = [(way, given.seed + number, size) for number in range(runs) for way in WAYS]
    sums = {way: Counter[str]() for way in WAYS}
    with ProcessPoolExecutor(2) as pool:
        for (way, _, _), found in zip(jobs, pool.map(run, *zip(*jobs, strict=True)), strict=True):
            sums[way].update(found)
    Console(width=120).print(_table(sums, f"{runs * size:,} webhooks, {monotonic() - begun:.0f} s"))
    return int(any(sums[OURS][row] for row in _MUST_BE_NONE))


def _table(sums: dict[str, Counter[str]], title: str) -> Table:
    table = Table("per million deliveries", *sums, title=title)
    for row in ROWS:
        cells = [f"{_per_million(counts, row):,.0f}" for counts in sums.values()]
        table.add_row(row, *cells)
    return table


def _per_million(counts: Counter[str], row: str) -> float:
    if row == "deliveries":
        return counts[row]
    return counts[row] * 1_000_000 / max(1, counts["deliveries"])


if __name__ == "__main__":
    sys.exit(main())
