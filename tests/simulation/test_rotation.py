"""Rotations of the API key while deliveries are on their way.

By default it is twenty in 800 webhooks; all of them are SIMULATED_ROTATIONS=100
SIMULATED_ROTATED=100000.
"""

import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from time import process_time
from typing import Final

import pytest

from tests.simulation import world as worlds
from tests.simulation.braze import Try
from tests.simulation.figures import Figures, figures
from tests.simulation.invariants import breaches
from tests.simulation.outcome import Outcome
from tests.simulation.shop import is_bad, is_poison
from tests.simulation.world import Setting, World

_ROTATIONS: Final = int(os.environ.get("SIMULATED_ROTATIONS", "8"))
_WEBHOOKS: Final = int(os.environ.get("SIMULATED_ROTATED", "320"))
_APART: Final = 500  # seconds between two rotations
_WORKERS: Final = 4


def rotated(monkeypatch: pytest.MonkeyPatch, kept: int) -> World:
    """Rotate again and again, each old key kept so many seconds."""
    monkeypatch.setattr(worlds, "_RETIRED", kept)
    lasts = _APART * (_ROTATIONS + 1)
    times = tuple(float(_APART * number) for number in range(1, _ROTATIONS + 1))
    setting = Setting(5, _WEBHOOKS, rate=_WEBHOOKS / lasts, workers=_WORKERS, rotations=times)
    world = World(setting)
    world.run()
    return world


def refused(world: World) -> list[Try]:
    """Return what Braze did not apply though nothing but the key was at fault: no faults here."""
    applied = {one.number for one in world.braze.applied}
    tried = enumerate(world.braze.tried, 1)
    left = [one for number, one in tried if number not in applied]
    return [one for one in left if not is_bad(one.body) and not is_poison(one.body)]


def dead_in_vain(world: World) -> Iterator[str]:
    outcome = Outcome(world)
    for key, reasons in outcome.letters.items():
        if key not in outcome.wishes or not outcome.wishes[key].never_sent:
            yield f"{key}: {reasons}"


def keys_used(world: World) -> list[int]:
    return [int(one.key.rpartition("-")[2]) for one in world.braze.applied]


def test_a_rotation_with_time_for_both_keys_loses_nothing_and_no_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, note: Callable[[Figures], None]
) -> None:
    begun = process_time()
    world = rotated(monkeypatch, 400)
    note({**figures(world, process_time() - begun), "keys refused": len(refused(world))})

    assert breaches(world) == {}
    assert [*dead_in_vain(world)] == []
    assert refused(world) == []
    assert len({*keys_used(world)}) == _ROTATIONS + 1


def test_a_key_that_dies_at_its_rotation_costs_each_worker_one_request_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, note: Callable[[Figures], None]
) -> None:
    begun = process_time()
    world = rotated(monkeypatch, 0)
    note({**figures(world, process_time() - begun), "keys refused": len(refused(world))})

    assert breaches(world) == {}
    assert [*dead_in_vain(world)] == []
    assert 0 < len(refused(world)) <= _ROTATIONS * _WORKERS
    assert all(before <= after for before, after in pairwise(keys_used(world)))
