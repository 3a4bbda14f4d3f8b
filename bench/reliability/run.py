"""One run of each way to deliver."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from bench.reliability.judge import judged
from bench.reliability.peers import lease, no_idempotency, powertools
from bench.reliability.worlds import Contestant, Peer, setting
from tests.simulation.world import Setting

OURS: Final = "this relay"
WAYS: Final[Mapping[str, Callable[[Setting], Contestant]]] = {
    OURS: Contestant,
    "no idempotency": partial(Peer, serve=no_idempotency),
    "Powertools": partial(Peer, serve=powertools),
    "Powertools, claim first": partial(Peer, serve=powertools, claims_first=True),
    "lease of 5 s": partial(Peer, serve=lease),
}


def run(way: str, seed: int, webhooks: int) -> Counter[str]:
    """Run one way and return its counts."""
    world = WAYS[way](setting(seed, webhooks))
    world.run()
    return judged(world)
