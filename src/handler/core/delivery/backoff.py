"""Back-off: how long a delivery waits before its next attempt, with full jitter, in seconds.

Every wait is an SQS visibility timeout. Attempts are counted in the ledger, from 1.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from handler.core.braze.outcome import Outcome
from handler.core.braze.rate_limit import Limit
from handler.core.reasons import FACTS

# ChangeMessageVisibility takes 0 to 43,200 s, counted together from the receipt of the message;
# 300 s are kept free for what the invocation has already used of them.
LONGEST_WAIT: Final = 43_200 - 300
_LARGEST_POWER: Final = 30  # 2^30 s is beyond every cap, and no float overflows


@dataclass(frozen=True, slots=True)
class Timing:
    """The relay's constants of time, in seconds.

    `quick_attempts` is a number of attempts, `most_waiting` one of messages.

    Three quick attempts reach `base * 2^attempt` = 4, 8 and 16 s, so that a short failure is over
    in about ten seconds. From the fourth on it is an outage, and waits are 300 s and more: a day
    of them stays far below the queue's 1,000 receives.
    """

    base: float = 2
    floor: float = 1
    cap: float = 900
    quick_attempts: int = 3
    outage: float = 300
    late_after: float = 3_600
    late_cap: float = 3_600
    # After a rate limit's reset, for the number of workers bounds who come at once; and between
    # requests that no time was left for.
    spread: float = 5
    fault: float = 300  # a key or a setting: an operator has to fix it
    paused: float = 900  # a target that Braze says is paused or archived
    stopped: float = 900  # paused by an operator, or stopped by a surge limit: 15 minutes
    breaker: float = 30  # the first opening of a breaker, doubled to `outage`
    known: float = 5  # greatest age of a worker's view of pauses, breakers and limits
    # Only the queue counts these receives. The last must come before the retention ends and the
    # message is dropped: 1,000 receives * 800 s = 9.3 days < 10 days.
    unknown_version: float = 800  # and an unknown workspace: a newer package reads it
    # From the first claim, at most; then the delivery is a dead letter. An endpoint may say less
    # (`Endpoint.horizon`). The queue keeps a message for 10 days.
    horizon: float = 9 * 86_400
    campaign: float = 60  # how long the state of a campaign is believed that Braze has said
    campaign_late: float = 30  # and while another worker asks for it anew
    campaign_hidden: float = 3_600  # until a key is tried again that may not read it
    details: float = 3  # one GET of a campaign's details; a slower one counts as failed
    request: float = 15  # one POST, from the connect to the body's last byte
    shortest: float = 8  # no POST is begun with less: Braze's slow answers take seconds
    margin: float = 5  # one call of AWS: 4 s at most (see `retry.Retry`), and 1 s to answer Lambda
    marking: float = 5  # how long a mark is retried
    most_waiting: int = 40_000  # for long (see `rest`); SQS has room for 120,000, and 60,000 ring

    @classmethod
    def local(cls) -> "Timing":
        """Return the constants for the local stack, where a developer is waiting."""
        return cls(
            base=0.5, floor=0, cap=10, outage=5, late_cap=30, spread=1, fault=5, paused=5,
            unknown_version=5, stopped=5, breaker=2, known=1, campaign=1, campaign_late=1,
            campaign_hidden=5,
        )  # fmt: skip


def wait(timing: Timing, outcome: Outcome, attempt: int, age: float, random: float) -> int:
    """Return the whole seconds to wait after `attempt`.

    `age` is the time since the first claim, `random` a number in [0, 1).
    """
    if outcome.wait is not None:
        seconds = outcome.wait + timing.spread * random
        if attempt > timing.quick_attempts:  # Braze's `1 s` does not shorten an outage
            seconds = max(seconds, _jitter(timing, attempt, age, random))
    elif FACTS[outcome.reason].backoff == "target_paused":
        seconds = timing.paused * (1 + random / 10)
    elif FACTS[outcome.reason].backoff == "fault":
        seconds = timing.fault * (1 + random)
    else:
        seconds = _jitter(timing, attempt, age, random)
    return clamp(seconds)


def wait_stopped(timing: Timing, random: float) -> int:
    """Return the seconds that a stopped delivery waits, at most that long after its release."""
    return clamp(timing.stopped * (1 + random) / 2)


def wait_limited(
    timing: Timing, limit: Limit, reserve: float, now: float, random: float
) -> int | None:
    """Return the seconds that a request waits for Braze's rate limit; None where it may go.

    The waits of many are spread from when the next request may go to the window's end. `reserve`
    is the share of the limit that is kept (`Limit.opens_at`).
    """
    opens = limit.opens_at(reserve)
    if now >= opens:
        return None
    return clamp(opens - now + (limit.reset + timing.spread - opens) * random)


def clamp(seconds: float) -> int:
    """Return whole seconds that SQS takes as a visibility timeout."""
    return max(0, min(LONGEST_WAIT, ceil(seconds)))


def _jitter(timing: Timing, attempt: int, age: float, random: float) -> float:
    cap = timing.cap if age < timing.late_after else timing.late_cap
    longest = min(cap, timing.base * 2.0 ** min(attempt, _LARGEST_POWER))
    floor = timing.floor
    if attempt > timing.quick_attempts:
        floor = timing.outage
        longest = max(longest, 2 * timing.outage)  # room for the jitter
    return floor + max(0.0, longest - floor) * random
