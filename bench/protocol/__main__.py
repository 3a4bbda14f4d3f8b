"""`python -m bench.protocol`: millions of deliveries through the claim protocol, with faults."""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from time import monotonic
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.protocol.judge import AT_ONCE, AVOIDABLE, BURIED, LOST, UNFINISHED, UNRECORDED, WITHIN
from bench.protocol.run import FAULTS, run

_CHUNK = 50_000
_PROCESSES = 2
_NONE_SEEN: Final = 3.0  # the rule of three: of n without one, at most 3/n are so, by 95 %
_ROWS: Final = {
    "deliveries": "a trigger for one recipient, whose webhook was answered 200",
    "sends": "times that Braze has acted on one of them",
    "unknown outcomes": "requests of which no worker could learn what came of them",
    WITHIN: "sends beyond the first, after an unknown outcome of the same delivery",
    UNRECORDED: "accepted, and DynamoDB took no mark of it",
    "doubles of what is unrecorded": "of these the ones that SQS handed out once more",
    LOST: "neither sent nor a dead letter",
    AVOIDABLE: "sent again though it was known to be accepted, or is on hold",
    BURIED: "dead letters without their reason",
    AT_ONCE: "by two workers",
    UNFINISHED: "scenes of which messages were left after two days",
}


def main() -> int:
    """Run on two processors; return 1 if anything was lost, doubled in vain or wrongly buried."""
    parser = argparse.ArgumentParser(prog="make soak-protocol", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun, counts = monotonic(), Counter[str]()
    chunks = range(-(-given.deliveries // _CHUNK))
    with ProcessPoolExecutor(_PROCESSES) as pool:
        job = partial(_chunk, given.seed, given.deliveries)
        for found in pool.map(job, chunks):
            counts.update(found)
    seconds = monotonic() - begun
    console = Console(width=120)
    console.print(_table(counts, given.seed))
    console.print(f"{_bound(counts)} {counts['deliveries'] / seconds:,.0f} deliveries/s.")
    return int(any(counts[name] for name in FAULTS))


def _chunk(seed: int, deliveries: int, number: int) -> Counter[str]:
    return run(seed * 1_000_000 + number, min(_CHUNK, deliveries - number * _CHUNK))


def _table(counts: Counter[str], seed: int) -> Table:
    table = Table("", "count", "what it is", title=f"The claim protocol alone, seed {seed}")
    table.columns[1].justify = "right"
    for name, words in _ROWS.items():
        table.add_row(name, f"{counts[name]:,}", words)
    table.add_section()
    for name in sorted(set(counts) - {*_ROWS}):
        table.add_row(name, f"{counts[name]:,}", "")
    return table


def _bound(counts: Counter[str]) -> str:
    """Say what none lost of so many is worth."""
    lost, deliveries = counts[LOST], counts["deliveries"]
    if lost or not deliveries:
        return f"{lost:,} of {deliveries:,} lost."
    most = 1_000_000 * _NONE_SEEN / deliveries
    return f"0 of {deliveries:,} lost, which is at most {most:,.1f} in a million (95 %, 3/n)."


if __name__ == "__main__":
    sys.exit(main())
