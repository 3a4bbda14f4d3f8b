from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.outcome import Outcome
from handler.core.braze.rate_limit import Limit
from handler.core.delivery.backoff import LONGEST_WAIT, Timing, wait, wait_limited
from handler.core.reasons import Reason

FAILED = Outcome("not_sent", Reason.SERVER_ERROR, 503)
ALMOST_ONE = 0.999999


def seconds(attempt: int, age: float = 0, random: float = 0.5, outcome: Outcome = FAILED) -> int:
    return wait(Timing(), outcome, attempt, age, random)


def test_two_short_failures_are_over_in_about_ten_seconds() -> None:
    assert seconds(1) + seconds(2) == 8
    assert seconds(1, random=ALMOST_ONE) + seconds(2, random=ALMOST_ONE) == 12
    assert seconds(1, random=0) == 1


@pytest.mark.parametrize("random", [0, 0.5, ALMOST_ONE])
def test_an_outage_that_lasts_is_asked_about_every_five_minutes_at_most(random: float) -> None:
    assert all(seconds(attempt, random=random) >= 300 for attempt in range(4, 50))


def test_waits_grow_to_a_quarter_of_an_hour_and_after_an_hour_to_an_hour() -> None:
    longest = [seconds(attempt, random=ALMOST_ONE) for attempt in range(1, 20)]

    assert all(first <= second for first, second in pairwise(longest))
    assert longest[-1] == 900
    assert seconds(19, age=3_600, random=ALMOST_ONE) == 3_600


def test_a_day_of_outage_stays_far_below_the_queues_thousand_receives() -> None:
    age, attempt = 0.0, 0
    while age < 86_400:
        attempt += 1
        age += seconds(attempt, age, random=0)

    assert attempt < 300


def test_a_rate_limit_is_waited_for_with_a_spread() -> None:
    limited = Outcome("not_sent", Reason.RATE_LIMITED, 429, wait=600)

    assert seconds(1, random=0, outcome=limited) == 600
    assert seconds(1, random=ALMOST_ONE, outcome=limited) == 605


@given(st.integers(0, 12_500), st.integers(1, 3_600), st.floats(0, ALMOST_ONE))
def test_a_request_waits_at_least_until_it_may_go_and_at_most_until_the_window_is_over(
    remaining: int, left: int, random: float
) -> None:
    limit = Limit(remaining, 250_000, left)
    opens = limit.opens_at(0.05)

    found = wait_limited(Timing(), limit, 0.05, 0, random)

    if opens <= 0:
        assert found is None
    else:
        assert found is not None
        assert opens <= found <= left + Timing().spread + 1


@pytest.mark.parametrize("random", [0, 0.5, ALMOST_ONE])
def test_a_short_wait_that_braze_asks_for_does_not_shorten_an_outage(random: float) -> None:
    asked = Outcome("not_sent", Reason.SERVER_ERROR, 503, wait=1)

    assert seconds(3, random=random, outcome=asked) <= 6
    assert seconds(4, random=random, outcome=asked) >= 300
    assert seconds(4, random=random, outcome=replace(asked, wait=3_000)) >= 3_000


def test_a_message_of_a_later_version_is_buried_by_the_queue_before_it_is_dropped() -> None:
    assert Timing().unknown_version * 1_000 < 10 * 86_400


@pytest.mark.parametrize(
    "reason,shortest",
    [("target_paused", 900), ("key_refused", 300), ("configuration", 300)],
)
def test_what_a_person_has_to_mend_is_waited_for(reason: str, shortest: int) -> None:
    assert seconds(1, random=0, outcome=Outcome("not_sent", Reason(reason))) == shortest


@given(
    st.integers(1, 10**6), st.floats(0, 10**9), st.floats(0, 1, exclude_max=True),
    st.none() | st.integers(1, 10**9), st.sampled_from([Timing(), Timing.local()]),
)  # fmt: skip
def test_sqs_takes_every_wait(
    attempt: int, age: float, random: float, asked: int | None, timing: Timing
) -> None:
    outcome = Outcome("not_sent", Reason.RATE_LIMITED, wait=asked)

    assert 0 <= wait(timing, outcome, attempt, age, random) <= LONGEST_WAIT < 43_200


def test_the_local_stack_waits_seconds() -> None:
    assert wait(Timing.local(), FAILED, 1, 0, ALMOST_ONE) == 1
    assert wait(Timing.local(), FAILED, 9, 0, ALMOST_ONE) <= 10
