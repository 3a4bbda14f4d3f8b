"""A pause makes deliveries wait in the queue, and ends in the dead letters at their horizon."""

from dataclasses import replace

import pytest

from handler.core.models import Delivery
from tests.handler.handing import START, Hands, away, several
from tests.handler.stage import Braze
from tests.handler.worker.line import pause

DAY = 86_400


SCOPES = ["all", "source/shopify", "rule/shopify/order-confirmation", "workspace/default"]


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_stops_its_deliveries(
    line: Hands, braze: Braze, delivery: Delivery, scope: str
) -> None:
    pause(line, scope)

    wait = line.give(delivery)[delivery.id]

    assert 450 <= (wait or 0) <= 900
    assert (braze.requests, line.attempts(delivery)) == ([], [0])
    assert [each["reason"] for each in line.queue.lines()] == ["paused"]


@pytest.mark.parametrize("scope", ["source/stripe", "rule/shopify/other", "workspace/usa"])
def test_other_scopes_do_not(line: Hands, delivery: Delivery, scope: str) -> None:
    pause(line, scope)

    assert line.give(delivery) == {delivery.id: None}


def test_a_pause_holds_and_ends_within_seconds(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, second = several(delivery, 2)
    line.give(first)
    pause(line, "all")
    line.clock.now += line.worker.timing.known
    assert line.give(second)[second.id] is not None

    pause(line)
    line.clock.now += line.worker.timing.known
    assert line.give(second) == {second.id: None}
    assert len(braze.requests) == 2


def test_what_is_paused_together_comes_back_together(line: Hands, delivery: Delivery) -> None:
    pause(line, "all")

    assert len(set(line.give(*several(delivery, 10)).values())) == 1


def test_what_is_paused_until_its_horizon_is_buried_as_paused(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    pause(line, "all")
    receives = 0
    while (wait := line.give(delivery)[delivery.id]) is not None:
        receives += 1
        line.clock.now += wait

    assert DAY <= line.clock.now - START < DAY + 900
    assert receives <= DAY / 450
    assert line.reasons() == ["paused"]
    assert (line.states(delivery), braze.requests) == (["DEAD"], [])


def test_what_expires_while_it_is_paused_is_buried_as_expired(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    brief = replace(delivery, expires_at=int(START) + 600)
    pause(line, "all")
    assert line.give(brief)[brief.id] is not None

    line.clock.now += 600
    assert line.give(brief) == {brief.id: None}

    assert line.reasons() == ["expired"]
    assert braze.requests == []


def test_what_was_sent_before_a_pause_is_no_dead_letter_at_its_horizon(
    line: Hands, delivery: Delivery
) -> None:
    line.give(delivery)
    pause(line, "all")
    line.clock.now += 10
    line.give(delivery, copy="again")

    line.clock.now += DAY
    assert line.give(delivery, copy="again") == {delivery.id: None}
    assert line.reasons() == []


def test_while_nobody_knows_of_pauses_nothing_is_sent_and_what_was_known_holds(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    knowing, (first, second, third) = line.other(), several(delivery, 3)
    knowing.give(first)
    line.dynamo.before = lambda key, _values: away() if key == "pause#" else None
    line.clock.now += line.worker.timing.known

    assert line.give(second)[second.id] is not None
    assert line.attempts(second) == [0]
    assert knowing.give(third) == {third.id: None}
    assert len(braze.requests) == 2


def test_a_pause_holds_among_those_that_go_alone_after_a_refusal(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    def answer() -> None:
        pause(line, "all")
        line.clock.now += 6

    those = several(delivery, 4)
    braze.replies += [(400, b'{"message": "bad recipient"}'), answer]

    waits = line.give(*those)

    assert len(braze.requests) == 2
    assert [wait is None for wait in waits.values()] == [True, False, False, False]
    assert line.attempts(*those) == [1, 0, 0, 0]
