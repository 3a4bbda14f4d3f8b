"""A request of many of which a record or a mark is missing."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.models import Delivery
from tests.handler.handing import Hands, away, counted, nothing, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import DOWN, sizes


def test_accepted_deliveries_that_nothing_records_leave_and_are_counted(
    line: Hands, braze: Braze, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    two = several(delivery, 2)

    def is_mark(values: dict[str, Any]) -> bool:
        return ":state" in values and ":lease_until" not in values

    line.dynamo.before = lambda _key, values: away() if is_mark(values) else None
    assert set(line.give(*two).values()) == {None}

    assert len(line.queue.lines("unrecorded")) == 2
    assert counted(capsys, "Unrecorded") == 2
    assert sizes(braze) == [2]


def test_marks_that_fail_behind_a_recorded_request_are_no_loss(
    line: Hands, braze: Braze, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    two = several(delivery, 2)
    line.dynamo.before = lambda _key, values: away() if ":last" in values else None
    assert set(line.give(*two).values()) == {None}
    assert counted(capsys, "Unrecorded") == 0

    line.dynamo.before = nothing
    line.clock.now += 60
    assert set(line.give(*two).values()) == {None}
    assert sizes(braze) == [2]


def test_a_request_that_cannot_be_recorded_is_not_sent_and_costs_no_attempt(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    line.dynamo.before = lambda key, _values: away() if key.startswith("send#") else None

    assert None not in line.give(*two).values()

    assert braze.requests == []
    assert line.states(*two) == ["FAILED"] * 2
    assert line.attempts(*two) == [0, 0]


def test_what_cannot_be_recorded_waits_the_longer_the_longer_it_lasts(
    line: Hands, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    line.dynamo.before = lambda key, _values: away() if key.startswith("send#") else None

    for _ in range(5):
        waits = line.give(*two)

    assert min(wait or 0 for wait in waits.values()) >= line.worker.timing.outage


def test_a_table_that_hangs_at_each_delivery_does_not_outlive_the_invocation(
    line: Hands, delivery: Delivery
) -> None:
    def hang(_key: str, _values: dict[str, Any]) -> None:
        line.context.milliseconds -= 1_000  # the margin is one call of AWS
        away()

    line.dynamo.before = hang
    ten = [replace(one, recipient=delivery.recipient) for one in several(delivery, 10)]
    assert None not in line.give(*ten, left=6_000).values()

    assert line.context.milliseconds >= 0, "Lambda has killed it, and no message waits"


def test_claims_that_hang_do_not_outlive_the_invocation(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    def hang(_key: str, values: dict[str, Any]) -> None:
        if ":one" in values:  # a claim by itself
            line.context.milliseconds -= 1_000
            away()

    ten = several(delivery, 10)
    braze.replies.append(DOWN)  # so that each has a record, and is claimed by itself
    assert None not in line.give(*ten).values()
    line.dynamo.before = hang
    assert None not in line.give(*ten, left=6_000).values()

    assert line.context.milliseconds >= 0, "Lambda has killed it, and no message waits"


def test_marks_that_hang_do_not_outlive_the_invocation(line: Hands, delivery: Delivery) -> None:
    five = several(delivery, 5)

    hung: list[int] = []

    def hang_on_marks(_key: str, values: dict[str, Any]) -> None:
        if ":state" in values and ":lease_until" not in values:
            is_single = ":attempts" in values or ":members" in values
            if is_single or line.dynamo.batches not in hung:
                line.context.milliseconds -= 1_000  # the margin is one call of AWS
            hung.append(line.dynamo.batches)
            away()

    line.dynamo.before = hang_on_marks
    assert set(line.give(*five, left=4_000).values()) == {None}

    assert line.context.milliseconds >= 0, "Lambda has killed it, and all come back"
