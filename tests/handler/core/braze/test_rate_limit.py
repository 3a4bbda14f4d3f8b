from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.core.braze.rate_limit import RESERVE, Limit, limit_of, number_of

NOW = 1_800_000_000.0


def headers(remaining: str, limit: str, reset: str) -> dict[str, str]:
    return {
        "x-ratelimit-remaining": remaining,
        "x-ratelimit-limit": limit,
        "x-ratelimit-reset": reset,
    }


@pytest.mark.parametrize("reset", ["600", "1800000600"])
def test_both_forms_of_the_reset_are_understood(reset: str) -> None:
    assert limit_of(headers("10", "250000", reset), NOW) == Limit(10, 250_000, int(NOW) + 600)


@pytest.mark.parametrize(
    "given_headers",
    [
        {},
        headers("", "1", "1"),
        headers("1", "0", "1"),
        headers("1", "1", "0"),
        headers("1", "1", "7201"),
        headers("-1", "1", "1"),
        headers("1.5", "1", "1"),
        headers("²", "1", "1"),
        headers("1", "1" * 10, "1"),
    ],
)
def test_what_is_missing_or_mad_is_no_limit(given_headers: dict[str, str]) -> None:
    assert limit_of(given_headers, NOW) is None


@given(st.dictionaries(st.sampled_from(list(headers("", "", ""))), st.text()))
def test_no_header_at_all_raises(given_headers: dict[str, str]) -> None:
    found = limit_of(given_headers, NOW)
    if found is not None:
        assert found.opens_at(RESERVE) <= found.reset
        assert NOW < found.reset <= NOW + 7_200


@given(remaining=st.integers(0, 10**9), limit=st.integers(1, 10**9), left=st.integers(-10, 3_600))
def test_all_go_until_the_reserve_of_the_time_left_is_reached_and_after_the_reset(
    remaining: int, limit: int, left: int
) -> None:
    opens = Limit(remaining, limit, int(NOW) + left).opens_at(0.25)

    if abs(opens - NOW) > 1e-3:
        assert (opens < NOW) == (left <= 0 or remaining > 0.25 * limit * left / 3_600)


@pytest.mark.parametrize("reserve", [RESERVE, 0.2])
@settings(max_examples=20)
@given(limit=st.integers(1, 2_000), workers=st.integers(1, 30), seed=st.integers(0, 99))
def test_workers_with_views_of_their_own_use_an_hour_up_and_meet_its_end_once_each(
    reserve: float, limit: int, workers: int, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - to be repeated
    views: list[Limit | None] = [None] * workers
    requests = 0
    for tenth in range(36_000):
        now = tenth / 10
        at = random.randrange(workers)
        view = views[at]
        if view is None or now >= view.opens_at(reserve):
            requests += 1
            views[at] = Limit(max(0, limit - requests), limit, 3_600)

    assert limit <= requests <= limit + workers


def test_a_number_is_taken_with_its_blanks_and_nothing_else() -> None:
    assert number_of({"n": " 7 "}, "n") == 7
    assert number_of({"n": "7e1"}, "n") is None
