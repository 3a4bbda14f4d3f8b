"""Next steps of a state: a step of a worker, a receive, a redrive, a fault."""

from collections.abc import Iterator
from itertools import permutations

from tests.simulation.model import claiming, ending, faults, marking, sending
from tests.simulation.model.rules import Rules
from tests.simulation.model.world import (
    IN_FLIGHT,
    VISIBLE,
    Member,
    Step,
    Worker,
    World,
    hands_at,
    replaced,
)

_PHASES = {
    "claim": claiming.claim,
    "look": claiming.look,
    "void": claiming.void,
    "take": claiming.take,
    "take unsent": claiming.take_unsent,
    "adopt": claiming.adopt,
    "hold": claiming.hold,
    "give up": claiming.give_up,
    "open": sending.open_send,
    "mark first": marking.mark_first,
    "post": sending.post,
    "mark send": sending.mark_send,
    "mark": marking.mark,
    "bury dead": ending.bury_dead,
    "bury held": ending.bury_held,
    "bury again": ending.bury_again,
    "free": ending.free,
    "answer": ending.answer,
}


def steps(rules: Rules, world: World, workers: int, *, last: bool) -> Iterator[Step]:
    """Yield whatever can happen next; it need not be a fault if there was the last."""
    if len(world.workers) < workers:
        yield from _receipts(world)
    for number, worker in enumerate(world.workers):
        for told, then, cost in _PHASES[worker.phase](rules, hands_at(world, number, calm=last)):
            yield Step(f"worker {number} {told}", then, cost)
    if not rules.exact_queue:
        yield from faults.redrives(world)
    if not last:
        yield from _faults(rules, world)


def _faults(rules: Rules, world: World) -> Iterator[Step]:
    yield from faults.deaths(rules, world)
    if not rules.exact_queue:
        yield from faults.early_leases(world)
        yield from faults.early_messages(world)


def _receipts(world: World) -> Iterator[Step]:
    waiting = [at for at, it in enumerate(world.messages) if it.where == VISIBLE]
    batches: list[tuple[int, ...]] = [(at,) for at in waiting]
    if len(world.deliveries) > 1:
        of = [it.of for it in world.messages]
        batches += [pair for pair in permutations(waiting, 2) if of[pair[0]] != of[pair[1]]]
    for batch in batches:
        messages = world.messages
        for at in batch:
            messages = replaced(messages, at, messages[at]._replace(where=IN_FLIGHT))
        worker = Worker("claim", tuple(Member(at) for at in batch))
        named = " and ".join(str(at) for at in batch)
        yield Step(
            f"a worker receives message {named}",
            World(world.deliveries, messages, (*world.workers, worker)),
        )
