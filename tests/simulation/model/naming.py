"""One state for all that differ in names only: workers are interchangeable, and so are messages."""

from functools import cache
from itertools import permutations

from handler.core.delivery.claim_protocol import LedgerState
from handler.core.models import OnUnknown
from tests.simulation.model.rules import Rules
from tests.simulation.model.world import (
    DELETED,
    NOTHING,
    Delivery,
    Member,
    Message,
    Worker,
    World,
)

Order = tuple[int, ...]  # where each goes
Named = tuple[tuple[Delivery, ...], tuple[Message, ...]]


def canonical(rules: Rules, world: World) -> World:
    """Return the state that stands for all that are the same but for names.

    What nothing asks for is left out: doubt matters under hold, what `send#` says while its claim
    lasts, the age of a message while there is one; and under retry a second request is judged by
    what the ledger knows of it.
    """
    deliveries, messages, orders = _least(rules.policy, world.deliveries, world.messages)
    named = [[_worker_named(it, order) for it in world.workers] for order in orders]
    return World(deliveries, messages, min([tuple(sorted(workers)) for workers in named]))


# What is the same again and again is made once: a search asks a million times.
@cache
def _least(
    policy: OnUnknown, deliveries: tuple[Delivery, ...], messages: tuple[Message, ...]
) -> tuple[tuple[Delivery, ...], tuple[Message, ...], tuple[Order, ...]]:
    """Return both under the names that come first, and where messages go under these."""
    plain = [_plain_delivery(policy, it) for it in deliveries]
    kept = [_plain_message(it) for it in messages]
    found: dict[Named, list[Order]] = {}
    for order, to in _orders(tuple([it.of for it in messages])):
        named = (
            tuple([plain[at] for at in _inverse(to)]),
            tuple([kept[at]._replace(of=to[kept[at].of]) for at in _inverse(order)]),
        )
        found.setdefault(named, []).append(order)
    least = min(found)
    return (*least, tuple(found[least]))


def _plain_delivery(policy: OnUnknown, it: Delivery) -> Delivery:
    if policy == "retry":
        it = it._replace(doubt=False, applied=min(it.applied, 1))
    return it if it.state is LedgerState.SENDING or not it.sent else it._replace(sent=NOTHING)


def _plain_message(it: Message) -> Message:
    return Message(it.of, DELETED) if it.where == DELETED else it


@cache
def _orders(of: tuple[int, ...]) -> tuple[tuple[Order, Order], ...]:
    """Return all ways to name messages and deliveries: a message stays with its delivery."""
    found = []
    for messages in permutations(range(len(of))):
        deliveries = {of[at]: of[to] for at, to in enumerate(messages)}
        if all(deliveries[of[at]] == of[to] for at, to in enumerate(messages)):
            found.append((messages, tuple(deliveries[at] for at in range(len(deliveries)))))
    return tuple(found)


@cache
def _worker_named(it: Worker, messages: Order) -> Worker:
    members = tuple(Member(messages[each.message], each.claim) for each in it.members)
    return it._replace(members=members)


def _inverse(order: Order) -> Order:
    return tuple(order.index(at) for at in range(len(order)))
