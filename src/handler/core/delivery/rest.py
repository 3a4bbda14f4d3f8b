"""Rest of a worker whose waits would fill the queue.

What waits is in flight, and SQS hands out nothing more of a queue that has some 120,000 messages in
flight ("Amazon SQS message quotas"). So each worker has a share of `Timing.most_waiting`. Beyond
half of it a worker that has set waits takes no more messages for a while: these stay visible in the
queue, where they cost no receive.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from handler.core.delivery.backoff import Timing


@dataclass(slots=True)
class OwnWaits:
    """The waits that one worker has set in a queue, counted by the second in which they end."""

    _ends: Counter[int] = field(default_factory=Counter)

    def add(self, waits: Sequence[int], now: float) -> int:
        """Add waits, in seconds from now; return how many of all waits are not over."""
        for second in [each for each in self._ends if each <= now]:
            del self._ends[second]
        self._ends.update(int(now) + wait for wait in waits)
        return self._ends.total()


def rest(timing: Timing, waits: Sequence[int], waiting: int, workers: int) -> float:
    """Return the seconds for which a worker rests that has just set `waits`, in seconds.

    `waiting` is how many of its waits are not over, `workers` how many such workers there are. In
    flight = messages that begin to wait in a second * the seconds of their waits (Little's law). So
    a worker that rests sets waits of `most_waiting / workers` seconds in a second. With the half
    that began to wait without a rest 1.5 * 40,000 = 60,000 are in flight at most.
    """
    share = timing.most_waiting / workers
    return sum(waits) / share if waiting > share / 2 else 0.0
