"""Many deliveries of one invocation end, and AWS is slow: Lambda never kills it."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from handler.core.models import Delivery
from tests.handler.handing import Hands, away, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import BAD, EDGE, sizes

REFUSED = [{"type": "bad", "input_array": "recipients", "index": at} for at in range(20)]
ALL_REFUSED = 201, json.dumps({"message": "success", "errors": REFUSED}).encode()


@pytest.fixture
def twenty(delivery: Delivery) -> list[Delivery]:
    return several(delivery, 20)


def slow_ledger(line: Hands) -> None:
    def pass_time(_key: str, values: dict[str, Any]) -> None:
        is_mark_of_many = ":last" in values and ":attempts" not in values
        is_one_of_many = ":lease_until" in values or is_mark_of_many
        line.context.milliseconds -= 400 // (20 if is_one_of_many else 1)  # a margin is 1,000

    line.dynamo.before = pass_time


def slow_queue(line: Hands) -> None:
    class Slow:
        def __getattr__(self, name: str) -> Any:
            line.context.milliseconds -= 400 * (name == "send_message")
            return getattr(client, name)

    client, line.sqs.client = line.sqs.client, Slow()


def test_many_that_are_too_late_do_not_outlive_the_invocation(
    line: Hands, twenty: list[Delivery]
) -> None:
    slow_ledger(line)
    late = [replace(one, expires_at=1) for one in twenty]

    waits = line.give(*late, left=6_000)

    assert line.context.milliseconds >= 0, "Lambda has killed it"
    assert {None, 0} <= set(waits.values())
    assert len(line.reasons()) == [*waits.values()].count(None)


@pytest.mark.parametrize("on_unknown", ["hold", "retry"])
def test_dead_letters_that_take_long_do_not_outlive_the_invocation(
    line: Hands, braze: Braze, twenty: list[Delivery], on_unknown: Any
) -> None:
    slow_queue(line)
    braze.replies += [ALL_REFUSED, *[BAD] * 20]
    refused = [replace(one, on_unknown=on_unknown) for one in twenty]

    line.give(*refused, left=6_000)

    assert line.context.milliseconds >= 0, "Lambda has killed it"
    assert set(line.states(*refused)) == {"DEAD", "FAILED"}  # what is known is written down
    assert sizes(braze) == [20]


def test_held_deliveries_that_take_long_do_not_outlive_the_invocation(
    line: Hands, braze: Braze, twenty: list[Delivery]
) -> None:
    slow_queue(line)
    braze.replies.append(EDGE)
    held = [replace(one, on_unknown="hold") for one in twenty]

    waits = line.give(*held, left=6_000)
    assert line.context.milliseconds >= 0, "Lambda has killed it"
    assert {None} < set(waits.values())

    line.clock.now += 60
    later = [one for one in held if waits[one.id] is not None]
    assert set(line.give(*later).values()) == {None}
    assert line.states(*held) == ["HELD"] * 20
    assert line.reasons() == ["unknown"] * 20
    assert sizes(braze) == [20]


def test_claims_that_are_given_back_slowly_do_not_outlive_the_invocation(
    line: Hands, braze: Braze, twenty: list[Delivery]
) -> None:
    def before(key: str, values: dict[str, Any]) -> None:
        if key.startswith("send#"):
            away()
        line.context.milliseconds -= 400 * (":less" in values)

    line.dynamo.before = before
    assert None not in line.give(*twenty, left=6_000).values()

    assert line.context.milliseconds >= 0, "Lambda has killed it"
    assert braze.requests == []


def test_deliveries_over_a_surge_limit_do_not_outlive_the_invocation(
    line: Hands, twenty: list[Delivery]
) -> None:
    line.give(*(surging := [replace(one, surge=(1, 60)) for one in twenty]))
    slow_ledger(line)
    line.clock.now += 900

    assert None not in line.give(*surging[1:], left=10_000).values()

    assert line.context.milliseconds >= 0, "Lambda has killed it"


def test_turns_at_profiles_do_not_outlive_the_invocation(
    line: Hands, twenty: list[Delivery]
) -> None:
    ordered = [
        replace(one, event_version=1, recipient={**(one.recipient or {}), "attributes": {"a": 1}})
        for one in twenty
    ]
    slow_ledger(line)

    with suppress(KeyError):  # no time is left for the waits: the queue's own apply
        line.give(*ordered, left=6_000)

    assert line.context.milliseconds >= 0, "Lambda has killed it"


def test_claims_that_a_surge_limit_could_not_count_do_not_outlive_the_invocation(
    line: Hands, twenty: list[Delivery]
) -> None:
    def before(key: str, values: dict[str, Any]) -> None:
        if key.startswith("surge#"):
            away()
        line.context.milliseconds -= 400 * (":less" in values)

    line.dynamo.before = before
    surging = [replace(one, surge=(1, 60)) for one in twenty]
    assert None not in line.give(*surging, left=6_000).values()

    assert line.context.milliseconds >= 0, "Lambda has killed it"
