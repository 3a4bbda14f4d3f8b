"""Campaigns that are paused for minutes: hardly anything is sent to them, and all of it after."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.simulation.faults import Rates
from tests.simulation.invariants import breaches
from tests.simulation.outcome import Outcome
from tests.simulation.shop import CAMPAIGNS
from tests.simulation.storms import STORM
from tests.simulation.world import Setting, World

_CONFIRM, _TICKET = (
    next(one for one, rule in CAMPAIGNS.items() if rule == name) for name in ("confirm", "ticket")
)
_MINUTE: Final = 60
# Without the answers that stop everything for the rest of an hour.
_RATES: Final[Rates] = {
    point: {fault: rate for fault, rate in rates.items() if not fault.kind.startswith("limited")}
    for point, rates in STORM.items()
}
_PAUSES: Final = ((20, 260, _CONFIRM), (40, 300, _TICKET))


def paused(rates: Rates) -> World:
    """Return a world after five minutes, most of which two campaigns are paused."""
    world = World(Setting(2, webhooks=300, rate=1, rates=rates, pauses=_PAUSES))
    world.run()
    return world


def test_what_is_sent_to_a_paused_campaign_is_of_its_first_minute_and_the_rest_is_sent_after() -> (
    None
):
    world = paused({})

    assert breaches(world) == {}
    begins = {one.campaign: one.begin for one in world.braze.pauses}
    vain = [one for one in world.braze.applied if one.because]
    late = [one.at - begins[one.body["campaign_id"]] for one in vain]
    assert late, "nobody was in time to meet the pause"
    assert max(late) < _MINUTE + 1
    end = max(one.end for one in world.braze.pauses)
    waited = [one for one in world.braze.applied if one.at > end]
    assert {one.body.get("campaign_id") for one in waited} >= {_CONFIRM, _TICKET}
    asks = [one for one in world.braze.asked if one.campaign == _CONFIRM]
    lasted = world.story.ended_at - asks[0].at
    assert len(asks) <= lasted / _MINUTE + 1


def test_whatever_fails_nothing_is_sent_to_a_campaign_that_is_known_to_be_paused() -> None:
    world = paused(_RATES)

    assert breaches(world) == {}
    assert {ask.active for ask in world.braze.asked} >= {True, False}
    assert len(Outcome(world).sent) > 250


def always(value: Any) -> Callable[..., Any]:
    return lambda *_given, **_named: value


MISTAKES: Final = {
    "nobody asks": {"handler.worker.dispatch.campaign_stop": always(None)},
    "nobody heeds the answer": {"handler.worker.campaign.campaign_state": always("active")},
    "a copy is believed for ever": {
        "handler.ledger.targets.Targets.fresh": lambda self, target, _now: (
            self.last(target) if target in self._known else None
        )
    },
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, instead in MISTAKES[name].items():
        monkeypatch.setattr(target, instead)

    assert "in_vain" in breaches(paused({}))
