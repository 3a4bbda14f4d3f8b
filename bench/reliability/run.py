"""One run of each way to deliver, and what it came to."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from bench.reliability.peers import lease, no_idempotency, powertools
from bench.reliability.worlds import Peer, setting
from tests.simulation.clock import START
from tests.simulation.invariants import Outcome, lost
from tests.simulation.world import Setting, World

OURS: Final = "this relay"
WAYS: Final[Mapping[str, Callable[[Setting], World]]] = {
    OURS: World,
    "no idempotency": partial(Peer, serve=no_idempotency),
    "Powertools": partial(Peer, serve=powertools),
    "Powertools, claim first": partial(Peer, serve=powertools, claims_first=True),
    "lease of 5 s": partial(Peer, serve=lease),
}
ROWS: Final = (
    "deliveries", "lost", "doubled", "doubled, avoidable", "healthy in the DLQ", "held",
    "requests", "requests into an outage",
)  # fmt: skip


def run(way: str, seed: int, webhooks: int) -> Counter[str]:
    """Run one way and return its rows.

    A double is avoidable where the outcomes of all earlier requests were known: none was cut off,
    and no worker died over one.
    """
    world = WAYS[way](setting(seed, webhooks))
    world.run()
    outcome = Outcome(world)
    sends = {key: len(outcome.sent.get(key, ())) for key in outcome.wishes}
    unknown = outcome.tried[1]
    return Counter(
        {
            "deliveries": len(sends),
            "lost": sum(1 for _ in lost(outcome)),
            "doubled": sum(max(0, count - 1) for count in sends.values()),
            "doubled, avoidable": sum(
                max(0, count - 1 - unknown[key]) for key, count in sends.items()
            ),
            **_letters(outcome),
            "requests": len(world.braze.tried),
            "requests into an outage": sum(_in_outage(world, one.at) for one in world.braze.tried),
        }
    )


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
