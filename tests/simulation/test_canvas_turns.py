"""Three hundred entries of one buyer into one Canvas: each is let in, and none waits in vain."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any, Final
from unittest.mock import patch

import pytest

from handler.deliver import serve
from tests.simulation import shop
from tests.simulation import world as worlds
from tests.simulation.invariants import breaches
from tests.simulation.outcome import Outcome
from tests.simulation.shop import Webhook
from tests.simulation.storms import STORM
from tests.simulation.world import Setting, World

SIBLINGS: Final = 300
_OF_ONE: Final = 100  # deliveries of one webhook at most
_RECEIVES: Final = 3  # of each, on average, and fewer


def order(number: int, at: float) -> Webhook:
    """Return a webhook of the one buyer, with a hundred seats."""
    document = {
        **shop._document(number, "buyer", at),  # noqa: SLF001 - as the shop makes it
        "items": [{"seat": f"S{seat}"} for seat in range(_OF_ONE)],
    }
    return shop.signed(Random(1), at, number, "orders/edited", document)  # noqa: S311 - unused


def bought(rates: Any) -> tuple[World, Counter[str]]:
    """Return a world after all entries were sent, and how often each message was received."""
    world = World(Setting(3, webhooks=0, rates=rates))
    world.plan.active = False
    ingest = world.on.ingest()
    received: Counter[str] = Counter()

    def counted(_worker: Any, event: Any, context: Any) -> Any:
        received.update(one["messageId"] for one in event["Records"])
        return serve(_worker, event, context)

    with world.on.ports(), patch.object(worlds, "serve", counted):
        for number in range(SIBLINGS // _OF_ONE):
            webhook = order(number + 1, world.clock())
            assert ingest.answer(webhook.request())["statusCode"] == 200
            world.story.accepted.append(webhook)
        world.plan.active = True
        world.run()
    return world, received


def test_each_of_three_hundred_siblings_is_let_in_after_about_one_receive_for_its_turn() -> None:
    world, received = bought({})

    assert breaches(world) == {}
    assert len(Outcome(world).sent) == SIBLINGS
    assert world.dead.messages == {}
    assert received.total() < _RECEIVES * SIBLINGS
    assert max(received.values()) <= _RECEIVES
    begins = sorted(one.at for one in world.braze.tried)
    assert min(late - early for early, late in pairwise(begins)) >= 1.9
    assert begins[-1] - begins[0] < 4 * SIBLINGS


def test_whatever_fails_each_is_let_in() -> None:
    world, _ = bought({point: rates for point, rates in STORM.items() if point != "braze.post"})

    assert breaches(world) == {}
    assert len(Outcome(world).sent) == SIBLINGS


def always(value: Any) -> Callable[..., Any]:
    return lambda *_given, **_named: value


MISTAKES: Final = {
    "nobody takes a turn": {"handler.worker.turns.turn_of": always(None)},
    "a turn is not kept": {"handler.ledger.canvas_turns.CanvasTurns.take": always(0)},
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, instead in MISTAKES[name].items():
        monkeypatch.setattr(target, instead)

    assert "in_vain" in breaches(bought({})[0])
