"""Horizons: a day for messages to people, nine for what stays true, and a queue that bears both."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from handler.core.braze.endpoints import SENDS, SUBSCRIBE, TRACK
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import Timing, wait, wait_stopped
from handler.core.delivery.breaker import Breaker, wait_open
from handler.core.delivery.horizon import RECEIVES, horizon_of, is_past, paced
from handler.core.reasons import Reason

TIMING = Timing()
DAY = 86_400
NINE = 9 * DAY
LONG = [TRACK.path, SUBSCRIBE.path]
SEND = SENDS[0].path


@pytest.mark.parametrize("path,horizon", [(SEND, DAY), *((path, NINE) for path in LONG)])
def test_each_endpoint_has_its_horizon_and_a_shorter_one_goes_for_all(
    path: str, horizon: int
) -> None:
    assert horizon_of(TIMING, path) == horizon
    assert not is_past(TIMING, path, horizon - 1, horizon - 1)
    assert is_past(TIMING, path, horizon, horizon)
    assert horizon_of(replace(TIMING, horizon=60), path) == 60


@pytest.mark.parametrize("path", [SEND, *LONG])
def test_what_is_first_tried_late_ends_before_the_queue_drops_it(path: str) -> None:
    assert is_past(TIMING, path, 60, NINE)


Waits = Callable[[int, float], int]  # the seconds of a wait, by receives and age
FAILED = Outcome("not_sent", Reason.SERVER_ERROR, 503)
REFUSED = Outcome("not_sent", Reason.KEY_REFUSED, 401)
SHORTEST: dict[str, Waits] = {
    "an outage": lambda receives, age: wait(TIMING, FAILED, receives, age, 0),
    "a refused key": lambda receives, age: wait(TIMING, REFUSED, receives, age, 0),
    "an open breaker": lambda _, age: wait_open(TIMING, Breaker(int(age), 0), age, 0),
    "a pause": lambda *_: wait_stopped(TIMING, 0),
    "a limit of seconds": lambda *_: 1,
}


@pytest.mark.parametrize("path", LONG)
@pytest.mark.parametrize("name", SHORTEST)
def test_nine_days_of_the_shortest_waits_stay_below_the_queues_receives(
    name: str, path: str
) -> None:
    age, receives = 0.0, 0
    while not is_past(TIMING, path, age, age):
        receives += 1
        age += paced(TIMING, path, SHORTEST[name](receives, age), age, receives)

    assert receives < RECEIVES - 50


@pytest.mark.parametrize("path", LONG)
def test_a_stretched_wait_ends_within_a_quarter_of_an_hour_of_a_resume(path: str) -> None:
    age, receives = 0.0, 0
    while age < NINE - DAY:
        receives += 1
        seconds = paced(TIMING, path, wait_stopped(TIMING, 0.5), age, receives)
        assert seconds <= 15 * 60
        age += seconds


def test_the_waits_of_sends_and_the_first_of_all_others_are_left_alone() -> None:
    assert paced(TIMING, SEND, 1, 7_200, 900) == 1
    assert paced(TIMING, TRACK.path, 1, 3_599, 99) == 1
    assert paced(TIMING, TRACK.path, 40_000, 7_200, 20) == 40_000
