"""Properties of every state, and of states in which nothing is left to do."""

from collections.abc import Iterator

from handler.core.delivery.claim_protocol import LedgerState
from tests.simulation.model.rules import Rules
from tests.simulation.model.world import DELETED, OWN, ROBBED, World


def is_quiet(world: World) -> bool:
    """Return whether the queue is empty and no worker is left."""
    return not world.workers and all(it.where == DELETED for it in world.messages)


def broken(rules: Rules, world: World) -> Iterator[str]:
    """Yield the names of the properties that a state breaks.

    lost: what nobody has in hand any more was applied, or is in the dead letters.
    twice: hold applies once; retry once more for every request of which no survivor learned the
    answer, and for every one whose acceptance could not be recorded. In other words: of all that
    was applied the ledger knows of one; and where SQS delivers nothing twice, a survivor does.
    untrue: the ledger says ACCEPTED of what was never applied.
    needless: HELD is what everybody knows was never sent.
    together: two workers have the claim of one delivery under leases that hold.
    """
    for delivery in world.deliveries:
        if delivery.recorded > 1 or (rules.policy == "hold" and delivery.applied > 1):
            yield "twice"
        if delivery.state is LedgerState.ACCEPTED and not delivery.applied:
            yield "untrue"
        surely = not (delivery.doubt or delivery.applied)
        if rules.policy == "hold" and delivery.state is LedgerState.HELD and surely:
            yield "needless"
        if is_quiet(world) and not (delivery.letter or delivery.applied):
            yield "lost"
    if _are_together(world):
        yield "together"


def _are_together(world: World) -> bool:
    held = [
        world.messages[member.message].of
        for worker in world.workers
        for member in worker.members
        if member.claim in (OWN, ROBBED)
    ]
    return len({*held}) < len(held)
