"""A rate limit makes deliveries wait for its end; an hour of it costs one attempt."""

from typing import Any

import pytest

from handler.core.models import Delivery
from tests.handler.handing import START, Hands, several
from tests.handler.stage import SUCCESS, Braze

LIMITED = (429, b'{"message": "Rate Limited"}')


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Reset": "3600"},
        {"X-RateLimit-Reset": str(int(START) + 3_600)},
        {"Retry-After": "3600"},
        {"X-RateLimit-Retry-After": "3600", "X-RateLimit-Reset": "5"},
    ],
)
def test_after_one_429_the_others_wait_for_its_end_without_an_attempt(
    line: Hands, braze: Braze, delivery: Delivery, headers: dict[str, str]
) -> None:
    first, *others = several(delivery, 4)
    braze.replies.append(LIMITED)
    braze.headers.append(headers)
    line.give(first)

    waits = line.give(first, *others)

    assert len(braze.requests) == 1
    assert line.attempts(first, *others) == [1, 0, 0, 0]
    assert all(3_600 <= (wait or 0) <= 3_606 for wait in waits.values())


def test_another_worker_waits_too(line: Hands, braze: Braze, delivery: Delivery) -> None:
    first, second = several(delivery, 2)
    braze.replies.append(LIMITED)
    braze.headers.append({"X-RateLimit-Reset": "3600"})
    line.give(first)

    assert 3_600 <= (line.other().give(second)[second.id] or 0) <= 3_606
    assert len(braze.requests) == 1


def test_at_its_end_all_go(line: Hands, braze: Braze, delivery: Delivery) -> None:
    two = several(delivery, 2)
    braze.replies.append(LIMITED)
    braze.headers.append({"X-RateLimit-Reset": "3600"})
    line.give(*two)

    line.clock.now += 3_600
    assert set(line.give(*two).values()) == {None}
    assert line.attempts(*two) == [2, 2]


@pytest.mark.parametrize("text", ["NaN", "-5", "0", "7201", "99999999999", "soon", "", "1e3"])
def test_a_mad_header_stops_nobody_else(
    line: Hands, braze: Braze, delivery: Delivery, text: str
) -> None:
    first, second = several(delivery, 2)
    braze.replies.append(LIMITED)
    braze.headers.append({"X-RateLimit-Reset": text})

    assert (line.give(first)[first.id] or 0) <= 10
    assert line.give(second) == {second.id: None}


def headers(remaining: object, limit: object = 250_000, reset: object = 1_000) -> dict[str, str]:
    return {
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Reset": str(reset),
    }


def test_when_little_is_left_requests_wait_until_it_may_be_used_and_never_past_the_window(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, *others = several(delivery, 40)
    # 5 % of 250,000 lasts for an hour: 625 for 3,600 s * 625 / 12,500 = 180 s, the last ones.
    braze.headers.append(headers(625))
    line.give(first)

    waits = [line.give(one)[one.id] or 0 for one in others]

    assert len(braze.requests) == 1
    assert set(line.attempts(*others)) == {0}
    assert 820 <= min(waits) < 850
    assert 950 < max(waits) <= 1_000 + line.worker.timing.spread

    line.clock.now += 821
    assert set(line.give(*others).values()) == {None}


def test_what_shares_a_request_waits_for_the_limit_together(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, *others = several(delivery, 10)
    braze.headers.append(headers(0))
    line.give(first)

    waits = line.give(*others)

    assert len(set(waits.values())) == 1
    line.clock.now += waits[others[0].id] or 0
    line.give(*others)
    assert len(braze.requests) == 2


@pytest.mark.parametrize(
    "given",
    [
        headers(12_500),
        headers(0, 0),
        headers(0, "all"),
        headers("none"),
        headers(0, reset=999_999),
        headers("9" * 400),
    ],
)
def test_where_enough_is_left_or_no_sane_number_is_told_nobody_waits(
    line: Hands, braze: Braze, delivery: Delivery, given: dict[str, Any]
) -> None:
    first, second = several(delivery, 2)
    braze.replies.append(SUCCESS)
    braze.headers.append(given)

    assert line.give(first) == {first.id: None}
    assert line.give(second) == {second.id: None}


def test_a_429_stops_those_that_were_refused_together(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    four = several(delivery, 4)
    braze.replies += [(400, b'{"message": "bad"}'), *[LIMITED] * 4]
    braze.headers += [{}, *[{"X-RateLimit-Reset": "600"}] * 4]

    line.give(*four)

    assert len(braze.requests) == 2
    assert sum(line.attempts(*four)) == 1
