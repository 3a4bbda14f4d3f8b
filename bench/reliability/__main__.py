"""`python -m bench.reliability`: what is lost and doubled, ours and other ways in one table."""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from time import monotonic

from rich.console import Console
from rich.table import Table

from bench.reliability.judge import COLUMNS
from bench.reliability.run import OURS, WAYS, run
from bench.reliability.worlds import RUN

_MUST_BE_NONE = ("lost", "doubled, avoidable", "healthy in the DLQ", "stale attributes")
_MILLION = 1_000_000
_CAPTION = (
    "All have one judge and meet the same faults. held: ours waits for a person where the outcome "
    "is unknown and the rule says `on_unknown: hold`, which the others do not know: beside them "
    "ours is to be compared without those (doubled, not hold)."
)


def main() -> int:
    """Run all ways under the same seeds on two processors; return 1 if ours had a fault."""
    parser = argparse.ArgumentParser(prog="make peers", description=__doc__)
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
    title = f"{runs * size:,} webhooks, {monotonic() - begun:.0f} s; of a million deliveries"
    Console(width=140).print(table(sums, title))
    return int(any(sums[OURS][name] for name in _MUST_BE_NONE))


def table(sums: dict[str, Counter[str]], title: str) -> Table:
    """Return a row for each way, and how many times ours the best of the others has."""
    made = Table("", "deliveries", *COLUMNS, title=title, caption=_CAPTION)
    made.columns[0].no_wrap = True
    for column in made.columns[1:]:
        column.justify = "right"
    for way, counts in sums.items():
        rates = [f"{_per_million(counts, name):,.0f}" for name in COLUMNS]
        made.add_row(way, f"{counts['deliveries']:,}", *rates)
    made.add_section()
    made.add_row("the best other / ours", "", *[_ratio(sums, name) for name in COLUMNS])
    return made


def _ratio(sums: dict[str, Counter[str]], name: str) -> str:
    ours = _per_million(sums[OURS], name)
    best = min(_per_million(counts, name) for way, counts in sums.items() if way != OURS)
    return f"{best / ours:.2g}" if ours else f"{best:,.0f} / 0"


def _per_million(counts: Counter[str], name: str) -> float:
    return counts[name] * _MILLION / max(1, counts["deliveries"])


if __name__ == "__main__":
    sys.exit(main())
