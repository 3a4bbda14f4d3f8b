"""Cost and speed of the functions by memory: `python -m bench.cost [--write docs/deploy.md]`.

It computes with what `make bench` has measured last (build/bench/deliver.json and ingest.json), by
the prices and formulas of `relay cost`. With --write that is also what `relay cost` computes with
from then on (relay/cost/measured.json).
"""

import argparse
import json
import sys
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from bench.deliver.figures import CALLS, WRITES, cpu, logged
from bench.deliver.measure import SIZES
from bench.ingest.bodies import SMALL
from bench.ingest.figures import DELIVER, INGEST, LOGGED, cold, webhook
from bench.page import table, write
from bench.paths import BUILD
from bench.results import OURS, Figures
from relay.cost.measured import FILE, Batch, Measured
from relay.cost.month import INDEXES, Traffic, month
from relay.cost.prices import GB_SECOND, INVOCATION, LOG_BYTE, MILLION, SQS_REQUEST, WRITE

MEMORIES: Final = (512, 1024, 1769)  # MB
BATCH: Final = 10  # deliveries, without HighVolume
ALLOWED: Final = 250_000 / 3600  # requests/s, 69.4: Braze, "API limits", for a workspace
ORDERS: Final = 100_000  # a month, of the page's example

MEMORY, MONTH = "cost", "month"  # the tables' marks on the page
HEADS: Final = (
    "memory",
    "cold webhook",
    "warm webhook",
    "cold batch",
    "warm batch",
    "requests/s of a worker",
    "workers for 69.4/s",
    "a million deliveries",
)


def measured_of(about: str, figures: Figures) -> Measured:
    """Return what the figures of a run say, on one whole core; `about` is the run's."""

    def ours(name: str) -> float:
        return median(figures[name][OURS])

    def batch(size: int) -> Batch:
        kind = "plain" if size == max(SIZES) else f"plain, {size}"
        return Batch(
            cpu_ms=round(ours(cpu("plain", size)) * size / 1000, 1),
            calls=round(ours(f"{CALLS}{kind}") * size, 1),
            writes=round(ours(f"{WRITES}{kind}"), 2),
            log_bytes=round(ours(logged(size))),
        )

    return Measured(
        about=about,
        webhook_ms=round(ours(webhook(SMALL)) / 1000, 1),
        cold_webhook_ms=round(ours(cold(INGEST))),
        webhook_log_bytes=round(ours(LOGGED)),
        cold_batch_ms=round(ours(cold(DELIVER))),
        batches={size: batch(size) for size in SIZES},
    )


class Cost(NamedTuple):
    """Milliseconds of wall time, and what comes of them, for one size of memory in MB."""

    memory: int
    cold_webhook: float
    warm_webhook: float
    cold_batch: float
    warm_batch: float
    dollars: float

    @property
    def rate(self) -> float:
        """The requests that one worker makes in a second."""
        return 1000 / self.warm_batch

    @property
    def workers(self) -> int:
        """How many workers at once reach what Braze allows."""
        return ceil(ALLOWED / self.rate)


def cost(measured: Measured, memory: int) -> Cost:
    """Return what a size of memory comes to."""
    warm = measured.batch(BATCH, memory)
    return Cost(
        memory,
        cold_webhook=measured.webhook(memory, cold=1),
        warm_webhook=measured.webhook(memory),
        cold_batch=measured.batch(BATCH, memory, cold=1),
        warm_batch=warm,
        dollars=_dollars(measured.batches[BATCH], warm / 1000 * memory / 1024),
    )


def _dollars(batch: Batch, gb_seconds: float) -> float:
    """Return the price of a million deliveries, from the queue on; `gb_seconds` are of a batch."""
    batches = MILLION / BATCH
    return (
        batches * (INVOCATION + gb_seconds * GB_SECOND + 2 * SQS_REQUEST)  # received, deleted
        + MILLION * (SQS_REQUEST + (batch.writes + INDEXES) * WRITE)  # enqueued
        + MILLION * batch.log_bytes * LOG_BYTE
    )


def by_memory(measured: Measured) -> str:
    """Return a row of Markdown for each size of memory."""
    return table(HEADS, *(_row(cost(measured, memory)) for memory in MEMORIES))


def _row(one: Cost) -> tuple[str, ...]:
    times = (one.cold_webhook, one.warm_webhook, one.cold_batch, one.warm_batch)
    return (
        f"{one.memory:,} MB",
        *(f"{ms:,.0f} ms" for ms in times),
        f"{one.rate:.1f}",
        str(one.workers),
        f"${one.dollars:.2f}",
    )


def by_part(measured: Measured) -> str:
    """Return a row of Markdown for each part of the example's costs."""
    parts = month(Traffic(ORDERS), measured)
    heads = ("what", "formula", f"{ORDERS:,} orders of one source and rule")
    rows = [(part.name, part.formula, f"{part.dollars:.2f}") for part in parts]
    return table(heads, *rows, ("together", "", f"{sum(part.dollars for part in parts):.2f}"))


def main() -> None:
    """Print the tables of the last run; with --write put them into a page."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page with the marks of both")
    given = parser.parse_args()
    measured = _last_run()
    tables = {MEMORY: by_memory(measured), MONTH: by_part(measured)}
    sys.stdout.write("\n\n".join([*tables.values(), ""]))
    if given.write:
        for name, text in tables.items():
            write(given.write, name, text, {})
        FILE.write_text(measured.text(), encoding="utf-8")


def _last_run() -> Measured:
    kept: list[Mapping[str, Any]] = [
        json.loads((BUILD / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("deliver", "ingest")
    ]
    deliver, ingest = kept
    return measured_of(ingest["about"], {**deliver["figures"], **ingest["figures"]})


if __name__ == "__main__":
    main()
