"""Samples of a local stack: what its queues and its log said at a moment, while a page was open."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from relay.console.log_format import Entry

EVERY: Final = 5.0  # seconds between two
KEPT: Final = 120
SPAN: Final = EVERY * KEPT  # seconds that the charts show
_ATTEMPTS: Final = frozenset({"accepted", "not_sent", "unknown", "rejected", "held"})


@dataclass(frozen=True, slots=True)
class DataPoint:
    """Figures at one time, in epoch seconds.

    `visible` deliveries are to be taken; `waiting` ones are in work, or wait for their next try.
    `attempts` and `accepted` are those since the sample before. `left` requests of Braze's `limit`
    are left in this hour, None where Braze has said nothing of it.
    """

    at: float
    visible: int = 0
    waiting: int = 0
    attempts: int = 0
    accepted: int = 0
    left: int | None = None
    limit: int | None = None


@dataclass(slots=True)
class Samples:
    """The last samples; used in the loop that serves the page."""

    _kept: deque[DataPoint] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, sample: DataPoint) -> None:
        """Keep a sample; the oldest goes where there are too many."""
        self._kept.append(sample)

    def since(self, start: float) -> list[DataPoint]:
        """Return the samples from a time on, the oldest first."""
        return [one for one in self._kept if one.at >= start]


def attempts_in(entries: Iterable[Entry]) -> tuple[int, int]:
    """Return how many attempts these lines of the log are, and how many of them were accepted."""
    made = [
        one
        for one in entries
        if one.get("message") == "delivery" and "attempt" in one and one.get("outcome") in _ATTEMPTS
    ]
    return len(made), sum(one["outcome"] == "accepted" for one in made)


def budget_in(rates: Mapping[str, Any], now: float) -> tuple[int | None, int | None]:
    """Return the requests left in this hour and their limit, of the workspace with the fewest.

    `rates` are what the ledger knows of each workspace's rate limits; that of its sends has the
    workspace's name alone.
    """
    known = [
        (one["limit"] if one.get("reset", now + 1) <= now else one["remaining"], one["limit"])
        for name, one in rates.items()
        if "#" not in name and "remaining" in one and "limit" in one
    ]
    return min(known, default=(None, None))
