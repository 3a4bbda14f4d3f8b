"""Orders that are counted, and choices of consent: everything fails, and Braze counts right.

`COUNTED` says how many webhooks in all, `SIMULATED_SEED` which seeds: a run is 5,000 at most.
"""

import gc
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import process_time
from typing import Any, Final

import pytest

from handler.core.braze.refused import Place, remainder
from handler.core.models import Delivery
from handler.ledger.profile_versions import ProfileVersions
from tests.simulation import till
from tests.simulation.braze import DAY, HOUR
from tests.simulation.counts import choices, expected, sums
from tests.simulation.figures import Figures, figures
from tests.simulation.invariants import breaches
from tests.simulation.objects import CONSENT, SUBSCRIBE, TRACK, objects
from tests.simulation.outcome import Outcome
from tests.simulation.profiles import Profile, profiles
from tests.simulation.storms import counted
from tests.simulation.world import Setting, World

_LARGEST: Final = 5_000
ALL: Final = int(os.environ.get("COUNTED", "1000"))
_FIRST: Final = int(os.environ.get("SIMULATED_SEED", "1"))
_RUNS: Final = max(2, -(-ALL // _LARGEST))


def ended(setting: Setting) -> World:
    world = World(setting)
    world.run()
    return world


def calm(seed: int, webhooks: int, **given: Any) -> World:
    """Return a world after a run in which nothing fails, but that Braze refuses some objects."""
    given = {"make": till.webhooks, "refuses": till.refuses, "repeated": 0.2, **given}
    return ended(Setting(seed, webhooks, **given))


@pytest.mark.parametrize("seed", range(_FIRST, _FIRST + _RUNS))
def test_whatever_fails_braze_counts_what_was_ordered_and_heeds_the_newest_choice(
    seed: int, note: Callable[[Figures], None]
) -> None:
    begun = process_time()
    world = ended(counted(seed, ALL // _RUNS))

    assert breaches(world) == {}
    world.mend()
    note({**figures(world, process_time() - begun), **sums(Outcome(world))})
    assert breaches(world) == {}
    del world
    gc.collect()  # as in test_world


@pytest.fixture(scope="module")
def redriven() -> tuple[World, Outcome]:
    """A world after what Braze had refused was redriven, and its outcome before that."""
    world = calm(1, 400)
    assert breaches(world) == {}
    before = Outcome(world)
    assert before.letters  # they are read before they are redriven
    assert before.sent
    world.mend()
    return world, before


def test_where_nothing_fails_each_sum_is_exact_and_each_choice_the_newest(
    redriven: tuple[World, Outcome],
) -> None:
    world, _ = redriven

    assert breaches(world) == {}
    outcome = Outcome(world)
    assert {key for key in outcome.letters if outcome.wishes[key].refused} == set()
    found = profiles(world.braze.applied)
    assert len(expected(outcome)) > 50
    for user, ranges in expected(outcome).items():
        profile = found.get(user, Profile())
        has = (profile.cents, profile.orders, profile.attributes.get("bonus", 0))
        assert [*zip(has, has, strict=True)] == [*ranges], user
    assert all(last == newest.key for newest, last in choices(outcome).values())


def test_what_is_delayed_begins_that_much_later(redriven: tuple[World, Outcome]) -> None:
    world, _ = redriven
    came = {wish.key: each.at for each in world.story.accepted for wish in each.wishes}
    began = {key: sends[0][0] for key, sends in Outcome(world).sent.items() if key[0] == "bonus"}
    assert began
    assert all(at >= came[key] + till.DELAY for key, at in began.items())


def test_an_older_choice_that_is_redriven_is_dropped_and_not_sent(
    redriven: tuple[World, Outcome],
) -> None:
    world, before = redriven
    newest = {user: wish.version or 0 for user, (wish, _) in choices(before).items()}
    overtaken = {
        key
        for key in before.letters
        if (wish := before.wishes[key]).guard == CONSENT and newest[wish.user] > (wish.version or 0)
    }

    assert overtaken
    after = Outcome(world)
    assert overtaken <= after.stale
    assert not overtaken & after.sent.keys()


def test_seventy_five_objects_share_a_request_and_no_two_deliveries_of_one_user() -> None:
    world = calm(2, 600, rate=1_000, workers=1)

    assert breaches(world) == {}  # Braze's own checks of each request are among them
    widest = max(sum(1 for _ in objects(one.body)) for one in world.braze.tried)
    assert 10 <= widest <= 75


def test_the_limits_of_profiles_and_consent_take_nothing_from_the_hour_of_the_sends() -> None:
    world = World(Setting(3, 300, make=till.webhooks, repeated=0))
    world.braze.limit = 40
    world.run()

    ends = {True: 0.0, False: 0.0}
    for one in world.braze.applied:
        is_send = one.path not in (TRACK, SUBSCRIBE)
        ends[is_send] = max(ends[is_send], one.at)
    begin = world.braze.tried[0].at
    assert ends[False] < begin + 300 + till.DELAY
    assert ends[True] // HOUR > begin // HOUR
    assert breaches(world).keys() <= {"too_many", "unfinished"}  # hours, by its nature


def goes_on(world: World) -> None:
    """Count from here; but an outage goes on after the last webhook."""
    world.story.calm_at = world.clock()


def test_an_outage_of_two_days_costs_messages_their_day_and_no_order_its_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(World, "_calm", goes_on)
    outage = (0, 2 * DAY, "refused")
    world = World(Setting(4, 8, workers=1, make=till.webhooks, repeated=0, outages=(outage,)))
    world.run()

    outcome = Outcome(world)
    sends = {key for key in outcome.wishes if key[0] == "thanks"}
    assert sends
    assert outcome.letters == {key: ["horizon"] for key in sends}
    assert outcome.wishes.keys() - sends <= outcome.sent.keys() | outcome.stale
    assert breaches(world).keys() == {"buried", "unfinished"}  # the sends, and it takes days


def always(value: Any) -> Callable[..., Any]:
    return lambda *_given, **_named: value


_begin: Final = ProfileVersions.begin


def whole(delivery: Delivery, places: Sequence[Place]) -> Delivery:
    return replace(remainder(delivery, places), recipient=delivery.recipient)


def taken_for_go(self: ProfileVersions, *given: Any) -> str:
    turn = _begin(self, *given)
    return "go" if turn == "stale" else turn


MISTAKES: Final[dict[str, tuple[set[str], dict[str, Any]]]] = {
    "what was accepted is not marked": (
        {"repeated", "miscounted"},
        {
            "handler.ledger.ledger.Ledger.mark": always(1),
            "handler.ledger.batch_requests.BatchRequests.mark": always(1),
        },
    ),
    "hold is taken for retry": (
        {"repeated", "miscounted"},
        {
            "handler.worker.settle.policy": always("retry"),
            "handler.worker.claim.policy": always("retry"),
        },
    ),
    "what Braze refuses inside a 2xx is not read": (
        {"dropped", "miscounted"},
        {"handler.core.braze.outcome._refused": always({})},
    ),
    "the refused objects of a delivery have no letter": (
        {"dropped", "miscounted"},
        {"handler.worker.refused.bury_message": always(None)},
    ),
    "the letter holds what was accepted, too": (
        {"kept"},
        {"handler.worker.refused.remainder": whole},
    ),
    "nobody waits for a turn": (
        {"out_of_order", "overruled"},
        {"handler.ledger.profile_versions.ProfileVersions.begin": always("go")},
    ),
    "a stale choice is sent": (
        {"out_of_order", "overruled"},
        {"handler.ledger.profile_versions.ProfileVersions.begin": taken_for_go},
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by, instead = MISTAKES[name]
    for target, other in instead.items():
        monkeypatch.setattr(target, other)

    assert any(seen_by <= breaches(ended(counted(seed, 500))).keys() for seed in range(1, 5))
