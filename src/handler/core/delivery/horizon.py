"""Horizons: for how long a delivery is tried, and waits long enough for the queue to bear that.

SQS keeps a message for 10 days from when it was sent, and gives it up after 1,000 receives
(template.yaml). A message to a person is late after a day. A profile, an event and a consent are
still true after nine: these waits have to last for as many receives.
"""

from math import ceil
from typing import Final

from handler.core.braze.endpoints import SENDS, endpoint_of
from handler.core.delivery.backoff import Timing, clamp

RECEIVES: Final = 1_000  # template.yaml: maxReceiveCount
_SPARE: Final = 100  # receives that are no waits: short of time, throttled, killed
_QUICK: Final = 100  # receives before waits are stretched, as many as a spent limit may take
_DAY: Final = max(one.horizon for one in SENDS)


def horizon_of(timing: Timing, path: str) -> float:
    """Return for how many seconds a delivery to an endpoint is tried, from its first attempt."""
    at = endpoint_of(path)
    return min(timing.horizon, at.horizon if at else _DAY)


def is_past(timing: Timing, path: str, age: float, queued: float) -> bool:
    """Return whether a delivery is tried no more; times are in seconds.

    `age` is the time since its first attempt or receive, `queued` that since its message was sent:
    the queue drops a message that was first tried late.
    """
    return age >= horizon_of(timing, path) or queued >= timing.horizon


def paced(timing: Timing, path: str, seconds: int, age: float, receives: int) -> int:
    """Return a wait, stretched where the horizon would take more receives than the queue gives.

    Of sends none is: a day of their waits stays far below them. `age` is since the first receive.
    """
    horizon = horizon_of(timing, path)
    if horizon <= _DAY or (age < timing.late_after and receives < _QUICK):
        return seconds
    left = max(1, RECEIVES - _SPARE - receives)
    return clamp(max(seconds, ceil((horizon - age) / left)))
