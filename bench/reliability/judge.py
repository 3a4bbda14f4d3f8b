"""Result of a run: one judge for all ways to deliver."""

from collections import Counter, defaultdict
from typing import Final

from tests.simulation.clock import START
from tests.simulation.invariants import lost, out_of_order
from tests.simulation.objects import Key
from tests.simulation.outcome import Outcome
from tests.simulation.sends import deliveries_in
from tests.simulation.world import World

COLUMNS: Final = (
    "lost", "doubled", "doubled, not hold", "doubled, avoidable", "healthy in the DLQ", "held",
    "stale attributes", "requests into an outage",
)  # fmt: skip


def judged(world: World) -> Counter[str]:
    """Count what became of all deliveries of a finished run.

    A double is avoidable if an earlier request for the same delivery was known to be accepted.
    Unknown is what got no answer, or one that is not Braze's, and the last request of a worker
    that died: before the next one it could have recorded what it had learned.
    """
    outcome = Outcome(world)
    return Counter(
        {
            "deliveries": len(outcome.wishes),
            "lost": sum(1 for _ in lost(outcome)),
            **_doubles(outcome),
            **_letters(outcome),
            "stale attributes": sum(1 for _ in out_of_order(outcome)),
            "requests into an outage": sum(_in_outage(world, one.at) for one in world.braze.tried),
        }
    )


def _doubles(outcome: Outcome) -> Counter[str]:
    found = Counter({"doubled": 0, "doubled, not hold": 0, "doubled, avoidable": 0})
    for key, requests in _applied(outcome).items():
        knowing = [at for at, unknown in enumerate(requests) if not unknown]
        found["doubled"] += len(requests) - 1
        found["doubled, not hold"] += 0 if outcome.wishes[key].hold else len(requests) - 1
        found["doubled, avoidable"] += len(requests) - 1 - knowing[0] if knowing else 0
    return found


def _applied(outcome: Outcome) -> dict[Key, list[bool]]:
    """Return of each delivery the requests that Braze acted on, in order: whether unknown."""
    braze = outcome.world.braze
    found = defaultdict(list)
    for one in sorted(braze.applied, key=lambda each: each.number):
        for key, _ in deliveries_in(one.path, one.body):
            if key in outcome.wishes:
                found[key].append(braze.tried[one.number - 1].unknown)
    return found


def _letters(outcome: Outcome) -> Counter[str]:
    found = Counter({"healthy in the DLQ": 0, "held": 0})
    for key, reasons in outcome.letters.items():
        wish = outcome.wishes.get(key)
        if wish is not None and not wish.never_sent:
            is_held = wish.may_be_buried >= set(reasons)
            found["held" if is_held else "healthy in the DLQ"] += 1
    return found


def _in_outage(world: World, at: float) -> bool:
    times = world.setting.outages
    return any(START + begin <= at < START + end for begin, end, _ in times)
