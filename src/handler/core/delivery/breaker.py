"""The circuit breaker of a workspace: while Braze fails, only one probe at a time is sent.

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
LEAST: Final = 20  # requests in a window, before their share of failures counts
SHARE: Final = 0.5
IN_A_ROW: Final = 5
_LARGEST_POWER: Final = 10  # 2^10 openings are beyond every longest time

OpenReason = Literal["failures", "key_refused"]


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of a workspace's breaker, as all workers share it; times are in epoch seconds.

    Without `open_until` it is closed. `opened_at` is when the outage began, `opens` how often it
    has opened since; only the worker with the `probe` sends before `probe_until`.
    """

    open_until: int | None = None
    opened_at: int = 0
    opens: int = 0
    reason: str = ""
    probe: str = ""
    probe_until: int = 0

    def closed_to(self, worker: str) -> int:
        """Return until when a worker sends nothing; its own probe does not stop it."""
        if self.open_until is None:
            return 0
        others = 0 if self.probe == worker else self.probe_until
        return max(self.open_until, others)


def is_failure(outcome: Outcome) -> bool:
    """Return whether an outcome counts as a failure of Braze, or of the way to it."""
    return outcome.kind == "unknown" or FACTS[outcome.reason].is_sick


def trips(total: int, failed: int, in_a_row: int) -> bool:
    """Return whether the failures of a window, or those in a row, open a breaker."""
    return in_a_row >= IN_A_ROW or (total >= LEAST and failed >= SHARE * total)


def open_seconds(timing: Timing, reason: OpenReason, opens: int, random: float) -> int:
    """Return for how long a breaker opens for the `opens`th time in a row, counted from 1."""
    if reason == "key_refused":  # an operator has to fix it
        return clamp(timing.fault)
    longest = timing.breaker * 2.0 ** min(opens - 1, _LARGEST_POWER)
    return max(1, clamp(min(timing.outage, longest) * (0.75 + random / 2)))


def wait_open(timing: Timing, breaker: Breaker, now: float, random: float) -> int:
    """Return the seconds that a message waits before an open breaker.

    The wait lasts at least until the next probe, and grows with the outage up to `timing.cap`, so
    that a day of it stays far below the queue's 1,000 receives.
    """
    # A probe ends long before its lease: the next receive then knows its outcome.
    left = max((breaker.open_until or 0) - now, timing.known)
    lasted = max(0.0, now - breaker.opened_at)
    shortest = max(left, min(timing.outage, lasted))
    longest = max(2 * left, min(timing.cap, lasted), shortest)
    return clamp(shortest + (longest - shortest) * random)
