"""The claim protocol: who may send a delivery, as a table and a few functions.

The ledger's condition is written from the same table, and a test compares the two. States:

    absent --claim--> SENDING
    SENDING --mark--> ACCEPTED | FAILED | UNKNOWN | HELD | WITHHELD | STALE | DEAD

FAILED was not sent; UNKNOWN may have been sent; HELD waits for an operator; DEAD is a dead letter
that may be redriven: a message older than that mark is another copy, and a duplicate of it.
ACCEPTED, HELD, and WITHHELD and STALE, which were not sent, are final until an operator changes
them. SENDING past its lease has lost its worker: under hold it becomes HELD, unless its claim was
fenced; else the next claimant looks at the item of the request that it may have been part of, and
takes it over if it may (`finding`).

    absent --open--> OPEN --mark--> ACCEPTED | HELD        the item of a batch request
    absent --void--> VOID

A claim beside others is `fenced`: nothing is sent unless its item could be opened. So a
claimant that finds none makes it VOID, and knows that nothing was sent and nothing will be. Nor
was it where the item does not name the delivery.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from handler.core.braze.outcome import Kind, Outcome
from handler.core.models import Delivery, OnUnknown
from handler.core.reasons import Reason


class LedgerState(StrEnum):
    """The state of a delivery in the ledger."""

    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    HELD = "HELD"
    WITHHELD = "WITHHELD"
    STALE = "STALE"
    DEAD = "DEAD"


class RequestState(StrEnum):
    """The state of a batch request in the ledger."""

    OPEN = "SENDING"
    VOID = "VOID"
    ACCEPTED = "ACCEPTED"
    HELD = "HELD"


@dataclass(frozen=True, slots=True)
class Record:
    """The ledger's record of a delivery; times are in seconds since the epoch.

    `since` is the first claim since it was enqueued or released: absent after ACCEPTED, HELD,
    WITHHELD, STALE and DEAD, so that a released delivery has its whole horizon again. `lost` counts
    the workers in a row that vanished with it. `surge` is when the surge limit stopped it, 0 if the
    limit has counted it already. One that is `unbatched` is never again part of a batch request; a
    `fenced` claim may be. `message` is the SQS message id of the last claimant. `last` are its last
    attempts. `buried_at` is when the letter of its refused objects was last buried.
    """

    state: LedgerState
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
    fenced: bool = False
    message: str = ""
    buried_at: int | None = None

    @property
    def owes_letter(self) -> bool:
        """Whether objects of an accepted delivery were refused, and no letter of them is known."""
        attempt = self.last[-1] if self.state is LedgerState.ACCEPTED and self.last else {}
        return "refused" in attempt and (self.buried_at or 0) < int(attempt.get("time") or 0)


@dataclass(frozen=True, slots=True)
class ClaimRefusal:
    """The answer to a claim whose condition failed; `seconds` only with wait.

    mine: the claim is this worker's own, and its answer was lost. duplicate: success. held: bury it
    again, unchanged. hold: the outcome is unknown, so it becomes HELD. lost: its worker has
    vanished, see `finding`. adopted: its batch request was accepted. wait: not an attempt.
    """

    kind: Literal["mine", "duplicate", "held", "hold", "lost", "adopted", "wait"]
    seconds: int = 0


CLAIMABLE: Final[Mapping[OnUnknown, tuple[LedgerState, ...]]] = {
    "retry": (LedgerState.FAILED, LedgerState.UNKNOWN),
    "hold": (LedgerState.FAILED,),
}
# States that a message sent after the mark may claim. CLOCKS are seconds, for the clocks of SQS and
# Lambda differ, and a mark may be written after its dead letter was sent: a redriven message must
# not be taken for a copy.
CLAIMABLE_LATER: Final = (LedgerState.DEAD,)
CLOCKS: Final = 10
_DUPLICATES: Final = (
    LedgerState.ACCEPTED,
    LedgerState.WITHHELD,
    LedgerState.STALE,
    LedgerState.DEAD,
)
# A message whose workers vanish one after the other may be the cause.
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


def refused(record: Record | None, on_unknown: OnUnknown, now: float, owner: str) -> ClaimRefusal:
    """Return what a failed claim means, given the record that made it fail."""
    if record is None:  # deleted in this very moment
        return ClaimRefusal("wait", 1)
    if record.owner == owner and record.state is LedgerState.SENDING:
        return ClaimRefusal("mine")
    if record.state in _DUPLICATES:
        return ClaimRefusal("duplicate")
    if record.state is LedgerState.HELD:
        return ClaimRefusal("held")
    over = record.state is LedgerState.UNKNOWN or record.lease_until < now
    if over and record.state in (LedgerState.SENDING, LedgerState.UNKNOWN):
        is_held = on_unknown == "hold" and not record.fenced
        return ClaimRefusal("hold" if is_held else "lost")
    return ClaimRefusal("wait", max(1, record.lease_until - int(now) + 1))


# What a vanished worker's delivery comes to. accepted and held: as its batch request is recorded.
# hold: it may have been sent. again: likewise, and it is sent again. unsent: it was not sent.
Finding = Literal["accepted", "held", "hold", "again", "unsent"]


def finding(request: RequestState | None, on_unknown: OnUnknown) -> Finding:
    """Return what a vanished worker's delivery comes to.

    `request` is the state of its batch request: ACCEPTED and HELD only where it records this
    delivery, VOID where a fenced claim's was made without it, None where there is no such item and
    the claim was not fenced.
    """
    if request is RequestState.ACCEPTED:
        return "accepted"
    if request is RequestState.HELD:
        return "held"
    if request is RequestState.VOID:
        return "unsent"
    return "hold" if on_unknown == "hold" else "again"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of a claim: the delivery's new state, and the reason of its dead letter, if any.

    FAILED and UNKNOWN are retried; all other states leave the queue.
    """

    state: LedgerState
    reason: Reason | None = None


# The ends that need no letter.
_PLAIN: Final[Mapping[Kind, LedgerState]] = {
    "accepted": LedgerState.ACCEPTED,
    "withheld": LedgerState.WITHHELD,
    "stale": LedgerState.STALE,
}


def settlement(outcome: Outcome, on_unknown: OnUnknown, final: Reason | None = None) -> Settlement:
    """Return what an outcome means under the rule's policy.

    `final` is the reason why there is no further attempt, such as the horizon.
    """
    if outcome.kind in _PLAIN:
        return Settlement(_PLAIN[outcome.kind])
    if outcome.kind in ("held", "rejected"):
        state = LedgerState.HELD if outcome.kind == "held" else LedgerState.DEAD
        return Settlement(state, outcome.reason)
    if outcome.kind == "unknown" and on_unknown == "hold":
        return Settlement(LedgerState.HELD, Reason.UNKNOWN)
    if final is not None:
        return Settlement(LedgerState.DEAD, final)
    return Settlement(LedgerState.UNKNOWN if outcome.kind == "unknown" else LedgerState.FAILED)
