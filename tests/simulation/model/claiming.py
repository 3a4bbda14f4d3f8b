"""The steps of a claim, as `Ledger.claim` and `worker.claim` make them, one access at a time.

Whatever is written may fail in three ways: it is written and tried again (botocore's own retry, or
ours), it is written and the worker never learns of it, or it is not written. Not written and tried
again is nothing at all.
"""

from collections.abc import Iterator

from handler.core.delivery.claim_protocol import LedgerState, RequestState
from tests.simulation.model.rules import Rules
from tests.simulation.model.settling import following, not_now, released, settle
from tests.simulation.model.world import (
    ACCEPTED_IN_TIME,
    ACCEPTED_LATE,
    BACK,
    DONE,
    EARLY,
    FENCED,
    GONE,
    LOST,
    NEW,
    NOTHING,
    OPEN,
    OWN,
    OWNED,
    ROBBED,
    Hands,
    Member,
    Message,
    Step,
    Worker,
    World,
)

_TAKEN = {OWN: ROBBED, EARLY: LOST, DONE: LOST}


def claim(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Try to claim the member in hand by the conditional update."""
    mine = hands.member.claim in OWNED
    late = hands.messages[hands.member.message].late
    flag = hands.delivery.sent != NOTHING and rules.wrong != "no flag"
    for over in _leases(rules, hands):
        for answer in rules.answers(hands.delivery.state, over, mine, late, flag):
            if answer == "claim":
                yield from _claimed(rules, hands)
            else:
                for then in _refused(rules, hands, answer):
                    yield Step(f"is told: {answer}", then)
    for then in unavailable(rules, hands):
        yield Step("cannot claim", then, 1)


def _leases(rules: Rules, hands: Hands) -> tuple[bool, ...]:
    held = _is_held(hands, hands.of)
    return (False, True) if held and rules.wrong == "short lease" else (not held,)


def _is_held(hands: Hands, of: int) -> bool:
    return any(
        member.claim == OWN and hands.messages[member.message].of == of
        for worker in (hands.worker, *hands.others)
        for member in worker.members
    )


def _claimed(rules: Rules, hands: Hands) -> Iterator[Step]:
    worker = hands.worker
    owned = owning(hands, FENCED if len(worker.members) > 1 and not worker.going else NOTHING)
    for then in following(rules, owned):
        yield Step("claims it", then)
    yield Step("claims it, the answer is lost, and tries again", owned.world, 1)
    for then in unavailable(rules, owned):
        yield Step("claims it and never learns", then, 1)


def _refused(rules: Rules, hands: Hands, kind: str) -> Iterator[World]:
    worker = hands.worker
    if kind == "mine":
        own = hands.member.claim in OWNED  # else it is another's, and robbed of it
        yield from following(rules, hands if own else hands.claimed_as(ROBBED))
    elif kind in ("duplicate", "wait"):
        yield from following(rules, hands.claimed_as(GONE if kind == "duplicate" else BACK))
    elif kind == "held":
        yield hands.claimed_as(NEW).turned(worker._replace(phase="bury again")).world
    elif kind == "lost" and not worker.going:
        alone = worker._replace(alone=(*worker.alone, hands.place))
        yield from following(rules, hands.claimed_as(NEW).turned(alone))
    else:
        phase = "hold" if kind == "hold" else "look"
        yield hands.turned(worker._replace(phase=phase, fresh=True)).claimed_as(NEW).world


_PHASES = {"accepted": "adopt", "held": "adopt", "hold": "hold", "again": "take", "unsent": "void"}
_STATES = {
    NOTHING: None,
    FENCED: RequestState.VOID,
    OPEN: RequestState.OPEN,
    ACCEPTED_IN_TIME: RequestState.ACCEPTED,
    ACCEPTED_LATE: RequestState.ACCEPTED,
}


def look(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Read what the vanished worker's `send#` says."""
    state = _STATES[hands.delivery.sent] if hands.worker.fresh else None
    if rules.wrong == "send# not read" or (rules.wrong == "no flag" and state == "VOID"):
        state = None
    phase = _PHASES[rules.finding(state, rules.policy)]
    yield Step(f"reads send#, to {phase} it", _turned(hands, phase).world)
    for then in unavailable(rules, hands):
        yield Step("cannot read send#", then, 1)


def void(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Make void the `send#` that is missing, unless its worker, which lives, has just opened it."""
    if not hands.worker.fresh:
        yield from _too_late(rules, hands)
        return
    if hands.delivery.sent != FENCED:
        yield Step("finds send# opened", _turned(hands, "look").world)
        return
    done = _voided(hands)
    yield Step("makes send# void", _turned(done, "take unsent").world)
    yield from _failing(rules, done, hands, "make send# void")


def _voided(hands: Hands) -> Hands:
    worker, *others = (
        each._replace(void=True) if _has(hands, each) else each
        for each in (hands.worker, *hands.others)
    )
    return hands._replace(worker=worker, others=tuple(others))


def _has(hands: Hands, worker: Worker) -> bool:
    messages = hands.messages
    return any(
        it.claim in (OWN, EARLY) and messages[it.message].of == hands.of for it in worker.members
    )


def take(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Take over what a vanished worker had; perhaps to say that it was the last."""
    yield from _taken(rules, hands)
    if hands.worker.fresh:
        owned = owning(hands, NOTHING)
        doomed = owned.turned(owned.worker._replace(outcomes=("unknown",)))
        for then in settle(rules, doomed, last=True):
            yield Step("takes it over, the last of too many", then)


def take_unsent(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Take over what a vanished worker had claimed and can no longer send."""
    yield from _taken(rules, hands)


def _taken(rules: Rules, hands: Hands) -> Iterator[Step]:
    if hands.member.claim in OWNED:
        for then in following(rules, hands):
            yield Step("finds that it has taken it over", then)
        return
    if not hands.worker.fresh:
        yield from _too_late(rules, hands)
        return
    owned = owning(hands, NOTHING)
    for then in following(rules, owned):
        yield Step("takes it over", then)
    yield Step("takes it over, the answer is lost, and tries again", owned.world, 1)
    yield from _failing(rules, owned, hands, "take it over")


def adopt(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Mark as accepted a delivery that the lost worker's batch request is recorded to have sent."""
    if not hands.worker.fresh:
        yield from _too_late(rules, hands)
        return
    delivery = hands.delivery
    more = delivery.sent == ACCEPTED_LATE
    changed = delivery._replace(
        state=LedgerState.ACCEPTED, recorded=min(2, delivery.recorded + more)
    )
    adopted = fenced(hands.written(changed._replace(sent=ACCEPTED_IN_TIME)))
    for then in following(rules, adopted.claimed_as(GONE)):
        yield Step("adopts it as accepted", then)
    yield Step("adopts it, the answer is lost, and tries again", adopted.world, 1)
    yield from _failing(rules, adopted, hands, "adopt it")


def hold(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Make HELD what a vanished worker had."""
    if not hands.worker.fresh:
        yield from _too_late(rules, hands)
        return
    held = fenced(hands.written(hands.delivery._replace(state=LedgerState.HELD)))
    yield Step("makes it HELD", _turned(held, "bury again").world)
    yield Step("makes it HELD, the answer is lost, and tries again", held.world, 1)
    yield from _failing(rules, held, hands, "hold it")


def _failing(rules: Rules, applied: Hands, before: Hands, what: str) -> Iterator[Step]:
    for then in unavailable(rules, applied):
        yield Step(f"does {what}, and never learns", then, 1)
    for then in unavailable(rules, before):
        yield Step(f"cannot {what}", then, 1)


def _too_late(rules: Rules, hands: Hands) -> Iterator[Step]:
    # Its own write may be what changed the record; then its claim waits for its lease to end.
    for then in following(rules, hands.claimed_as(BACK)):
        yield Step("finds the record changed", then)


def give_up(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Release under hold what may have been claimed all the same, and nothing was sent of."""
    del rules
    yield from released(hands, "what it may have claimed", not_now)


def unavailable(rules: Rules, hands: Hands) -> Iterator[World]:
    """Give all back that has no verdict, for DynamoDB does not answer."""
    if hands.calm:
        return
    if rules.policy == "hold":
        yield _turned(hands, "give up").world
    else:
        yield from not_now(hands)


def owning(hands: Hands, sent: int) -> Hands:
    """Make the delivery in hand the worker's own, and whoever had it lose it."""
    delivery = hands.delivery._replace(state=LedgerState.SENDING, sent=sent)
    return fenced(hands.written(delivery)).claimed_as(OWN)


def fenced(hands: Hands) -> Hands:
    """Change the owner of the delivery in hand: the others' tokens are no longer its."""
    of = hands.of
    others = tuple([_without(each, hands.messages, of) for each in hands.others])
    return hands._replace(others=others).stale(of)


def _without(worker: Worker, messages: tuple[Message, ...], of: int) -> Worker:
    members = tuple(
        [
            Member(it.message, _TAKEN[it.claim])
            if it.claim in _TAKEN and messages[it.message].of == of
            else it
            for it in worker.members
        ]
    )
    return worker._replace(members=members) if members != worker.members else worker


def _turned(hands: Hands, phase: str) -> Hands:
    return hands.turned(hands.worker._replace(phase=phase))
