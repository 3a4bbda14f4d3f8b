"""Mistakes planted one by one, each in the mode where it bites, and the property that finds it."""

from dataclasses import dataclass
from typing import Final

from handler.core.braze.outcome import Outcome
from handler.core.delivery import claim_protocol
from handler.core.delivery.claim_protocol import (
    ClaimRefusal,
    Finding,
    LedgerState,
    Record,
    RequestState,
    Settlement,
)
from handler.core.models import OnUnknown
from handler.core.reasons import Reason
from tests.simulation.model.rules import Refused, Rules
from tests.simulation.model.search import Scope
from tests.simulation.model.world import EARLY, FENCED, Delivery, Member, Message, Worker, World


def _held_may_be_claimed(
    record: Record | None, on_unknown: OnUnknown, now: float, sent_at: float
) -> bool:
    held = record is not None and record.state is LedgerState.HELD
    return held or claim_protocol.claimable(record, on_unknown, now, sent_at)


def _dead_is_final(
    record: Record | None, on_unknown: OnUnknown, now: float, sent_at: float
) -> bool:
    dead = record is not None and record.state is LedgerState.DEAD
    return not dead and claim_protocol.claimable(record, on_unknown, now, sent_at)


def _any_claim_is_mine(
    record: Record | None, on_unknown: OnUnknown, now: float, owner: str
) -> ClaimRefusal:
    if record is not None and record.state is LedgerState.SENDING:
        return ClaimRefusal("mine")
    return claim_protocol.refused(record, on_unknown, now, owner)


def _instead(of: str, other: ClaimRefusal) -> Refused:
    """Return who answers a claim as the protocol does, but in one case."""

    def refused(
        record: Record | None, on_unknown: OnUnknown, now: float, owner: str
    ) -> ClaimRefusal:
        found = claim_protocol.refused(record, on_unknown, now, owner)
        return other if found.kind == of else found

    return refused


def _unknown_is_failed(outcome: Outcome, on_unknown: OnUnknown, last: Reason | None) -> Settlement:
    if outcome.kind == "unknown":
        return Settlement(LedgerState.FAILED)
    return claim_protocol.settlement(outcome, on_unknown, last)


def _always_again(_request: RequestState | None, _on_unknown: OnUnknown) -> Finding:
    return "again"


@dataclass(frozen=True)
class Mutation:
    """Rules with a mistake, where it shows, which property finds it, with how many faults."""

    rules: Rules
    scope: Scope
    finds: str
    faults: int


_ONE: Final = (0,)
_COPIES: Final = (0, 0)
_MANY: Final = (0, 1)

# A worker is about to open its request when its lease is over, before its time, and SQS has
# delivered the messages once more.
_OVERTAKEN: Final = World(
    deliveries=(Delivery(LedgerState.SENDING, FENCED), Delivery(LedgerState.SENDING, FENCED)),
    messages=(Message(0), Message(1)),
    workers=(Worker("open", (Member(0, EARLY), Member(1, EARLY)), going=(0, 1)),),
)

MUTATIONS: Final = {
    "a mark without a fence": Mutation(
        Rules("retry", wrong="no fence"), Scope(_COPIES, 3, 1), "together", 1
    ),
    "an accepted message that comes back where its mark fails": Mutation(
        Rules("retry", exact_queue=True, wrong="returned after acceptance"),
        Scope(_ONE, 2, 1), "twice", 1,
    ),
    "a claim of one's own that is not known again": Mutation(
        Rules("hold", refused=_instead("mine", ClaimRefusal("wait", 1))),
        Scope(_COPIES, 2, 1), "needless", 1,
    ),
    "a claim that is taken for one's own": Mutation(
        Rules("hold", refused=_any_claim_is_mine), Scope(_COPIES, 2, 0), "together", 0
    ),
    "a mark before the request": Mutation(
        Rules("retry", wrong="marked before the request"), Scope(_ONE, 1, 1), "lost", 0
    ),
    "a lease that is shorter than the work": Mutation(
        Rules("retry", wrong="short lease"), Scope(_COPIES, 2, 0), "together", 0
    ),
    "HELD that may be claimed": Mutation(
        Rules("hold", claimable=_held_may_be_claimed), Scope(_COPIES, 2, 1), "twice", 0
    ),
    "HELD that is taken for a duplicate": Mutation(
        Rules("hold", refused=_instead("held", ClaimRefusal("duplicate"))),
        Scope(_ONE, 1, 2),
        "lost",
        0,
    ),
    "DEAD that no redrive may claim": Mutation(
        Rules("retry", claimable=_dead_is_final), Scope(_ONE, 1, 0), "lost", 0
    ),
    "a message that is acknowledged before its letter": Mutation(
        Rules("retry", wrong="acknowledged before its letter"), Scope(_ONE, 1, 1), "lost", 1
    ),
    "a take-over that does not read send#": Mutation(
        Rules("retry", wrong="send# not read"), Scope(_MANY, 2, 1), "twice", 1
    ),
    "a claim beside others without the flag": Mutation(
        Rules("hold", wrong="no flag"), Scope(_MANY, 2, 1), "needless", 1
    ),
    "a request that is sent though its send# is void": Mutation(
        Rules("hold", wrong="open ignored"), Scope(_MANY, 2, 0, _OVERTAKEN), "twice", 0
    ),
    "hold that takes over after the lease": Mutation(
        Rules("hold", refused=_instead("hold", ClaimRefusal("lost")), finding=_always_again),
        Scope(_ONE, 1, 1), "twice", 1,
    ),
    "an unknown outcome that counts as not sent under hold": Mutation(
        Rules("hold", settlement=_unknown_is_failed), Scope(_ONE, 1, 1), "twice", 1
    ),
    "a claim that is forgotten with an unknown outcome": Mutation(
        Rules("hold", wrong="claim forgotten"), Scope(_ONE, 1, 1), "twice", 1
    ),
    "members that are marked before send#": Mutation(
        Rules("retry", wrong="members marked first"), Scope(_MANY, 2, 1), "twice", 1
    ),
}  # fmt: skip
