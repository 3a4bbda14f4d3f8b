"""One state for all that differ in names only: workers are interchangeable, and so are messages."""

from functools import cache
from itertools import permutations

from handler.core.delivery.claim_protocol import State
from handler.core.models import OnUnknown
from tests.simulation.model.rules import Rules
from tests.simulation.model.world import DELETED, NOTHING, Delivery, Message, Worker, World

# Where each message and each delivery goes.
Order = tuple[tuple[int, ...], tuple[int, ...]]


def canonical(rules: Rules, world: World) -> World:
    """Return the state that stands for all that are the same but for names.

    What nothing asks for is left out: doubt matters under hold, what `send#` says while its claim
    lasts, the age of a message while there is one; and under retry a second request is judged by
    what the ledger knows of it.
    """
    deliveries = tuple([_plain_delivery(rules.policy, it) for it in world.deliveries])
    messages = tuple([_plain_message(it) for it in world.messages])
    plain = World(deliveries, messages, tuple(sorted(world.workers)))
    orders = _orders(tuple([it.of for it in messages]))
    return min([plain, *(_named(plain, order) for order in orders)])


# What is the same again and again is made once: a search asks a million times.
@cache
def _plain_delivery(policy: OnUnknown, it: Delivery) -> Delivery:
    if policy == "retry":
        it = it._replace(doubt=False, applied=min(it.applied, 1))
    return it if it.state is State.SENDING or not it.sent else it._replace(sent=NOTHING)


@cache
def _plain_message(it: Message) -> Message:
    return Message(it.of, DELETED) if it.where == DELETED else it


@cache
def _orders(of: tuple[int, ...]) -> tuple[Order, ...]:
    """Return the other ways to name messages: those of one delivery, or deliveries with theirs."""
    found = []
    for messages in permutations(range(len(of))):
        deliveries = {of[at]: of[to] for at, to in enumerate(messages)}
        if all(deliveries[of[at]] == of[to] for at, to in enumerate(messages)):
            found.append((messages, tuple(deliveries[at] for at in range(len(deliveries)))))
    return tuple(found[1:])  # the first one is the names as they are


def _named(world: World, order: Order) -> World:
    messages, deliveries = order
    return World(
        tuple([world.deliveries[at] for at in _inverse(deliveries)]),
        tuple([_message_named(world.messages[at], deliveries) for at in _inverse(messages)]),
        tuple(sorted([_worker_named(it, messages) for it in world.workers])),
    )


@cache
def _message_named(it: Message, deliveries: tuple[int, ...]) -> Message:
    return it._replace(of=deliveries[it.of])


@cache
def _worker_named(it: Worker, messages: tuple[int, ...]) -> Worker:
    members = tuple(each._replace(message=messages[each.message]) for each in it.members)
    return it._replace(members=members)


@cache
def _inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(order.index(at) for at in range(len(order)))
