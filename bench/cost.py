"""Cost and speed of the functions by memory: `python -m bench.cost [--write docs/deploy.md]`.

It computes with what `make bench` has measured last (build/bench/deliver.json). Lambda gives a
function CPU in proportion to its memory, one vCPU at 1,769 MB (Lambda guide, "Configure Lambda
function memory"): CPU time grows with 1,769 / memory, waiting does not.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple, Self

from bench.deliver.figures import CALLS, COLD, INGEST, LOGGED, WRITES, cpu
from bench.deliver.measure import BRAZE_MS, DYNAMODB_MS
from bench.deliver.packages import BUILD
from bench.deliver.ways import OURS

MEMORIES: Final = (512, 1024, 1769)  # MB
BATCH: Final = 10  # deliveries, without HighVolume
ALLOWED: Final = 250_000 / 3600  # requests/s, 69.4: Braze, "API limits", for a workspace
FULL_CORE: Final = 1769  # MB
MILLION: Final = 1_000_000
# AWS, us-east-1, in US dollars, before any free tier, as of 2026-11-30: docs/deploy.md has them.
GB_SECOND: Final = 1.33 / 10**5  # Lambda on arm64
INVOCATION: Final = 0.20 / MILLION
SQS_REQUEST: Final = 0.40 / MILLION  # of up to 64 KB
WRITE: Final = 0.625 / MILLION  # DynamoDB on demand, an item or an entry of an index up to 1 KB
LOG_BYTE: Final = 0.50 / 10**9
INDEXES: Final = 2  # of the ledger, in which a claim writes an entry each

BEGIN, END = "<!-- bench:cost ", "<!-- /bench:cost -->"
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


class Measured(NamedTuple):
    """What the benchmark found, on one whole core: milliseconds of CPU, counts of a recipient.

    `wait_ms` is how long a batch waits: for its calls of DynamoDB, 4 ms each, and 200 ms for Braze.
    """

    webhook_ms: float
    cold_webhook_ms: float
    batch_ms: float
    cold_batch_ms: float
    wait_ms: float
    writes: float
    log_bytes: float

    @classmethod
    def of(cls, figures: Mapping[str, Mapping[str, list[float]]]) -> Self:
        """Return what the figures of a run say."""

        def ours(name: str) -> float:
            return median(figures[name][OURS])

        def cold(name: str) -> float:
            return sum(median(part) for part in figures[f"{COLD}, {name}"].values())

        calls = ours(f"{CALLS}plain, {BATCH}") * BATCH
        return cls(
            webhook_ms=round(ours(INGEST) / 1000, 1),
            cold_webhook_ms=round(cold("ingest")),
            batch_ms=round(ours(cpu("plain", BATCH)) * BATCH / 1000, 1),
            cold_batch_ms=round(cold("deliver")),
            wait_ms=round(calls * DYNAMODB_MS + BRAZE_MS),
            writes=round(ours(f"{WRITES}plain, {BATCH}"), 2),
            log_bytes=round(ours(LOGGED)),
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
    slower = max(1.0, FULL_CORE / memory)
    warm = measured.batch_ms * slower + measured.wait_ms
    return Cost(
        memory,
        cold_webhook=measured.cold_webhook_ms * slower,
        warm_webhook=measured.webhook_ms * slower + DYNAMODB_MS,  # SQS takes about as long
        cold_batch=measured.cold_batch_ms * slower + measured.wait_ms,
        warm_batch=warm,
        dollars=_dollars(measured, warm / 1000 * memory / 1024),
    )


def _dollars(measured: Measured, gb_seconds: float) -> float:
    """Return the price of a million deliveries, from the queue on; `gb_seconds` are of a batch."""
    batches = MILLION / BATCH
    return (
        batches * (INVOCATION + gb_seconds * GB_SECOND + 2 * SQS_REQUEST)  # received, deleted
        + MILLION * (SQS_REQUEST + (measured.writes + INDEXES) * WRITE)  # enqueued
        + MILLION * measured.log_bytes * LOG_BYTE
    )


def table(measured: Measured) -> str:
    """Return a row of Markdown for each size of memory."""
    rows = [HEADS, ("---",) * len(HEADS)]
    for memory in MEMORIES:
        one = cost(measured, memory)
        times = (one.cold_webhook, one.warm_webhook, one.cold_batch, one.warm_batch)
        rows.append(
            (
                f"{memory:,} MB",
                *(f"{ms:,.0f} ms" for ms in times),
                f"{one.rate:.1f}",
                str(one.workers),
                f"${one.dollars:.2f}",
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(measured: Measured) -> str:
    """Return the block of a page: the measured figures as a comment, and the table of them."""
    return f"{BEGIN}{json.dumps(measured._asdict())} -->\n{table(measured)}\n{END}"


def main() -> None:
    """Print the table of the last run; with --write put it into a page."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page with the marks of one")
    given = parser.parse_args()
    kept: dict[str, Any] = json.loads((BUILD / "deliver.json").read_text(encoding="utf-8"))
    block = written(Measured.of(kept["figures"]))
    sys.stdout.write(f"{block}\n")
    if given.write:
        text = given.write.read_text(encoding="utf-8")
        text = re.sub(f"{BEGIN}.*{END}", lambda _: block, text, flags=re.DOTALL)
        given.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
