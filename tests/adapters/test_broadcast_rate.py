"""Braze takes few requests to an audience in a minute; the others wait without a claim."""

from dataclasses import replace

import pytest
from pydantic import JsonValue

from handler.brakes import BROADCASTS, BROADCASTS_OF_ONE
from handler.core.models import Delivery
from tests.adapters.handing import Hands, hands, several
from tests.adapters.stage import Braze, Queue


@pytest.fixture
def line(queue: Queue) -> Hands:
    made = hands(queue)
    made.clock.now -= made.clock.now % 60
    return made


def broadcasts(delivery: Delivery, count: int, campaign: str = "c") -> list[Delivery]:
    send: dict[str, JsonValue] = {"campaign_id": campaign, "broadcast": True}
    return [replace(one, recipient=None, send=send) for one in several(delivery, count)]


def test_one_audience_is_reached_ten_times_a_minute(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    eleven = broadcasts(delivery, BROADCASTS_OF_ONE + 1)

    waits = [line.give(one)[one.id] for one in eleven]

    assert waits[:-1] == [None] * BROADCASTS_OF_ONE
    assert 60 <= (waits[-1] or 0) <= 60 + line.worker.timing.outage
    assert len(braze.requests) == BROADCASTS_OF_ONE
    assert line.attempts(eleven[-1]) == [0]

    line.clock.now += 60
    assert line.give(eleven[-1]) == {eleven[-1].id: None}


def test_another_audience_has_a_rate_of_its_own(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    line.give(*broadcasts(delivery, BROADCASTS_OF_ONE + 1))
    (other,) = broadcasts(delivery, 1, "other")

    assert line.give(other) == {other.id: None}
    assert len(braze.requests) == BROADCASTS_OF_ONE + 1


def test_all_audiences_together_have_a_rate(line: Hands, delivery: Delivery) -> None:
    for number in range(BROADCASTS):
        assert line.worker.brakes.pass_broadcast("default", str(number), line.clock.now)

    (one,) = broadcasts(delivery, 1)
    assert line.give(one)[one.id] is not None
    assert line.worker.brakes.pass_broadcast("usa", "x", line.clock.now)


def test_deliveries_to_one_person_are_not_counted(line: Hands, delivery: Delivery) -> None:
    line.give(*broadcasts(delivery, BROADCASTS_OF_ONE + 1))
    (plain,) = several(delivery, 1)
    plain = replace(plain, send={"campaign_id": "c"})

    assert line.give(plain) == {plain.id: None}
