"""A backlog drains in few requests where the queue hands over fifty messages at a time."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from time import process_time
from typing import Final

import pytest

from tests.simulation import world as worlds
from tests.simulation.clock import START
from tests.simulation.faults import Rates
from tests.simulation.figures import Figures, figures
from tests.simulation.invariants import breaches
from tests.simulation.outcome import Outcome
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import webhooks
from tests.simulation.storms import STORM
from tests.simulation.world import Setting, World

_BACKLOG: Final = 1_000
_HIGH_VOLUME: Final = 50  # template.yaml: the batch size of HighVolume
# Faults, and how many deliveries a request stands for; what fails comes again in smaller parts.
_FAULTS: Final[dict[str, tuple[Rates, int]]] = {"calm": ({}, 40), "storm": (STORM, 5)}


def backlog(world: World, count: int = _BACKLOG) -> None:
    """Let a shop send orders for one campaign before any worker is there, and nothing fails yet."""
    world.plan.active = False
    ingest = world.on.ingest()
    made = webhooks(Random(3), 4 * count, START, 100)  # noqa: S311 - to be repeated
    wanted = (
        each
        for each in made
        if each.topic == "orders/create" and each.wishes and not each.wishes[0].never_sent
    )
    for number, webhook in zip(range(count), wanted, strict=False):
        answer = ingest.answer(replace(webhook, at=START + number / 100).request())
        assert answer["statusCode"] == 200
        world.story.accepted.append(webhook)
    world.plan.active = True


def now_calm(world: World) -> None:
    """Count from here; but what fails goes on failing until the last has been sent."""
    world.story.calm_at = world.clock()


@pytest.mark.parametrize("faults", _FAULTS)
def test_a_backlog_for_one_campaign_drains_in_few_requests(
    faults: str, monkeypatch: pytest.MonkeyPatch, note: Callable[[Figures], None]
) -> None:
    monkeypatch.setattr(worlds, "BATCH", _HIGH_VOLUME)
    monkeypatch.setattr(World, "_calm", now_calm)
    begun = process_time()
    rates, together = _FAULTS[faults]
    world = World(Setting(3, webhooks=0, rates=rates))
    backlog(world)
    world.run()
    note(figures(world, process_time() - begun))

    assert breaches(world) == {}
    assert len(Outcome(world).sent) == _BACKLOG
    assert len(world.braze.tried) <= _BACKLOG / together
    widest = max(len([*deliveries_in(one.path, one.body)]) for one in world.braze.tried)
    assert widest == _HIGH_VOLUME
