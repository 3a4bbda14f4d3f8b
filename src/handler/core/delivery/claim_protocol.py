"""The claim protocol: who may send a delivery, as a table and a few functions.

The ledger's condition is written from the same table, and a test compares the two. States:

    absent --claim--> SENDING --mark--> ACCEPTED | FAILED | UNKNOWN | HELD | DEAD

FAILED was not sent; UNKNOWN may have been; HELD waits for a person; DEAD is a dead letter that may
be redriven: a message that is older than that mark is a further copy, and a duplicate of it.
ACCEPTED and HELD are final until a person says otherwise. SENDING past its lease has lost its
worker: under retry the next claimant looks whether a request of many that it was part of has been
recorded as accepted, and takes it over if not; under hold it becomes HELD.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from handler.core.braze.outcome import Outcome
from handler.core.models import Delivery, OnUnknown
from handler.core.reasons import Reason


class State(StrEnum):
    """What is known of a delivery."""

    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    HELD = "HELD"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True)
class Record:
    """What the ledger holds of a delivery; times are in seconds since the epoch.

    `since` is the first claim of this run: absent after ACCEPTED, HELD and DEAD, so that
    a delivery that is set free again has its whole horizon before it. `lost` counts the workers
    in a row that vanished with it, `surge` is since when a brake stops it, 0 if it has passed; one
    that is `unbatched` is never again part of a batch request. `message` is the queue's id of the
    last claimant's.
    """

    state: State
    owner: str
    lease_until: int
    expires: int
    attempts: int = 0
    since: int | None = None
    last: tuple[Mapping[str, str | int | None], ...] = ()
    dead_at: int | None = None
    lost: int = 0
    surge: int | None = None
    unbatched: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What to do when the claim's condition failed; `seconds` only with wait.

    mine: the claim is ours, its answer was lost. duplicate: success. held: bury it again,
    unchanged. hold: nobody knows what came of it, so it becomes HELD. lost: likewise, and it may
    be taken over. adopted: its request of many was accepted. wait: not an attempt.
    """

    kind: Literal["mine", "duplicate", "held", "hold", "lost", "adopted", "wait"]
    seconds: int = 0


CLAIMABLE: Final[Mapping[OnUnknown, tuple[State, ...]]] = {
    "retry": (State.FAILED, State.UNKNOWN),
    "hold": (State.FAILED,),
}
# By a message that came after the mark, with seconds for what the clocks of SQS and Lambda differ
# and for a mark that was written after its letter: what is redriven may not be taken for a copy.
CLAIMABLE_LATER: Final = (State.DEAD,)
CLOCKS: Final = 10
# A message whose workers vanish one after the other may be what kills them.
MOST_LOST: Final = 5


def policy(delivery: Delivery) -> OnUnknown:
    """Return what an unknown outcome means for this delivery: a broadcast is always held."""
    return "hold" if delivery.recipient is None else delivery.on_unknown


def claimable(record: Record | None, on_unknown: OnUnknown, now: float, sent_at: float) -> bool:
    """Return whether a delivery with this record may be claimed, by a message sent at that time.

    A record past its expiry counts as absent: DynamoDB deletes it within days, not at once
    (DynamoDB guide, "Working with expired items").
    """
    if record is None or record.expires <= now or record.state in CLAIMABLE[on_unknown]:
        return True
    if record.state in CLAIMABLE_LATER:
        return record.dead_at is None or record.dead_at <= sent_at + CLOCKS
    return False


def refused(record: Record | None, on_unknown: OnUnknown, now: float, owner: str) -> Refusal:
    """Return what a failed claim means, given the record that made it fail."""
    if record is None:  # deleted in this very moment
        return Refusal("wait", 1)
    if record.owner == owner and record.state is State.SENDING:
        return Refusal("mine")
    if record.state in (State.ACCEPTED, State.DEAD):
        return Refusal("duplicate")
    if record.state is State.HELD:
        return Refusal("held")
    over = record.state is State.UNKNOWN or record.lease_until < now
    if over and record.state in (State.SENDING, State.UNKNOWN):
        return Refusal("hold" if on_unknown == "hold" else "lost")
    return Refusal("wait", max(1, record.lease_until - int(now) + 1))


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of a claimed delivery: its new state, and the reason of its dead letter, if any.

    FAILED and UNKNOWN come back; all other states leave the queue.
    """

    state: State
    reason: Reason | None = None


def settlement(outcome: Outcome, on_unknown: OnUnknown, last: Reason | None = None) -> Settlement:
    """Return what an outcome means under the rule's policy.

    `last` is the reason why there is no further attempt, such as the horizon.
    """
    if outcome.kind == "accepted":
        return Settlement(State.ACCEPTED)
    if outcome.kind in ("held", "rejected"):
        state = State.HELD if outcome.kind == "held" else State.DEAD
        return Settlement(state, outcome.reason)
    if outcome.kind == "unknown" and on_unknown == "hold":
        return Settlement(State.HELD, Reason.UNKNOWN)
    if last is not None:
        return Settlement(State.DEAD, last)
    return Settlement(State.UNKNOWN if outcome.kind == "unknown" else State.FAILED)
