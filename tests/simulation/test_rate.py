"""Braze's hourly limit: a backlog uses all of it, and hardly runs against it."""

from collections import Counter, defaultdict
from typing import Final, NamedTuple

import pytest

from tests.simulation.braze import HOUR
from tests.simulation.invariants import breaches
from tests.simulation.world import Setting, World

_LIMIT: Final = 600  # requests an hour, as Braze's 250,000 beside a shop that sends far more
_WORKERS: Final = 4
_SETTING: Final = Setting(3, webhooks=1_800, rate=50, workers=_WORKERS, repeated=0)


class Limited(NamedTuple):
    """A world whose webhooks are too many for an hour, the requests of each, and too late sends.

    Look-ups of campaigns count for Braze's limit too. They are made past its end as well, once a
    minute: `late` are the sends of the hour in which most of these came after the limit's last one.
    """

    world: World
    hours: Counter[int]
    late: int


def limited() -> Limited:
    world = World(_SETTING)
    world.braze.limit = _LIMIT
    world.run()
    made = defaultdict[int, list[bool]](list)
    braze = world.braze
    for at, is_send in sorted(
        [*((one.at, True) for one in braze.tried), *((one.at, False) for one in braze.asked)]
    ):
        made[int(at // HOUR)].append(is_send)
    hours = Counter({hour: len(requests) for hour, requests in made.items()})
    return Limited(world, hours, max(sum(requests[_LIMIT:]) for requests in made.values()))


def test_a_backlog_uses_the_hourly_limit_and_each_worker_meets_its_end_twice_at_most() -> None:
    world, hours, late = limited()

    first, *others = sorted(hours)
    assert others
    for hour in sorted(hours)[:-1]:  # the last one has what is left
        assert hours[hour] >= 0.95 * _LIMIT
    assert late <= 2 * _WORKERS
    assert hours[first] > _LIMIT  # or nothing here has met the limit
    assert breaches(world).keys() <= {"too_many", "unfinished"}  # it takes hours, by its nature


def test_a_limit_that_nobody_waits_for_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handler.worker.dispatch._limited", lambda *_given: None)

    assert limited().late > 2 * _WORKERS
