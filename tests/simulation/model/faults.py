"""Faults of workers and messages: death, a lease that ends early, messages that come again."""

from collections.abc import Iterator

from handler.core.delivery.claim_protocol import LedgerState
from tests.simulation.model.rules import Rules
from tests.simulation.model.world import (
    DELETED,
    EARLY,
    FENCED,
    IN_FLIGHT,
    OWN,
    UNRECORDED,
    VISIBLE,
    Delivery,
    Hands,
    Step,
    World,
    hands_at,
    replaced,
)


def deaths(rules: Rules, world: World) -> Iterator[Step]:
    """A worker dies: its messages come back, and nobody is left that has its claims."""
    for number, worker in enumerate(world.workers):
        hands = hands_at(world, number)
        for at, member in enumerate(worker.members):
            of = world.messages[member.message].of
            each = hands.deliveries[of]
            hands = hands.written(_left(rules, hands, at, each), of)
        after = World(hands.deliveries, hands.messages, hands.others)
        for member in worker.members:
            after = _visible(after, member.message)
        yield Step(f"worker {number} dies at: {worker.phase}", after, 1)


def _left(rules: Rules, hands: Hands, at: int, delivery: Delivery) -> Delivery:
    worker = hands.worker
    claim = worker.members[at].claim
    is_sending = delivery.state is LedgerState.SENDING and delivery.sent != FENCED
    doubt = delivery.doubt or (claim in (OWN, EARLY) and is_sending)
    in_hand = worker.phase == "mark" and worker.outcomes == ("accepted",) and claim == OWN
    unlearned = rules.exact_queue and (in_hand or claim == UNRECORDED)
    return delivery._replace(doubt=doubt, recorded=delivery.recorded - unlearned)


def _visible(world: World, number: int) -> World:
    message = world.messages[number]
    if message.where != IN_FLIGHT:
        return world
    return world._replace(
        messages=replaced(world.messages, number, message._replace(where=VISIBLE))
    )


def early_leases(world: World) -> Iterator[Step]:
    """A lease ends while its worker lives, as a clock may be wrong."""
    for number, worker in enumerate(world.workers):
        for at, member in enumerate(worker.members):
            of = world.messages[member.message].of
            if member.claim == OWN and world.deliveries[of].state is LedgerState.SENDING:
                after = hands_at(world, number).claimed_as(EARLY, at)
                if world.deliveries[of].sent != FENCED:
                    after = after.doubted(of)
                yield Step(f"the lease of worker {number} ends early", after.world, 1)


def early_messages(world: World) -> Iterator[Step]:
    """SQS delivers a message that a worker still has."""
    for number, message in enumerate(world.messages):
        if message.where == IN_FLIGHT:
            yield Step(f"message {number} is visible early", _visible(world, number), 1)


def redrives(world: World) -> Iterator[Step]:
    """A person redrives a dead letter: a message of its own, later than whatever was marked."""
    held = {member.message for worker in world.workers for member in worker.members}
    for of, delivery in enumerate(world.deliveries):
        slots = [
            number
            for number, it in enumerate(world.messages)
            if it.of == of and it.where == DELETED and number not in held
        ]
        if delivery.letter and slots:
            late = world.messages[slots[0]]._replace(where=VISIBLE, late=True)
            yield Step(
                f"the letter of delivery {of} is redriven",
                world._replace(
                    deliveries=replaced(world.deliveries, of, delivery._replace(letter=False)),
                    messages=replaced(world.messages, slots[0], late),
                ),
            )
