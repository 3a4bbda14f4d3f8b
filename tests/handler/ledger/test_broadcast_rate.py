"""Braze takes few requests to an audience in a minute; the others wait without a claim."""

from dataclasses import replace

import pytest
from pydantic import JsonValue

from handler.core.braze.request import audience_of
from handler.core.models import Delivery
from handler.ledger.rate_counters import BROADCASTS, BROADCASTS_OF_ONE
from tests.handler.handing import Hands, hands, several
from tests.handler.stage import Braze, Queue


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
        assert line.worker.rate_counters.pass_broadcast("default", str(number), line.clock.now)

    (one,) = broadcasts(delivery, 1)
    assert line.give(one)[one.id] is not None
    assert line.worker.rate_counters.pass_broadcast("usa", "x", line.clock.now)


def test_deliveries_to_one_person_are_not_counted(line: Hands, delivery: Delivery) -> None:
    line.give(*broadcasts(delivery, BROADCASTS_OF_ONE + 1))
    (plain,) = several(delivery, 1)
    plain = replace(plain, send={"campaign_id": "c"})

    assert line.give(plain) == {plain.id: None}


AUDIENCE: JsonValue = {
    "custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "paid"}
}
LIMITED = (429, b'{"message": "Rate Limited"}')


def narrowed(delivery: Delivery, count: int) -> list[Delivery]:
    """Return deliveries to as many people, each only if the person is in an audience."""
    send: dict[str, JsonValue] = {"campaign_id": "c", "audience": AUDIENCE}
    return [replace(one, send=send) for one in several(delivery, count)]


def test_an_audience_beside_named_recipients_is_no_broadcast(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    given = narrowed(delivery, 25)

    assert {wait for one in given for wait in line.give(one).values()} == {None}
    assert len(braze.requests) == 25
    assert braze.requests[0]["audience"] == AUDIENCE
    assert line.shared("rate#default#audiences") == {}


def test_where_braze_counts_it_as_one_its_429_stops_what_has_that_audience_alone(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    narrow, plain = narrowed(delivery, 1)[0], several(delivery, 1)[0]
    full = {"X-RateLimit-Limit": "250", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "50"}
    braze.replies.append(LIMITED)
    braze.headers += [full, {}, full]

    assert 50 <= (line.give(narrow)[narrow.id] or 0) <= 50 + line.worker.timing.spread
    assert line.give(plain) == {plain.id: None}
    line.clock.now += 120
    assert line.give(narrow) == {narrow.id: None}
    # What its answers tell of a limit is not the limit of what names people.
    assert line.worker.breaker_state.limit("default") is None


def test_a_429_to_a_broadcast_stops_nothing_that_names_people(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    (one,), (plain,) = broadcasts(delivery, 1), several(delivery, 1)
    braze.replies.append(LIMITED)
    braze.headers.append({"X-RateLimit-Reset": "50"})

    assert (line.give(one)[one.id] or 0) >= 50
    assert line.give(plain) == {plain.id: None}


@pytest.mark.parametrize("audience", [AUDIENCE, None])
@pytest.mark.parametrize("broadcast", [True, False])
def test_whatever_names_nobody_counts_as_a_broadcast(
    delivery: Delivery, audience: JsonValue, *, broadcast: bool
) -> None:
    send: dict[str, JsonValue] = {"campaign_id": "c", "broadcast": broadcast, "audience": audience}

    assert audience_of(replace(delivery, recipient=None, send=send))
