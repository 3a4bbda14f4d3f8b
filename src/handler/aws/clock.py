"""The workers' clock: local time, corrected by the dates of DynamoDB's answers."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import lru_cache


class Clock:
    """A clock; called, it returns seconds since the epoch.

    Leases are written by one worker and judged by others, so their clocks have to agree. Each
    answer of DynamoDB carries the second in which it was made (`Date`, RFC 9110 section 6.6.1). A
    local clock that contradicts it is corrected to it, within a second or so.
    """

    def __init__(self, local: Callable[[], float] = time.time) -> None:
        self.local = local
        self._behind = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.local() + self._behind

    def observe_date(self, date: str, asked_at: float) -> None:
        """Correct the clock by the `Date` of an answer; `asked_at` is the call's local time."""
        second = _epoch(date)
        if second is not None:
            # The answer was made after the call and before now, within the second of its date.
            least, most = second - self.local(), second + 1 - asked_at
            self._behind = min(max(self._behind, least), most)


@lru_cache(maxsize=1)  # many answers come within one second
def _epoch(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
