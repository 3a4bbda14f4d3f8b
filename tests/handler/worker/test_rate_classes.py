"""Each rate class of Braze's endpoints has a limit of its own: one that is spent stops no other."""

from dataclasses import replace

import pytest

from handler.core.models import Delivery
from tests.handler.handing import START, Hands, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import LIMITED
from tests.handler.worker.track import group, several_events, subscribes


def spent(reset: str) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": "3000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": reset,
    }


@pytest.mark.parametrize(
    "headers",
    [
        spent(str(int(START) + 90)),
        spent("90"),
        {"X-RateLimit-Reset": "90"},
        {"X-RateLimit-Retry-After": "90"},
        {"Retry-After": "90"},
    ],
    ids=["epoch", "seconds", "reset alone", "retry-after of a MAU plan", "retry-after"],
)
def test_a_limit_of_events_stops_events_for_its_time_in_all_workers_and_nothing_else(
    line: Hands, braze: Braze, delivery: Delivery, headers: dict[str, str]
) -> None:
    first, second = several_events(delivery, 2)
    consent = subscribes(delivery, group("subscribed", external_ids=["u"]))
    braze.replies.append(LIMITED)
    braze.headers.append(headers)

    limited = line.give(first)[first.id]
    assert limited is not None
    assert 90 <= limited <= 90 + line.worker.timing.spread
    assert (line.give(second)[second.id] or 0) >= 90
    assert (line.other().give(second)[second.id] or 0) >= 90
    assert line.give(delivery) == {delivery.id: None}
    assert line.give(consent) == {consent.id: None}
    assert len(braze.requests) == 3

    line.clock.now += 91
    assert set(line.give(first, second).values()) == {None}
    assert len(braze.requests) == 4


def test_a_limit_of_events_without_a_time_costs_an_attempt_and_stops_nothing(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, second = several_events(delivery, 2)
    braze.replies.append(LIMITED)

    assert line.give(first)[first.id] is not None
    assert (line.states(first), line.attempts(first)) == (["FAILED"], [1])
    assert line.give(second) == {second.id: None}


def test_a_limit_of_sends_stops_no_events(line: Hands, braze: Braze, delivery: Delivery) -> None:
    (one,) = several_events(delivery, 1)
    braze.replies.append(LIMITED)
    braze.headers.append(spent("3600"))
    line.give(delivery)

    assert line.give(one) == {one.id: None}


@pytest.mark.parametrize("remaining", ["0", "599"])
def test_what_an_accepted_request_leaves_of_a_limit_is_its_own_classes(
    line: Hands, braze: Braze, delivery: Delivery, remaining: str
) -> None:
    first, second = several_events(delivery, 2)
    message, _ = several(delivery, 2)
    braze.headers.append(spent("3") | {"X-RateLimit-Remaining": remaining})
    line.give(first)

    assert line.give(replace(message, priority="low")) == {message.id: None}
    waits = line.give(replace(second, priority="low"))[second.id]
    assert (waits is None) is (remaining != "0")


def test_the_ledger_shows_each_limit_by_itself(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    (one,) = several_events(delivery, 1)
    consent = subscribes(delivery, group("subscribed", external_ids=["u"]))
    for left in ("11", "12", "13"):
        braze.headers.append(spent("600") | {"X-RateLimit-Remaining": left})

    for each in (delivery, one, consent):
        line.give(each)

    keys = ("rate#default", "rate#default#track", "rate#default#subscription")
    assert [line.shared(key)["remaining"] for key in keys] == ["11", "12", "13"]
