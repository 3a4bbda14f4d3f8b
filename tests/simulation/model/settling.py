"""The worker's next step after each one, as in `settle`: the next claim, request or member."""

from collections.abc import Callable, Iterator

from handler.core.braze.outcome import Kind
from handler.core.delivery.claim_protocol import LedgerState
from tests.simulation.model.rules import Rules
from tests.simulation.model.world import (
    BACK,
    CLAIMED,
    DELETED,
    EARLY,
    FENCED,
    GONE,
    NEW,
    NOTHING,
    OPEN,
    OWN,
    TOLD_BY_MEMBERS,
    VERDICTS,
    Hands,
    Step,
    World,
    placed,
)


def following(rules: Rules, hands: Hands) -> Iterator[World]:
    """Go on with the next claim, or with the request of what is claimed."""
    worker = hands.worker._replace(outcomes=(), target="", fresh=False)
    if worker.going:
        claimed = worker.members[worker.going[0]].claim in CLAIMED
        post = hands.turned(worker._replace(phase="post")).world
        yield post if claimed else start(rules, hands, (), worker.alone)
        return
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
    phase = "open" if _is_fenced(hands, going) else first
    if hands.worker.members[going[0]].claim == NEW:
        phase = "claim"
    clean = hands.worker._replace(
        phase=phase, at=0, going=going, alone=alone, outcomes=(), recorded=NOTHING, target=""
    )
    return hands.turned(clean).world


def _is_fenced(hands: Hands, going: tuple[int, ...]) -> bool:
    """Return whether a request needs a `send#`: of many, or what is left of many."""
    is_open = any(hands.deliveries[hands.of_at(place)].sent == OPEN for place in going)
    return len(hands.worker.members) > 1 and not is_open


def answered(hands: Hands) -> World:
    """Have nothing left to do but to answer the queue."""
    members = hands.worker.members
    return hands.turned(type(hands.worker)("answer", members)).world


def not_now(hands: Hands) -> Iterator[World]:
    """Let what has no verdict come back or, past the horizon, bury it."""
    back = buried = hands
    for at, it in enumerate(hands.worker.members):
        if it.claim not in VERDICTS:
            back = back.claimed_as(BACK, at)
            buried = buried.claimed_as(GONE, at).lettered(hands.of_at(at))
    yield answered(back)
    yield answered(buried)


def kind_of(hands: Hands) -> Kind:
    """Return the kind of the outcome in hand; one that was noticed is held, and was applied."""
    name = outcome(hands)
    found: dict[str, Kind] = {
        "accepted": "accepted", "not_sent": "not_sent", "rejected": "rejected",
        "unknown": "unknown", "held": "held", "noticed": "held",
    }  # fmt: skip
    return found[name]


def outcome(hands: Hands) -> str:
    """Return what came of the request for the delivery in hand."""
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
        phase = "bury dead" if state is LedgerState.DEAD else "mark"
        turned = hands.turned(worker._replace(phase=phase, target=state))
        early = state is LedgerState.DEAD and rules.wrong == "acknowledged before its letter"
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


def released(hands: Hands, told: str, after: Callable[[Hands], Iterator[World]]) -> Iterator[Step]:
    """Make FAILED again what is claimed and of which nothing was sent; then whatever is `after`."""
    owned = hands.member.claim in (OWN, EARLY) and hands.delivery.state is LedgerState.SENDING
    freed = hands.written(hands.delivery._replace(state=LedgerState.FAILED)) if owned else hands
    for then in after(freed):
        yield Step(f"releases {told}", then)
    if owned and not hands.calm:
        unsent = hands.delivery.sent == FENCED
        for then in after(hands if unsent else hands.doubted()):
            yield Step("cannot release it", then, 1)
