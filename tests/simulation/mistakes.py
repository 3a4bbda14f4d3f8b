"""Mistakes in the claim protocol that somebody could make, each as what it puts in place of what.

Of each: the count that tells of it, and the patched name below `bench.protocol`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from bench.protocol.calls import Unavailable
from bench.protocol.judge import AT_ONCE, AVOIDABLE, BURIED, LOST
from bench.protocol.ledger import Asked, Claim, Ledger
from bench.protocol.sending import post
from bench.protocol.settling import Member, settle
from bench.protocol.taking import take
from bench.protocol.worker import claim
from handler.core.delivery.claim_protocol import (
    ClaimRefusal,
    LedgerState,
    RequestState,
    Settlement,
    refused,
    settlement,
)

write: Final = Ledger._write  # noqa: SLF001 - a mistake is planted in it
open_send: Final = Ledger.open_send


class Mistake(NamedTuple):
    seen_by: str
    place: str
    instead: Any


def always(*, value: Any) -> Callable[..., Any]:
    return lambda *_given, **_named: value


def no_wait(record: Any, *given: Any) -> ClaimRefusal:
    refusal = refused(record, *given)
    return ClaimRefusal("lost") if refusal.kind == "wait" and record else refusal


def settled_as(state: LedgerState, *kinds: str) -> Callable[..., Settlement]:
    """Let these kinds of outcome come to a state that is not theirs."""

    def instead(outcome: Any, *given: Any) -> Settlement:
        if outcome.kind not in kinds:
            return settlement(outcome, *given)
        return Settlement(state, outcome.reason if state is LedgerState.DEAD else None)

    return instead


def claimed_blindly(scene: Any, invocation: Any, message: Any, by: Any) -> Any:
    try:
        return (yield from claim(scene, invocation, message, by))
    except Unavailable:
        return Member(message, Claim(message.delivery.id, by[0], 1, int(scene.now)))


def unfenced(self: Ledger, asked: Asked, record: Any) -> Claim:
    return replace(write(self, asked._replace(fenced=False), record), fenced=asked.fenced)


def requested(self: Ledger, owner: str, _name: int) -> Any:
    return self.sends.get(owner, (None, frozenset()))[0]


def opened_or_not(self: Ledger, *given: Any) -> bool:
    open_send(self, *given)
    return True


def accepted_first(scene: Any, invocation: Any, members: Any) -> Any:
    for member in members:
        scene.ledger.mark(member.claim, Settlement(LedgerState.ACCEPTED), scene.now)
    return (yield from post(scene, invocation, members))


def dead_first(scene: Any, invocation: Any, member: Any, outcome: Any, last: Any = None) -> Any:
    if outcome.kind != "rejected":
        return (yield from settle(scene, invocation, member, outcome, last))
    scene.ledger.mark(member.claim, Settlement(LedgerState.DEAD), scene.now)
    try:
        return (yield from settle(scene, invocation, member, outcome, last))
    finally:  # what settle marks where the letter fails is not marked
        scene.ledger.mark(member.claim, Settlement(LedgerState.DEAD), scene.now)


def unacknowledged(scene: Any, invocation: Any, member: Any, outcome: Any, last: Any = None) -> Any:
    seconds = yield from settle(scene, invocation, member, outcome, last)
    marked = scene.ledger.records[member.claim.id].state is LedgerState.ACCEPTED
    return seconds if marked or outcome.kind != "accepted" else 1


def remembered_first(scene: Any, delivery: Any, at: float) -> bool:
    """Let ingest note a webhook before it is enqueued, and answer 200 to one that it knows."""
    name = f"webhook#{delivery.id}"
    if name in scene.ledger.sends:
        return True
    scene.ledger.sends[name] = RequestState.OPEN, frozenset()
    return take(scene, delivery, at)


def by_anybody(update: Callable[..., bool]) -> Callable[..., bool]:
    """Let an update be done for an owner who no longer is one."""

    def instead(self: Ledger, claim: Any, *given: Any, **named: Any) -> bool:
        name, owner = (claim.id, claim.owner) if isinstance(claim, Claim) else (claim, given[0])
        if name in self.records:
            self.records[name] = replace(self.records[name], owner=owner)
        return update(self, claim, *given, **named)

    return instead


MISTAKES: Final = {
    "a claim has no condition": Mistake(AVOIDABLE, "ledger.claimable", always(value=True)),
    "a lease is not waited for": Mistake(AT_ONCE, "ledger.refused", no_wait),
    "a lease is shorter than a request": Mistake(
        AT_ONCE, "worker.lease", lambda scene, _invocation: scene.now + 5
    ),
    "what the ledger does not answer is a claim": Mistake(
        AVOIDABLE, "worker.claim", claimed_blindly
    ),
    "what a request of many came to is not read": Mistake(
        AVOIDABLE, "ledger.Ledger.request", always(value=None)
    ),
    "a claim beside others is not fenced": Mistake(BURIED, "ledger.Ledger._write", unfenced),
    "a request is sent though others have made it void": Mistake(
        AVOIDABLE, "ledger.Ledger.open_send", opened_or_not
    ),
    "what a request was opened without is taken for sent": Mistake(
        BURIED, "ledger.Ledger.request", requested
    ),
    "what was never opened is taken for sent": Mistake(
        BURIED, "ledger.Ledger.void_send", always(value=False)
    ),
    "a mark asks for no owner": Mistake(AVOIDABLE, "ledger.Ledger.mark", by_anybody(Ledger.mark)),
    "a release asks for no owner": Mistake(
        AVOIDABLE, "ledger.Ledger.release", by_anybody(Ledger.release)
    ),
    "two may take over from one": Mistake(AT_ONCE, "ledger.Ledger._is_still", always(value=True)),
    "hold is taken for retry": Mistake(
        AVOIDABLE, "facts.Delivery.policy", property(lambda _: "retry")
    ),
    "retry is taken for hold": Mistake(BURIED, "facts.Delivery.policy", property(lambda _: "hold")),
    "what was accepted is not marked": Mistake(AVOIDABLE, "ledger.Ledger.mark", always(value=True)),
    "what was accepted and not marked comes back": Mistake(
        AVOIDABLE, "sending.settle", unacknowledged
    ),
    "accepted is marked before the request": Mistake(LOST, "sending.post", accepted_first),
    "dead is marked before the letter": Mistake(LOST, "sending.settle", dead_first),
    "a webhook is remembered before it is enqueued": Mistake(LOST, "taking.take", remembered_first),
    "what was not sent is given up": Mistake(
        LOST, "settling.settlement", settled_as(LedgerState.ACCEPTED, "not_sent")
    ),
    "what is unknown is taken for accepted": Mistake(
        LOST, "settling.settlement", settled_as(LedgerState.ACCEPTED, "unknown")
    ),
    "what is unknown is taken for not sent": Mistake(
        AVOIDABLE, "settling.settlement", settled_as(LedgerState.FAILED, "unknown")
    ),
    "one failure makes a dead letter": Mistake(
        BURIED, "settling.settlement", settled_as(LedgerState.DEAD, "not_sent")
    ),
    "one dead worker makes a dead letter": Mistake(BURIED, "worker.MOST_LOST", 1),
}
