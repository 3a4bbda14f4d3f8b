"""One state for all that differ in names only: workers are interchangeable, and so are messages."""

from functools import cache
from itertools import permutations

from handler.core.protocol import State
from tests.simulation.model.rules import Rules
from tests.simulation.model.world import DELETED, NOTHING, Delivery, Message, World

# Where each message and each delivery goes.
Order = tuple[tuple[int, ...], tuple[int, ...]]


def canonical(rules: Rules, world: World) -> World:
    """Return the state that stands for all that are the same but for names.

    What nothing asks for is left out: doubt matters under hold, what `send#` says while its claim
    lasts, the age of a message while there is one; and under retry a second request is judged by
    what the ledger knows of it.
    """
    plain = World(
        tuple(_plain_delivery(rules, it) for it in world.deliveries),
        tuple(Message(it.of, DELETED) if it.where == DELETED else it for it in world.messages),
        world.workers,
    )
    orders = _orders(tuple(it.of for it in world.messages))
    return min(_named(plain, order) for order in orders)


def _plain_delivery(rules: Rules, it: Delivery) -> Delivery:
    if rules.policy == "retry":
        it = it._replace(doubt=False, applied=min(it.applied, 1))
    return it if it.state is State.SENDING or not it.sent else it._replace(sent=NOTHING)


@cache
def _orders(of: tuple[int, ...]) -> tuple[Order, ...]:
    """Return the ways to rename messages: those of one delivery, or deliveries with theirs."""
    found = []
    for messages in permutations(range(len(of))):
        deliveries = {of[at]: of[to] for at, to in enumerate(messages)}
        if all(deliveries[of[at]] == of[to] for at, to in enumerate(messages)):
            found.append((messages, tuple(deliveries[at] for at in range(len(deliveries)))))
    return tuple(found)


def _named(world: World, order: Order) -> World:
    messages, deliveries = order
    if messages == tuple(range(len(messages))):
        return world._replace(workers=tuple(sorted(world.workers)))
    workers = [
        worker._replace(
            members=tuple(it._replace(message=messages[it.message]) for it in worker.members)
        )
        for worker in world.workers
    ]
    return World(
        tuple(world.deliveries[at] for at in _inverse(deliveries)),
        tuple(
            world.messages[at]._replace(of=deliveries[world.messages[at].of])
            for at in _inverse(messages)
        ),
        tuple(sorted(workers)),
    )


@cache
def _inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(order.index(at) for at in range(len(order)))
