"""`python -m bench.guard`: pairs of writes that overtake each other, guarded and unguarded."""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from time import monotonic
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.guard.run import run

_CHUNK: Final = 10_000
_BESIDE: Final = 10  # a share of so many is enough to tell what happens without the guard
_ROWS: Final = {
    "pairs": "an older and a newer write to one profile, at most 5 s apart",
    "newer came first": "pairs that arrived out of order",
    "older over newer": "pairs whose older write Braze applied after the newer",
    "without the newer": "pairs whose newer write Braze never applied",
}


def main() -> int:
    """Run on two processors; return 1 if the guard has let an older write replace a newer."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = monotonic()
    with ProcessPoolExecutor(2) as pool:
        beside = _sums(pool, given.seed, -(-given.pairs // _BESIDE), guarded=False)
        guarded = _sums(pool, given.seed, given.pairs, guarded=True)
    title = f"Writes to profiles, seed {given.seed}, {monotonic() - begun:.0f} s"
    Console(width=120).print(_table({"guarded": guarded, "unguarded": beside}, title))
    return int(any(guarded[name] for name in ("older over newer", "without the newer")))


def _sums(pool: ProcessPoolExecutor, seed: int, pairs: int, *, guarded: bool) -> Counter[str]:
    counts = Counter[str]()
    job = partial(_chunk, seed, pairs, guarded=guarded)
    for found in pool.map(job, range(-(-pairs // _CHUNK))):
        counts.update(found)
    return counts


def _chunk(seed: int, pairs: int, number: int, *, guarded: bool) -> Counter[str]:
    size = min(_CHUNK, pairs - number * _CHUNK)
    return run(seed * 1_000_000 + number, size, guarded=guarded)


def _table(sums: dict[str, Counter[str]], title: str) -> Table:
    table = Table("", *sums, "what it is", title=title)
    for name, words in _ROWS.items():
        cells = [_cell(counts, name) for counts in sums.values()]
        table.add_row(name, *cells, words)
    return table


def _cell(counts: Counter[str], name: str) -> str:
    share = f" ({counts[name] / max(1, counts['pairs']):.1%})" if name != "pairs" else ""
    return f"{counts[name]:,}{share}"


if __name__ == "__main__":
    sys.exit(main())
