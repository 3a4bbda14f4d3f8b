"""The steps after a request, as `settle` makes them: mark, bury, release, answer the queue."""

from collections.abc import Iterator
from typing import Literal

from handler.core.outcome import Kind
from handler.core.protocol import State
from tests.simulation.model.rules import Rules
from tests.simulation.model.world import (
    ACCEPTED_IN_TIME,
    BACK,
    CLAIMED,
    DELETED,
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
    VERDICTS,
    Hands,
    Step,
    World,
    replaced,
)

_COMES_BACK = ("", State.FAILED, State.UNKNOWN)
# An outcome is of its kind; `noticed` is a held one of which Braze has done what was asked.
_RECORDS = {("accepted", State.ACCEPTED), ("noticed", State.HELD)}


def following(rules: Rules, hands: Hands) -> Iterator[World]:
    """Go on with the next claim, or with the request of what is claimed."""
    worker = hands.worker._replace(outcomes=(), target="", fresh=False)
    if worker.at + 1 < len(worker.members):
        yield hands.turned(worker._replace(phase="claim", at=worker.at + 1)).world
        return
    going = tuple(
        at for at, it in enumerate(worker.members) if it.claim in CLAIMED and at not in worker.alone
    )
    yield start(rules, hands, going, worker.alone)


def start(rules: Rules, hands: Hands, going: tuple[int, ...], alone: tuple[int, ...]) -> World:
    """Begin a request: of what goes together or, that done, of one that goes alone."""
    if not going and not alone:
        return answered(hands)
    if not going:
        going, alone = alone[:1], alone[1:]
    first = "mark first" if rules.wrong == "marked before the request" else "post"
    phase = "open" if len(going) > 1 else first
    clean = hands.worker._replace(
        phase=phase, at=0, going=going, alone=alone, outcomes=(), recorded=NOTHING, target=""
    )
    return hands.turned(clean).world


def answered(hands: Hands) -> World:
    """Have nothing left to do but to answer the queue."""
    members = hands.worker.members
    return hands.turned(type(hands.worker)("answer", members)).world


def not_now(hands: Hands) -> Iterator[World]:
    """Let what has no verdict come back or, past the horizon, bury it."""
    back = buried = hands
    for at, it in enumerate(hands.worker.members):
        if it.claim not in VERDICTS:
            of = hands.world.messages[it.message].of
            back, buried = back.claimed_as(BACK, at), lettered(buried.claimed_as(GONE, at), of)
    yield answered(back)
    yield answered(buried)


def kind_of(hands: Hands) -> Kind:
    """Return the kind of the outcome in hand."""
    name = _outcome(hands)
    found: dict[str, Kind] = {
        "accepted": "accepted", "not_sent": "not_sent", "rejected": "rejected",
        "unknown": "unknown", "held": "held", "noticed": "held",
    }  # fmt: skip
    return found[name]


def _outcome(hands: Hands) -> str:
    worker = hands.worker
    return worker.outcomes[worker.at] if worker.going else worker.outcomes[0]


def settle(rules: Rules, hands: Hands, *, last: bool = False) -> Iterator[World]:
    """Begin to settle the place in hand; behind the last one, go on with what goes alone."""
    worker = hands.worker
    if worker.going and worker.at == len(worker.going):
        done = hands.turned(worker._replace(at=0))
        yield from _after_request(rules, done)
        return
    kind = kind_of(hands)
    if kind == "unknown" and rules.wrong == "claim forgotten":
        yield hands.turned(worker._replace(phase="mark", target="")).world
        return
    states = rules.settled(kind)
    for state in states[-1:] if last else states:
        phase = "bury dead" if state is State.DEAD else "mark"
        turned = hands.turned(worker._replace(phase=phase, target=state))
        early = state is State.DEAD and rules.wrong == "acknowledged before its letter"
        yield placed(turned.world, turned.member.message, DELETED) if early else turned.world


def _after_request(rules: Rules, hands: Hands) -> Iterator[World]:
    if rules.wrong == "members marked first" and hands.worker.recorded == TOLD_BY_MEMBERS:
        yield hands.turned(hands.worker._replace(phase="mark send")).world
    else:
        yield start(rules, hands, (), hands.worker.alone)


def finished(rules: Rules, hands: Hands, verdict: int) -> Iterator[World]:
    """Give the member in hand its verdict, and go on."""
    done = hands.claimed_as(verdict)
    worker = done.worker
    if worker.going:
        yield from settle(rules, done.turned(worker._replace(at=worker.at + 1, target="")))
    else:
        yield from following(rules, done)


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
    if done != hands:
        yield Step(f"marks {target}, the answer is lost, and tries again", done.world, 1)
    for then in _after_mark(rules, done, marked=False, written=True):
        yield Step(f"marks {target} and never learns", then, 1)
    for then in _after_mark(rules, hands, marked=False, written=False):
        yield Step(f"cannot mark {target}", then, 1)


def _marked(rules: Rules, hands: Hands) -> Hands:
    worker, delivery = hands.worker, hands.delivery
    counted = hands.member.claim == DONE or worker.recorded == TOLD_BY_MEMBERS or rules.exact_queue
    records = (_outcome(hands), worker.target) in _RECORDS
    more = records and not counted and delivery.sent != ACCEPTED_IN_TIME
    # The worker records a notice of many by one write, too. Here it does not, so that each member
    # is a request of its own: whatever holds here holds with that record all the more.
    accepted = worker.target == State.ACCEPTED
    if more and accepted and len(worker.going) > 1 and worker.recorded == NOTHING:
        hands = _told_by_members(hands)
    elif more:
        delivery = delivery._replace(recorded=min(2, delivery.recorded + 1))
    else:
        pass
    delivery = hands.delivery if hands.worker != worker else delivery
    done = hands.written(delivery._replace(state=_state(worker.target)))
    return done.claimed_as(DONE) if hands.member.claim in (OWN, EARLY) else done


def _told_by_members(hands: Hands) -> Hands:
    """Count the whole request, for the first mark of a member tells what came of it."""
    worker = hands.worker
    for place, outcome in zip(worker.going, worker.outcomes, strict=True):
        if outcome != "accepted":
            continue
        of = hands.world.messages[worker.members[place].message].of
        each = hands.world.deliveries[of]
        hands = hands.written(each._replace(recorded=min(2, each.recorded + 1)), of)
    return hands.turned(worker._replace(recorded=TOLD_BY_MEMBERS))


def _state(target: str) -> State | Literal[""]:
    return State(target) if target else ""


def mark_first(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Mark before the request: planted, and never done."""
    del rules
    if hands.member.claim in OWNED:
        hands = hands.written(hands.delivery._replace(state=State.ACCEPTED))
    yield Step("marks ACCEPTED first", hands.turned(hands.worker._replace(phase="post")).world)


def _after_mark(rules: Rules, hands: Hands, *, marked: bool, written: bool) -> Iterator[World]:
    target = hands.worker.target
    if not written:
        hands = hands.written(hands.delivery._replace(doubt=True))
    if target == State.HELD and (marked or rules.policy == "retry"):
        yield hands.turned(hands.worker._replace(phase="bury held")).world
        return
    verdict = BACK if target in _COMES_BACK or target == State.HELD else GONE
    if target == State.ACCEPTED and not marked and rules.wrong == "returned after acceptance":
        verdict = BACK
    if verdict == GONE and target == State.ACCEPTED and rules.exact_queue and not written:
        verdict = UNRECORDED
    yield from finished(rules, hands, verdict)


def lettered(hands: Hands, of: int) -> Hands:
    """Put a delivery into the dead letters: from now on its messages are older than that."""
    after = hands.written(hands.world.deliveries[of]._replace(letter=True), of)
    messages = tuple(it._replace(late=False) if it.of == of else it for it in after.world.messages)
    return Hands(after.world._replace(messages=messages), hands.number)


def placed(world: World, message: int, where: int) -> World:
    """Put a message somewhere, unless it has been deleted."""
    found = world.messages[message]
    if found.where == DELETED:
        return world
    return world._replace(messages=replaced(world.messages, message, found._replace(where=where)))
