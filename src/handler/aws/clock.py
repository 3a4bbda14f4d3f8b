"""The workers' time: DynamoDB's, as far as its answers tell it."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import lru_cache


class Clock:
    """Seconds since the epoch; calling it reads it.

    Leases are written by one worker and judged by others, so that their clocks have to agree. Each
    answer of DynamoDB bears the second in which it was made (`Date`, RFC 9110 section 6.6.1): a
    local clock that cannot be right is read as if it were set by that, within a second or so.
    """

    def __init__(self, local: Callable[[], float] = time.time) -> None:
        self.local = local
        self._behind = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.local() + self._behind

    def heard(self, date: str, asked_at: float) -> None:
        """Learn from the `Date` of an answer that was asked for at that local time."""
        second = _epoch(date)
        if second is not None:
            # It was made after the question and before now, within a second of its date.
            least, most = second - self.local(), second + 1 - asked_at
            self._behind = min(max(self._behind, least), most)


@lru_cache(maxsize=1)  # many answers come within one second
def _epoch(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
