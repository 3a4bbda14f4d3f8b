"""The breaker of a workspace: while Braze fails, one probe at a time, and nothing else.

It is shared by all workers through the ledger's table. It opens when half of at least twenty
requests of one window have failed, or five in a row in one worker, or at once where Braze refuses
the API key; an open one lets a single probe through at its end, which closes it or opens it again
for twice as long. Unknown outcomes and 5xx count as failures; 429 and 4xx do not.
"""

from dataclasses import dataclass
from typing import Final, Literal

from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import Timing, clamp
from handler.core.reasons import FACTS

WINDOW: Final = 30  # seconds in which failures are counted together
LEAST: Final = 20  # requests in a window, before their share says anything
SHARE: Final = 0.5
IN_A_ROW: Final = 5
_LARGEST_POWER: Final = 10  # 2^10 openings are beyond every longest time

OpenReason = Literal["failures", "key_refused"]


@dataclass(frozen=True, slots=True)
class Breaker:
    """What all workers know of a workspace's breaker; times are in seconds since the epoch.

    Without `open_until` it is closed. `opened_at` is when the outage began, `opens` how often it
    has opened since; nobody but the worker with the `probe` sends before `probe_until`.
    """

    open_until: int | None = None
    opened_at: int = 0
    opens: int = 0
    reason: str = ""
    probe: str = ""
    probe_until: int = 0

    def closed_to(self, worker: str) -> int:
        """Return until when a worker sends nothing: the probe that it holds itself is no bar."""
        if self.open_until is None:
            return 0
        others = 0 if self.probe == worker else self.probe_until
        return max(self.open_until, others)


def is_failure(outcome: Outcome) -> bool:
    """Return whether an outcome says that Braze, or the way to it, is sick."""
    return outcome.kind == "unknown" or FACTS[outcome.reason].is_sick


def trips(total: int, failed: int, in_a_row: int) -> bool:
    """Return whether so many failures of so many requests of a window open a breaker."""
    return in_a_row >= IN_A_ROW or (total >= LEAST and failed >= SHARE * total)


def open_seconds(timing: Timing, reason: OpenReason, opens: int, random: float) -> int:
    """Return for how long a breaker opens for the `opens`th time in a row, counted from 1."""
    if reason == "key_refused":  # somebody has to mend it
        return clamp(timing.fault)
    longest = timing.breaker * 2.0 ** min(opens - 1, _LARGEST_POWER)
    return max(1, clamp(min(timing.outage, longest) * (0.75 + random / 2)))


def wait_open(timing: Timing, breaker: Breaker, now: float, random: float) -> int:
    """Return the seconds that a message waits before an open breaker.

    At least until the next probe; the longer the outage, the longer, so that a day of it is far
    from the queue's 1,000 receives, and no longer than `timing.cap`.
    """
    # A probe ends long before its lease: whoever asks again then knows what came of it.
    left = max((breaker.open_until or 0) - now, timing.known)
    lasted = max(0.0, now - breaker.opened_at)
    shortest = max(left, min(timing.outage, lasted))
    longest = max(2 * left, min(timing.cap, lasted), shortest)
    return clamp(shortest + (longest - shortest) * random)
