from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from handler.core.braze.outcome import HttpResponse, Outcome, classify
from handler.core.delivery.backoff import LONGEST_WAIT, Timing
from handler.core.delivery.breaker import (
    IN_A_ROW,
    LEAST,
    Breaker,
    is_failure,
    open_seconds,
    trips,
    wait_open,
)
from handler.core.reasons import Reason

TIMING = Timing()
RANDOM = st.floats(0, 1, exclude_max=True)
NOW = 1_000_000


def test_unknown_outcomes_and_5xx_are_failures_and_what_braze_answers_is_not() -> None:
    assert is_failure(Outcome("unknown", Reason.INTERRUPTED))
    assert is_failure(classify(HttpResponse("not_connected"), NOW))
    for status, failure in ((500, True), (503, True), (201, False), (400, False), (401, False)):
        answer = HttpResponse("answered", status, body=b'{"message": "words"}')
        assert is_failure(classify(answer, NOW)) is failure
    assert not is_failure(classify(HttpResponse("answered", 429, body=b"{}"), NOW))


def test_it_trips_by_a_row_or_by_a_share_of_enough() -> None:
    assert trips(IN_A_ROW, IN_A_ROW, IN_A_ROW)
    assert not trips(IN_A_ROW, IN_A_ROW - 1, IN_A_ROW - 1)
    assert trips(LEAST, LEAST // 2, 0)
    assert not trips(LEAST - 1, LEAST - 1, IN_A_ROW - 1)
    assert not trips(LEAST, LEAST // 2 - 1, 0)


@given(opens=st.integers(1, 10_000), random=RANDOM)
def test_each_opening_is_twice_as_long_up_to_the_longest(opens: int, random: float) -> None:
    seconds = open_seconds(TIMING, "failures", opens, random)
    middle = min(TIMING.outage, TIMING.breaker * 2.0 ** min(opens - 1, 20))

    assert 0.75 * middle <= seconds <= 1.25 * middle + 1


@given(opens=st.integers(1, 100), random=RANDOM)
def test_a_refused_key_is_looked_at_again_in_five_minutes(opens: int, random: float) -> None:
    assert open_seconds(TIMING, "key_refused", opens, random) == TIMING.fault


@given(
    left=st.integers(-100, 400),
    probe=st.integers(-100, 100),
    lasted=st.integers(0, 200_000),
    random=RANDOM,
)
def test_nobody_comes_back_before_the_next_probe_nor_long_after_it(
    left: int, probe: int, lasted: int, random: float
) -> None:
    breaker = Breaker(NOW + left, NOW - lasted, 1, "failures", "other", NOW + probe)

    wait = wait_open(TIMING, breaker, NOW, random)

    soonest = max(left, TIMING.known)
    assert soonest <= wait <= max(2 * soonest, TIMING.cap) + 1
    assert wait <= LONGEST_WAIT


@settings(deadline=None)
@given(random=RANDOM)
def test_a_day_of_an_outage_is_far_from_a_thousand_receives(random: float) -> None:
    now, receives = NOW, 0
    while now < NOW + 86_400:
        breaker = replace(Breaker(opened_at=NOW), open_until=now)
        now += wait_open(TIMING, breaker, now, random)
        receives += 1

    assert receives < 400
