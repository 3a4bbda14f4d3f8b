"""Braze's hourly limit: a backlog uses all of it, and hardly runs against it."""

from collections import Counter
from typing import Final

import pytest

from tests.simulation.braze import HOUR
from tests.simulation.invariants import breaches
from tests.simulation.world import Setting, World

_LIMIT: Final = 600  # requests an hour, as Braze's 250,000 beside a shop that sends far more
_WORKERS: Final = 4
_SETTING: Final = Setting(3, webhooks=1_800, rate=50, workers=_WORKERS, repeated=0)


def limited() -> tuple[World, Counter[int]]:
    """Return a world whose webhooks are too many for an hour, and the requests of each hour."""
    world = World(_SETTING)
    world.braze.limit = _LIMIT
    world.run()
    braze = world.braze
    made = [*(one.at for one in braze.tried), *(one.at for one in braze.asked)]
    return world, Counter(int(at // HOUR) for at in made)


def test_a_backlog_uses_the_hourly_limit_and_each_worker_meets_its_end_twice_at_most() -> None:
    world, hours = limited()

    first, *others = sorted(hours)
    assert others
    for hour in sorted(hours)[:-1]:  # the last one has what is left
        assert hours[hour] >= 0.95 * _LIMIT
    assert all(requests <= _LIMIT + 2 * _WORKERS for requests in hours.values())
    assert hours[first] > _LIMIT  # or nothing here has met the limit
    assert breaches(world).keys() <= {"too_many", "unfinished"}  # it takes hours, by its nature


def test_a_limit_that_nobody_waits_for_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handler.worker.dispatch._limited", lambda *_given: None)

    _, hours = limited()

    assert max(hours.values()) > _LIMIT + 2 * _WORKERS
