"""Braze's hourly limit: a window of the clock, which other integrations share."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from handler.core.braze.outcome import HttpResponse
from handler.core.braze.rate_limit import HOUR

LIMIT: Final = 250_000  # requests an hour (Braze, "API limits")
_BODIES: Final = {201: b'{"message": "success", "dispatch_id": "0"}', 429: b'{"message": "limit"}'}


@dataclass(slots=True)
class Braze:
    """A workspace; `spent` are the requests of others in the first hour, made at its begin.

    It is away from `away[0]` to `away[1]`, in epoch seconds: whatever comes is answered 503.
    """

    limit: int = LIMIT
    spent: int = 0
    away: tuple[float, float] = (0, 0)
    taken: Counter[int] = field(default_factory=Counter)  # requests answered 201, by hour
    refused: Counter[int] = field(default_factory=Counter)  # 429, by hour
    _first: int | None = None

    def answer(self, now: float) -> HttpResponse:
        """Take a request that arrives now."""
        if self.away[0] <= now < self.away[1]:
            return HttpResponse("answered", 503)
        hour = int(now // HOUR)
        if self._first is None:
            self._first = hour
        left = self.limit - self.taken[hour] - (self.spent if hour == self._first else 0)
        counts, status = (self.taken, 201) if left > 0 else (self.refused, 429)
        counts[hour] += 1
        headers = {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(0, left - 1)),
            "x-ratelimit-reset": str((hour + 1) * HOUR),
        }
        return HttpResponse("answered", status, headers, _BODIES[status])
