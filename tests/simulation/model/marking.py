"""The mark: the conditional update that says in the ledger what came of a claim."""

from collections.abc import Iterator
from typing import Literal

from handler.core.delivery.claim_protocol import LedgerState
from tests.simulation.model.rules import Rules
from tests.simulation.model.settling import finished, outcome
from tests.simulation.model.world import (
    ACCEPTED_IN_TIME,
    BACK,
    DONE,
    EARLY,
    GONE,
    LOST,
    NOTHING,
    OWN,
    OWNED,
    ROBBED,
    TOLD_BY_MEMBERS,
    UNRECORDED,
    Hands,
    Step,
    World,
)

_COMES_BACK = ("", LedgerState.FAILED, LedgerState.UNKNOWN)
# What Braze has done what was asked of, and the ledger says so: `noticed` is a kind of held.
_RECORDS = {("accepted", LedgerState.ACCEPTED), ("noticed", LedgerState.HELD)}


def mark(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Write what came of the claim in hand, if it is still the worker's."""
    target = hands.worker.target or "nothing"
    fence = rules.wrong != "no fence"
    if hands.member.claim not in OWNED and (fence or hands.member.claim not in (LOST, ROBBED)):
        for then in _after_mark(rules, hands, marked=False, written=False):
            yield Step(f"may not mark {target}: it is another's", then)
        return
    done = _marked(rules, hands)
    for then in _after_mark(rules, done, marked=True, written=True):
        yield Step(f"marks {target}", then)
    if hands.calm:
        return
    if done != hands:
        yield Step(f"marks {target}, the answer is lost, and tries again", done.world, 1)
    for then in _after_mark(rules, done, marked=False, written=True):
        yield Step(f"marks {target} and never learns", then, 1)
    for then in _after_mark(rules, hands, marked=False, written=False):
        yield Step(f"cannot mark {target}", then, 1)


def _marked(rules: Rules, hands: Hands) -> Hands:
    worker, delivery = hands.worker, hands.delivery
    counted = hands.member.claim == DONE or worker.recorded == TOLD_BY_MEMBERS or rules.exact_queue
    records = (outcome(hands), worker.target) in _RECORDS
    # The worker records a notice of many by one write, too. Here it does not, so that each member
    # is a request of its own: whatever holds here holds with that record all the more.
    if records and not counted and delivery.sent != ACCEPTED_IN_TIME:
        accepted = worker.target == LedgerState.ACCEPTED
        together = accepted and len(worker.going) > 1 and worker.recorded == NOTHING
        hands = _told_by_members(hands) if together else _recorded(hands, hands.of)
    done = hands.written(hands.delivery._replace(state=_state(worker.target)))
    return done.claimed_as(DONE) if hands.member.claim in (OWN, EARLY) else done


def _told_by_members(hands: Hands) -> Hands:
    """Count the whole request, for the first mark of a member tells what came of it."""
    worker = hands.worker
    for place, came in zip(worker.going, worker.outcomes, strict=True):
        if came == "accepted":
            hands = _recorded(hands, hands.of_at(place))
    return hands.turned(worker._replace(recorded=TOLD_BY_MEMBERS))


def _recorded(hands: Hands, of: int) -> Hands:
    delivery = hands.deliveries[of]
    return hands.written(delivery._replace(recorded=min(2, delivery.recorded + 1)), of)


def _state(target: str) -> LedgerState | Literal[""]:
    return LedgerState(target) if target else ""


def mark_first(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Mark before the request: planted, and never done."""
    del rules
    if hands.member.claim in OWNED:
        hands = hands.written(hands.delivery._replace(state=LedgerState.ACCEPTED))
    yield Step("marks ACCEPTED first", hands.turned(hands.worker._replace(phase="post")).world)


def _after_mark(rules: Rules, hands: Hands, *, marked: bool, written: bool) -> Iterator[World]:
    target = hands.worker.target
    if not written:
        hands = hands.doubted()
    if target == LedgerState.HELD and (marked or rules.policy == "retry"):
        yield hands.turned(hands.worker._replace(phase="bury held")).world
        return
    verdict = BACK if target in _COMES_BACK or target == LedgerState.HELD else GONE
    if target == LedgerState.ACCEPTED and not marked and rules.wrong == "returned after acceptance":
        verdict = BACK
    if verdict == GONE and target == LedgerState.ACCEPTED and rules.exact_queue and not written:
        verdict = UNRECORDED
    yield from finished(rules, hands, verdict)
