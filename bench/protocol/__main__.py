"""`python -m bench.protocol`: millions of deliveries through the claim protocol, with faults."""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from time import monotonic

from rich.console import Console
from rich.table import Table

from bench.protocol.run import FAULTS, run

_CHUNK = 50_000
_PROCESSES = 2


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
    console = Console()
    console.print(_table(counts, given.seed, monotonic() - begun))
    return int(any(counts[name] for name in FAULTS))


def _chunk(seed: int, deliveries: int, number: int) -> Counter[str]:
    return run(seed * 1_000_000 + number, min(_CHUNK, deliveries - number * _CHUNK))


def _table(counts: Counter[str], seed: int, seconds: float) -> Table:
    title = f"The claim protocol alone, seed {seed}, {seconds:.0f} s"
    table = Table("", "count", title=title)
    for name in (*FAULTS, *sorted(set(counts) - {*FAULTS})):
        table.add_row(name, f"{counts[name]:,}")
    table.add_row("deliveries/s", f"{counts['deliveries'] / seconds:,.0f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
