"""The last steps of a message: its dead letter, its release, the answer to the queue."""

from collections.abc import Iterator
from itertools import product

from handler.core.delivery.claim_protocol import LedgerState
from tests.simulation.model.rules import Rules
from tests.simulation.model.settling import (
    answered,
    finished,
    following,
    kind_of,
    not_now,
    released,
)
from tests.simulation.model.world import (
    BACK,
    DELETED,
    GONE,
    VERDICTS,
    VISIBLE,
    Hands,
    Step,
    World,
    placed,
)


def bury_dead(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Bury what is given up, and then mark it DEAD; what is not buried is tried again."""
    del rules
    unsent = kind_of(hands) in ("rejected", "not_sent")
    alive = hands.worker._replace(
        phase="mark", target=LedgerState.FAILED if unsent else LedgerState.UNKNOWN
    )
    dead = hands.worker._replace(phase="mark")
    yield Step("buries it", hands.lettered().turned(dead).world)
    if hands.calm:
        return
    yield Step("cannot bury it", hands.turned(alive).world, 1)
    yield Step("buries it and never learns", hands.lettered().turned(alive).world, 1)


def bury_held(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Bury what has just been marked HELD."""
    for told, letter, verdict, faults in _BURYING[:1] if hands.calm else _BURYING:
        buried = hands.lettered() if letter else hands
        for then in finished(rules, buried, verdict):
            yield Step(told, then, faults)


_BURYING = (
    ("buries it", True, GONE, 0),
    ("cannot bury it", False, BACK, 1),
    ("buries it and never learns", True, BACK, 1),
)


def bury_again(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Bury what is HELD and came all the same."""
    buried = hands.lettered()
    for then in following(rules, buried.claimed_as(GONE)):
        yield Step("buries it as held", then)
    if hands.calm:
        return
    for told, after in (("cannot bury it", hands), ("buries it and never learns", buried)):
        for then in not_now(after):
            yield Step(told, then, 1)


def free(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Release the claim in hand, of which nothing was sent."""
    del rules
    yield from released(hands, "it", _after_free)


def _after_free(hands: Hands) -> Iterator[World]:
    done = hands.claimed_as(BACK)
    worker = done.worker
    if worker.at + 1 < len(worker.going):
        yield done.turned(worker._replace(at=worker.at + 1)).world
    elif all(it.claim in VERDICTS for it in worker.members):
        yield answered(done)
    else:
        yield from not_now(done)


def answer(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Answer the queue: what is done with is deleted, unless the deletion is lost."""
    members = hands.worker.members
    left = World(hands.deliveries, hands.messages, hands.others)
    choices = [_ends(rules, it.claim) for it in members]
    for chosen in product(*choices):
        world = left
        for it, (where, _) in zip(members, chosen, strict=True):
            world = placed(world, it.message, where)
        told = "answers; " + ", ".join(
            "gone" if where == DELETED else "back" for where, _ in chosen
        )
        yield Step(told, world, sum(faults for _, faults in chosen))


def _ends(rules: Rules, verdict: int) -> tuple[tuple[int, int], ...]:
    if verdict == BACK:
        return ((VISIBLE, 0),)
    return ((DELETED, 0),) if rules.exact_queue else ((DELETED, 0), (VISIBLE, 1))
