"""`make fuzz`: mutated requests, ours and its peers in one table; fails on any fault."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from random import SystemRandom
from time import monotonic

from rich.console import Console
from rich.table import Table

from bench.fuzz.run import FAULTS, OURS, Counts, fuzz

_BATCH = 20_000


def main() -> int:
    """Run the cases on all processors; return 1 if there was a fault."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9))
    given = parser.parse_args()
    begun, counts = monotonic(), Counts()
    batches = [range(at, min(at + _BATCH, given.cases)) for at in range(0, given.cases, _BATCH)]
    with ProcessPoolExecutor() as pool:
        for made in pool.map(partial(_run, given.seed), batches):
            counts.add(made)
    console = Console()
    console.print(_table(counts, given.seed, monotonic() - begun))
    for failure in counts.failures:
        console.print(failure, markup=False)
    return bool(counts.faults())


def _run(seed: int, numbers: range) -> Counts:
    with fuzz(seed) as fuzzing:
        return fuzzing.run(numbers)


def _table(counts: Counts, seed: int, seconds: float) -> Table:
    names = sorted({name for name, _ in counts.of}, key=lambda it: (it != OURS, it))
    table = Table("", *names, title=f"Mutated requests, seed {seed}, {seconds:.0f} s")
    for what in ("cases", "accepted", "handshakes", "refused", *FAULTS):
        table.add_row(what, *(_cell(counts, name, what) for name in names))
    return table


def _cell(counts: Counts, name: str, what: str) -> str:
    """Return how often something came of a verifier's cases; of peers less is looked for."""
    if name != OURS and what not in ("cases", "accepted", "refused", "uncaught exceptions"):
        return ""
    count = counts.of[name, what]
    share = f" ({count / counts.of[name, 'cases']:.2%})" if what in FAULTS else ""
    return f"{count:,}{share}"


if __name__ == "__main__":
    sys.exit(main())
