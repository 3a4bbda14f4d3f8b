"""Turns of many users at one Canvas: taken in few calls, each as if it were alone."""

from dataclasses import replace
from typing import Any

from handler.core.delivery.canvas_turns import turn_of
from handler.core.models import Delivery
from tests.handler.handing import Hands, away, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import sizes


def entries(delivery: Delivery, count: int) -> list[Delivery]:
    canvas = replace(delivery, path="/canvas/trigger/send", send={"canvas_id": "c"})
    return several(canvas, count)


def test_fifty_first_entries_cost_ten_calls_of_dynamodb(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    """Turns, claims and marks in two calls each, the request's item in two; and what is shared."""
    calls: list[str] = []
    line.dynamo.before = lambda key, values: calls.append(key) if values else None

    assert set(line.give(*entries(delivery, 50)).values()) == {None}

    assert sizes(braze) == [50]
    singly = [key for key in calls if not key.startswith(("turn#", "delivery#"))]
    assert line.dynamo.batches + len([key for key in singly if key.startswith("send#")]) <= 8
    assert len(calls) - len(singly) == 3 * 50


def test_who_has_entered_already_waits_for_a_turn_and_holds_nobody_up(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, second, *others = entries(delivery, 4)
    second = replace(second, recipient=first.recipient)

    waits = line.give(first, second, *others)

    assert {name: wait for name, wait in waits.items() if wait} == {second.id: 3}
    line.clock.now += 3
    assert line.give(second) == {second.id: None}
    assert sizes(braze) == [3, 1]


def test_a_turn_of_which_nothing_is_known_costs_one_delivery_and_no_attempt(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = entries(delivery, 3)
    lost = f"turn#{turn_of(three[1])}"

    def before(key: str, _values: dict[str, Any]) -> None:
        if key == lost:
            away()

    line.dynamo.before = before
    waits = line.give(*three)

    assert [wait is None for wait in waits.values()] == [True, False, True]
    assert line.attempts(three[1]) == [0]
    assert sizes(braze) == [2]
