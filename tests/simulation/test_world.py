"""The real handlers in a world where everything fails: what must hold holds, and is seen to.

`SIMULATED_WEBHOOKS` says how many webhooks in all (with `-n 2` on two cores), `SIMULATED_SEED`
which seeds: a run is 5,000 webhooks, and the first has that seed. The figures stand at the end.
"""

import gc
import os
from collections.abc import Callable
from time import process_time
from typing import Final

import pytest

from tests.simulation.environments import TABLE
from tests.simulation.figures import Figures, figures
from tests.simulation.invariants import breaches
from tests.simulation.sends import deliveries_in
from tests.simulation.storms import stormy
from tests.simulation.world import Setting, World

_LARGEST: Final = 5_000
ALL: Final = int(os.environ.get("SIMULATED_WEBHOOKS", "5000"))
_FIRST: Final = int(os.environ.get("SIMULATED_SEED", "1"))
_RUNS: Final = max(3, -(-ALL // _LARGEST))


def ended(setting: Setting) -> World:
    """Return the world after a run."""
    world = World(setting)
    world.run()
    return world


@pytest.mark.parametrize("seed", range(_FIRST, _FIRST + _RUNS))
def test_whatever_fails_what_was_accepted_arrives_once_and_as_it_was(
    seed: int, note: Callable[[Figures], None]
) -> None:
    begun = process_time()
    world = ended(stormy(seed, ALL // _RUNS))
    note(figures(world, process_time() - begun))

    assert breaches(world) == {}
    del world
    gc.collect()  # a world is full of circles; a million webhooks are 200 worlds


def test_where_nothing_fails_all_is_sent_and_nothing_twice() -> None:
    world = ended(Setting(1, 500, repeated=0.2))

    assert breaches(world) == {}
    wishes = [wish for it in world.story.accepted for wish in it.wishes if not wish.never_sent]
    applied = world.braze.applied
    sent = [key for one in applied for key, _ in deliveries_in(one.path, one.body)]
    assert sorted({wish.key for wish in wishes}) == sorted(sent)


def test_a_seed_gives_the_same_bytes_again() -> None:
    first, again = (ended(stormy(7, 150)) for _ in range(2))
    other = ended(stormy(8, 150))

    assert first.story.trace == again.story.trace != other.story.trace
    assert first.braze.applied == again.braze.applied
    assert first.on.dynamodb.tables[TABLE].items == again.on.dynamodb.tables[TABLE].items
    assert [*first.dead.messages] == [*again.dead.messages]
