"""Turns at a Canvas: requests that let one user in begin some seconds apart.

Of several entries of one user into one Canvas within a second Braze lets one in, and answers 201 to
all (Braze, "Race conditions"). So each takes a turn before it is sent: at once where none was taken
lately, else in the order in which they came. Times are in epoch milliseconds.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from handler.core.braze.endpoints import SENDS
from handler.core.braze.identifiers import user_of
from handler.core.braze.request import written
from handler.core.json_types import JsonValue
from handler.core.models import Delivery

_VERSION: Final = 1
_KEY: Final = "canvas_id"
_PATH: Final = next(one.path for one in SENDS if one.key == _KEY)
APART: Final = 2_000  # between two begins: Braze's second, and one for what comes before a request
# Between two turns that are kept: visibility timeouts are whole seconds, so that one may come by
# up to a second later than the one before it.
SLOT: Final = APART + 1_000
EARLY: Final = 1_000  # a turn may be taken so long before its time, if the one before is over

# begin: take a turn at once. come: take the turn that was kept. keep: have a turn kept.
Step = Literal["begin", "come", "keep"]


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of one user at one Canvas, as one delivery sees them.

    `free_at` is when the first turn that nobody has begins, `begun_at` when the last request began,
    `kept_at` the delivery's own turn; None where it has none.
    """

    free_at: int = 0
    begun_at: int = 0
    kept_at: int | None = None


def step(turns: Turns, now: int) -> Step | int:
    """Return what a delivery does next, or how many milliseconds it waits for its turn."""
    over = turns.begun_at + APART
    if turns.kept_at is not None:
        due = max(turns.kept_at - EARLY, over)
        return "come" if due <= now else max(turns.kept_at, over) - now
    if turns.free_at > now:
        return "keep"
    return "begin" if over <= now else over - now


def turn_of(delivery: Delivery) -> str | None:
    """Return the digest of a delivery's user and Canvas, in hex; None where it needs no turn."""
    user = user_of(delivery)
    if delivery.path != _PATH or user is None:
        return None
    what: list[JsonValue] = [_VERSION, delivery.workspace, delivery.send.get(_KEY), user]
    return sha256(written(what).encode("ascii")).hexdigest()
