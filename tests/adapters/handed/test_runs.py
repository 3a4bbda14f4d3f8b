"""A digest of a body names what may happen again: a later webhook is a run of its own."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from handler.claims import run_of
from handler.core.message import encode
from handler.core.models import Delivery
from handler.core.protocol import State
from handler.lease import DAY, Times
from relay.ledger_desk import LedgerDesk
from tests.adapters.handed.answers import BAD, DOWN
from tests.adapters.handing import START, Hands, away
from tests.adapters.stage import Braze, Reply

NOTICE: Reply = (201, b'{"message": "success", "notice": "something that nobody knows"}')
HOUR = 3_600
REPEATS = 3 * DAY


def webhook(delivery: Delivery, seconds: int) -> Delivery:
    """Return the delivery of a webhook with the same bytes, so many seconds later."""
    at = int(START) + seconds
    return replace(delivery, id="d" * 64, accepted_at=at, again_after=at + REPEATS)


@pytest.fixture
def first(delivery: Delivery) -> Delivery:
    return webhook(delivery, 0)


def give(line: Hands, one: Delivery, copy: str = "") -> int | None:
    """Hand a delivery over once its webhook has come, not before now."""
    line.clock.now = max(line.clock.now, one.accepted_at + 1)
    return line.give(one, copy=f"-{one.accepted_at}{copy}")[one.id]


def test_the_same_bytes_after_the_senders_repeats_are_sent_again(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    for seconds in (0, REPEATS + 1, 2 * (REPEATS + 1)):
        assert give(line, webhook(delivery, seconds)) is None

    assert len(braze.requests) == 3


@pytest.mark.parametrize("seconds", [1, DAY, REPEATS])
def test_the_same_bytes_while_the_sender_repeats_are_a_duplicate(
    line: Hands, braze: Braze, delivery: Delivery, seconds: int
) -> None:
    give(line, webhook(delivery, 0))
    give(line, webhook(delivery, seconds))

    assert len(braze.requests) == 1


def test_a_repeat_of_what_happened_again_is_a_duplicate_of_that(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    for seconds in (0, 4 * DAY, 4 * DAY + HOUR, 6 * DAY):
        give(line, webhook(delivery, seconds))

    assert len(braze.requests) == 2


def test_a_message_that_comes_again_after_four_days_is_a_duplicate(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    give(line, first)
    line.clock.now += 4 * DAY
    give(line, first, copy="-redriven")
    give(line, webhook(delivery, 5 * DAY))
    give(line, first, copy="-redriven again")

    assert len(braze.requests) == 2


def test_what_is_left_of_an_earlier_run_does_not_end_a_later_one(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    short = replace(first, expires_at=first.accepted_at + HOUR)
    again = webhook(delivery, 4 * DAY)
    give(line, short)
    braze.replies.append(DOWN)
    assert give(line, again)

    assert give(line, short, copy="-redriven") is None
    assert line.reasons() == []
    assert give(line, again) is None
    assert (len(braze.requests), line.states(again)) == (3, ["ACCEPTED"])


def test_what_happens_again_after_a_dead_letter_has_repeats_of_its_own(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    braze.replies.append(BAD)
    give(line, first)
    for seconds in (4 * DAY, 4 * DAY + HOUR):
        give(line, webhook(delivery, seconds))

    assert len(braze.requests) == 2


def test_a_held_delivery_stays_held_when_the_same_bytes_come_later(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    braze.replies.append(NOTICE)
    give(line, first)
    give(line, webhook(delivery, 4 * DAY))

    assert (len(braze.requests), line.states(first)) == (1, ["HELD"])
    assert line.reasons() == ["notice", "notice"]


def test_what_is_released_after_four_days_is_sent_once(
    line: Hands, braze: Braze, first: Delivery
) -> None:
    braze.replies.append(NOTICE)
    give(line, first)
    line.clock.now += 4 * DAY
    table = line.worker.ledger.table
    assert LedgerDesk(line.dynamo, table.name).free(first.id, State.HELD, "me", line.clock.now)
    for copy in ("-released", "-again"):
        give(line, first, copy)

    assert (len(braze.requests), line.states(first)) == (2, ["ACCEPTED"])


def test_what_the_former_release_marked_is_repeated_as_long_as_its_sender_repeats(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    give(line, replace(first, again_after=None))
    give(line, webhook(delivery, REPEATS - HOUR))
    assert len(braze.requests) == 1

    for seconds in (REPEATS + HOUR, REPEATS + 2 * HOUR):
        give(line, webhook(delivery, seconds))
    assert len(braze.requests) == 2


@dataclass
class Failing:
    """DynamoDB that fails at one update of a delivery: before it is made, or once it is."""

    client: Any
    at: int
    applied: bool
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def update_item(self, **named: Any) -> Any:
        self.calls += named["Key"]["pk"]["S"].startswith("delivery#")
        fails = self.calls == self.at
        if fails and not self.applied:
            away()
        answer = self.client.update_item(**named)
        if fails:
            away()
        return answer


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])  # a claim that is refused, the one anew, the mark
def test_a_later_run_is_sent_once_whatever_call_fails(
    line: Hands, braze: Braze, delivery: Delivery, at: int, *, applied: bool
) -> None:
    give(line, webhook(delivery, 0))
    again = webhook(delivery, 4 * DAY)
    failing = Failing(line.dynamo.client, at, applied)
    line.dynamo.client = failing

    while (seconds := give(line, again)) is not None:
        line.clock.now += seconds + HOUR
    give(line, webhook(delivery, 5 * DAY))

    assert failing.calls >= 3
    assert len(braze.requests) == 2


def test_a_later_run_whose_worker_vanished_is_sent_and_its_repeat_is_not(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    give(line, first)
    again = webhook(delivery, 4 * DAY)
    now = again.accepted_at + 1
    line.worker.ledger.claim(again.id, "retry", "gone", Times(now, now + 35, now, run_of(again)))
    line.clock.now = now + HOUR

    assert give(line, again) is None
    assert give(line, webhook(delivery, 4 * DAY + 2 * HOUR)) is None
    assert len(braze.requests) == 2


def test_the_message_of_a_digest_says_how_long_its_sender_repeats(first: Delivery) -> None:
    written = json.loads(encode(first))

    assert (written["version"], written["again_after"]) == (3, first.accepted_at + REPEATS)
