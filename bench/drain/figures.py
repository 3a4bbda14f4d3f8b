"""The figures of a run, and the series over time that are plotted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from statistics import quantiles
from typing import Any, Final

from bench.drain.scenarios import START, Run
from bench.drain.worker import STEP
from handler.core.braze.rate_limit import HOUR


@dataclass(frozen=True, slots=True)
class Figures:
    """A run in figures. Latencies are seconds from the queue to Braze, of orders alone.

    `together` are recipients of a request; `refused` is the share of requests answered 429; `used`
    is the least share of Braze's limit that a full hour used, None without a full hour.
    """

    name: str
    minutes: float
    requests: int
    together: float
    refused: float
    used: float | None
    median: float | None
    p99: float | None
    receives: int
    in_flight: int
    invocations: int


def of(run: Run) -> Figures:
    """Return the figures of a run."""
    braze, journal = run.site.braze, run.site.journal
    seconds = [seconds for _, seconds in journal.latencies]
    percentiles = quantiles(seconds, n=100, method="inclusive") if seconds else [None] * 99
    full = [hour for hour in braze.taken if (hour + 1) * HOUR <= run.ended_at]
    used = [braze.taken[hour] / braze.limit for hour in full]
    return Figures(
        run.scenario.name,
        (run.ended_at - START) / 60,
        journal.requests,
        journal.sent.total() / journal.requests,
        braze.refused.total() / journal.requests,
        min(used, default=None),
        percentiles[49],
        percentiles[98],
        max(queue.most_receives for queue in run.queues),
        max(queue.most_flying for queue in run.queues),
        journal.invocations,
    )


def series(run: Run) -> Mapping[str, Any]:
    """Return a run over time, in steps: what has been sent by then, and orders' longest wait."""
    journal = run.site.journal
    steps = range(int((run.ended_at - START) // STEP) + 1)
    first = int(START // STEP)
    longest: dict[int, float] = {}
    for sent_at, seconds in journal.latencies:
        step = int(sent_at // STEP) - first
        longest[step] = max(seconds, longest.get(step, 0))
    return {
        "step_seconds": STEP,
        "sent": list(accumulate(journal.by_step[first + step] for step in steps)),
        "longest_latency": [longest.get(step) for step in steps],
    }


COLUMNS: Final[Mapping[str, Callable[[Figures], str]]] = {
    "minutes": lambda found: f"{found.minutes:,.1f}",
    "requests": lambda found: f"{found.requests:,}",
    "recipients each": lambda found: f"{found.together:.1f}",
    "429": lambda found: f"{found.refused:.3%}",
    "of the limit": lambda found: "" if found.used is None else f"{found.used:.1%}",
    "order, median s": lambda found: "" if found.median is None else f"{found.median:.2f}",
    "p99 s": lambda found: "" if found.p99 is None else f"{found.p99:.2f}",
    "receives, most": lambda found: f"{found.receives:,}",
}
