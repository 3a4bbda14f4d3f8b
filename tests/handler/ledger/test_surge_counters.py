"""A surge limit lets so many deliveries pass in a time; the others wait for a person's word."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.models import Delivery
from tests.handler.handing import START, TIMING, Hands, counted, hands, several
from tests.handler.stage import Braze, Queue

DAY = 86_400
DOWN = (503, b'{"message": "5XX Internal Server Error"}')
KEY = "surge#shopify/order-confirmation"


@pytest.fixture
def line(queue: Queue) -> Hands:
    made = hands(queue)
    made.clock.now -= made.clock.now % 600  # a window's begin
    return made


@pytest.fixture
def braked(delivery: Delivery) -> list[Delivery]:
    return [replace(one, surge=(3, 600)) for one in several(delivery, 6)]


def say(line: Hands, name: str) -> None:
    """Release or drop as the command does."""
    line.dynamo.client.update_item(
        TableName=line.worker.ledger.table.name,
        Key={"pk": {"S": KEY}},
        UpdateExpression=f"SET {name} = :now REMOVE stopped, stopped_at",
        ExpressionAttributeValues={":now": {"N": str(int(line.clock.now))}},
    )


def test_so_many_pass_and_the_others_wait_without_an_attempt(
    line: Hands, braze: Braze, braked: list[Delivery], capsys: pytest.CaptureFixture[str]
) -> None:
    waits = line.give(*braked)

    assert [wait is None for wait in waits.values()] == [True] * 3 + [False] * 3
    assert all(450 <= wait <= 900 for wait in waits.values() if wait is not None)
    assert line.attempts(*braked) == [1, 1, 1, 0, 0, 0]
    assert line.shared(KEY)["stopped"] == "3"
    assert counted(capsys, "DeliveriesStopped") == 3
    assert sum(len(each["recipients"]) for each in braze.requests) == 3


def test_what_is_stopped_stays_stopped_while_fresh_ones_pass(
    line: Hands, braked: list[Delivery], capsys: pytest.CaptureFixture[str]
) -> None:
    *early, stopped, fresh, _ = braked
    line.give(*early, stopped)
    line.clock.now += 600

    waits = line.give(stopped, fresh)

    assert waits[fresh.id] is None
    assert waits[stopped.id] is not None
    assert line.shared(KEY)["stopped"] == "1"
    assert counted(capsys, "DeliveriesStopped") == 1


def test_a_brake_with_another_window_begins_anew(line: Hands, braked: list[Delivery]) -> None:
    line.give(*(replace(one, surge=(3, 60)) for one in braked[:3]))
    line.clock.now += 3_600

    assert set(line.give(*(replace(one, surge=(3, 3_600)) for one in braked[3:])).values()) == {
        None
    }


def test_what_is_released_passes(line: Hands, braked: list[Delivery]) -> None:
    line.give(*braked)
    line.clock.now += 60
    say(line, "released_at")

    assert set(line.give(*braked[3:]).values()) == {None}
    assert line.states(*braked) == ["ACCEPTED"] * 6


def test_what_is_dropped_is_buried(line: Hands, braze: Braze, braked: list[Delivery]) -> None:
    line.give(*braked)
    line.clock.now += 60
    say(line, "dropped_at")

    assert set(line.give(*braked[3:]).values()) == {None}
    assert line.reasons() == ["surge"] * 3
    assert line.states(*braked[3:]) == ["DEAD"] * 3
    assert sum(len(each["recipients"]) for each in braze.requests) == 3


def test_what_nobody_releases_is_buried_at_its_horizon(
    queue: Queue, braked: list[Delivery]
) -> None:
    horizon = 10_800  # the day is that of tests/handler/ledger/test_pauses.py
    line = hands(queue, replace(TIMING, horizon=horizon))
    line.give(*braked[:4])
    receives = 0
    while (wait := line.give(braked[3])[braked[3].id]) is not None:
        receives += 1
        line.clock.now += wait

    assert line.reasons() == ["surge"]
    assert horizon <= line.clock.now - START < horizon + 900
    assert 0 < receives <= horizon / 450


def test_a_delivery_that_is_tried_again_is_counted_once(
    line: Hands, braze: Braze, braked: list[Delivery]
) -> None:
    braze.replies += [DOWN] * 3
    first, second, third, _, _, _ = braked
    for _ in range(4):
        line.give(first)

    assert set(line.give(second, third).values()) == {None}
    assert line.shared(KEY)["count"] == "3"


def test_a_redriven_delivery_passes(line: Hands, braked: list[Delivery]) -> None:
    line.give(*braked[:4])
    line.clock.now += DAY
    line.give(braked[3])
    assert line.reasons() == ["surge"]

    line.clock.now += 60
    assert line.give(braked[3], copy="redriven") == {braked[3].id: None}
    assert line.states(braked[3]) == ["ACCEPTED"]


def test_a_worker_that_is_late_for_its_window_counts_in_the_next_one(
    line: Hands,
) -> None:
    counters, begin = line.worker.rate_counters, line.clock.now
    assert counters.pass_surge("s/r", (3, 600), begin + 600, 1) == 1

    assert counters.pass_surge("s/r", (3, 600), begin + 599.9, 1) == 1


@pytest.mark.parametrize("counts", [[50], [1] * 6, [2, 3, 1], [3, 3], [4, 1, 1]])
def test_however_many_are_counted_together_as_many_pass_as_may(
    line: Hands, counts: list[int]
) -> None:
    counters, now = line.worker.rate_counters, line.clock.now

    passed = [counters.pass_surge(f"s/{counts}", (3, 600), now, count) for count in counts]

    assert sum(passed) == 3
    assert line.shared(f"surge#s/{counts}")["stopped"] == str(sum(counts) - 3)


def test_those_of_a_request_are_counted_by_one_write(line: Hands, delivery: Delivery) -> None:
    writes: list[str] = []
    line.dynamo.before = lambda key, values: writes.append(key) if values else None

    line.give(*(replace(one, surge=(100, 600)) for one in several(delivery, 50)))

    assert len([key for key in writes if key == KEY]) <= 2  # the second begins the window
    assert line.shared(KEY)["count"] == "50"


def test_a_delivery_that_waits_for_its_turn_is_counted_once(
    line: Hands, braked: list[Delivery]
) -> None:
    user: Any = {"external_user_id": "u", "attributes": {"a": "b"}}
    first, second = (
        replace(one, recipient=user, event_version=at) for at, one in enumerate(braked[:2], 1)
    )
    line.worker.profile_versions.begin(first, line.clock.now, line.clock.now + 60)
    for _ in range(5):
        line.give(second)

    assert line.shared(KEY)["count"] == "1"
    line.clock.now += 61
    assert line.give(second) == {second.id: None}


def test_what_was_released_is_not_dropped_with_what_was_stopped_later(
    line: Hands, braked: list[Delivery]
) -> None:
    line.give(*braked[:4])
    line.clock.now += 60
    say(line, "released_at")
    line.clock.now += 60
    say(line, "dropped_at")

    assert line.give(braked[3]) == {braked[3].id: None}
    assert line.reasons() == []
