"""A digest of a body names what may happen again: a later webhook is a delivery of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from handler.core.delivery.claim_protocol import LedgerState
from handler.core.message import encode
from handler.core.models import Delivery
from handler.ledger.lease import DAY
from relay.stacks.ledger import Ledger
from tests.handler.handing import START, Hands, away, nothing
from tests.handler.stage import Braze, Reply
from tests.handler.worker.answers import BAD, DOWN, EDGE

NOTICE: Reply = (201, b'{"message": "success", "notice": "something that nobody knows"}')
HOUR = 3_600
REPEATS = 3 * DAY
PAID = "/transactional/v1/campaigns/417220e4-5a2a-b634-7f7d-9ec891532368/send"


def webhook(delivery: Delivery, seconds: int, repeats: int = REPEATS) -> Delivery:
    """Return the delivery of a webhook with the same bytes, so many seconds later."""
    at = int(START) + seconds
    return replace(delivery, id="d" * 64, accepted_at=at, again_after=at + repeats)


@pytest.fixture
def first(delivery: Delivery) -> Delivery:
    return webhook(delivery, 0)


def give(line: Hands, one: Delivery, *others: Delivery, copy: str = "") -> int | None:
    """Hand a delivery over once its webhook has come, not before now."""
    line.clock.now = max(line.clock.now, one.accepted_at + 1)
    return line.give(one, *others, copy=f"-{one.accepted_at}{copy}")[one.id]


@contextmanager
def unmarked(line: Hands, state: str) -> Iterator[None]:
    """Let no mark of this state into the ledger."""

    def before(key: str, values: dict[str, Any]) -> None:
        if key.startswith("delivery#") and values.get(":state") == {"S": state}:
            away()

    line.dynamo.before = before
    yield
    line.dynamo.before = nothing


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


def test_what_comes_late_of_an_earlier_occurrence_does_not_end_a_later_one(
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
    assert len(braze.requests) == 3


@pytest.mark.parametrize("repeats", [HOUR, DAY])
def test_what_waits_while_the_same_happens_again_is_sent_too(
    line: Hands, braze: Braze, delivery: Delivery, repeats: int
) -> None:
    waiting, again = webhook(delivery, 0, repeats), webhook(delivery, repeats + 60, repeats)
    braze.replies.append(DOWN)
    assert give(line, waiting)

    assert give(line, again) is None
    assert give(line, waiting) is None
    assert len(braze.requests) == 3


def test_what_happened_first_is_sent_though_it_is_handed_out_last(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    for seconds in (REPEATS + 60, 0, REPEATS + HOUR, HOUR):
        give(line, webhook(delivery, seconds))

    assert len(braze.requests) == 2


def test_what_happens_again_after_a_dead_letter_leaves_that_to_be_redriven(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    braze.replies.append(BAD)
    give(line, first)
    for seconds in (4 * DAY, 4 * DAY + HOUR):
        give(line, webhook(delivery, seconds))
    assert len(braze.requests) == 2

    give(line, first, copy="-redriven")
    assert len(braze.requests) == 3


def test_what_is_held_stays_held_when_the_same_happens_again(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    braze.replies.append(NOTICE)
    give(line, first)
    give(line, webhook(delivery, 4 * DAY))
    give(line, first, copy="-redriven")

    assert (len(braze.requests), line.states(first)) == (2, ["HELD"])
    assert line.reasons() == ["notice", "notice"]


def test_what_is_released_after_four_days_is_sent_once(
    line: Hands, braze: Braze, first: Delivery
) -> None:
    braze.replies.append(NOTICE)
    give(line, first)
    line.clock.now += 4 * DAY
    table = line.worker.ledger.table
    assert Ledger(line.dynamo, table.name).free(first.id, LedgerState.HELD, "me", line.clock.now)
    for copy in ("-released", "-again"):
        give(line, first, copy=copy)

    assert (len(braze.requests), line.states(first)) == (2, ["ACCEPTED"])


@pytest.mark.parametrize("others", [0, 1])
def test_a_mark_that_was_lost_does_not_stand_for_what_happens_again(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery, others: int
) -> None:
    beside = replace(delivery, id="e" * 64, recipient={"external_user_id": "other"})
    with unmarked(line, "ACCEPTED"):
        give(line, first, *[beside] * others)
    assert line.states(first) == ["SENDING"]

    assert give(line, webhook(delivery, 4 * DAY)) is None
    assert (len(braze.requests), line.reasons()) == (2, [])


def test_braze_is_told_another_reference_of_what_happens_again(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    paid = replace(delivery, path=PAID, send={})
    for seconds in (0, 2 * HOUR):
        give(line, webhook(paid, seconds, HOUR))

    references = [request["external_send_id"] for request in braze.requests]
    assert references[0] == "d" * 64
    assert len(set(references)) == 2


def test_what_is_unknown_of_one_occurrence_is_nothing_of_the_next(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    braze.replies.append(EDGE)
    give(line, replace(first, on_unknown="hold"))
    again = replace(webhook(delivery, 4 * DAY), on_unknown="hold")

    assert give(line, again) is None
    assert (len(braze.requests), line.reasons()) == (2, ["unknown"])


def test_what_the_former_release_marked_is_repeated_as_long_as_its_sender_repeats(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    give(line, replace(first, again_after=None))
    give(line, webhook(delivery, REPEATS - HOUR))
    assert len(braze.requests) == 1

    for seconds in (REPEATS + HOUR, REPEATS + 2 * HOUR):
        give(line, webhook(delivery, seconds))
    assert len(braze.requests) == 2


def test_what_the_former_release_enqueued_is_sent_once_with_its_repeat(
    line: Hands, braze: Braze, delivery: Delivery, first: Delivery
) -> None:
    give(line, webhook(delivery, HOUR))
    give(line, replace(first, again_after=None))

    assert len(braze.requests) == 1


@dataclass
class Failing:
    """DynamoDB that fails at one call about a digest: before it is made, or once it is."""

    client: Any
    at: int
    applied: bool
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def update_item(self, **named: Any) -> Any:
        return self._called(self.client.update_item, named)

    def get_item(self, **named: Any) -> Any:
        return self._called(self.client.get_item, named)

    def _called(self, call: Any, named: dict[str, Any]) -> Any:
        is_counted = named["Key"]["pk"]["S"].startswith(("delivery#", "runs#"))
        self.calls += is_counted
        fails = is_counted and self.calls == self.at
        if fails and not self.applied:
            away()
        answer = call(**named)
        if fails:
            away()
        return answer


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 4])  # occurrences are read, and written; claim, mark
def test_a_later_occurrence_is_sent_once_whatever_call_fails(
    line: Hands, braze: Braze, delivery: Delivery, at: int, *, applied: bool
) -> None:
    give(line, webhook(delivery, 0))
    again = webhook(delivery, 4 * DAY)
    failing = Failing(line.dynamo.client, at, applied)
    line.dynamo.client = failing

    while (seconds := give(line, again)) is not None:
        line.clock.now += seconds + HOUR
    give(line, webhook(delivery, 5 * DAY))

    assert failing.calls >= 4
    assert len(braze.requests) == 2


def test_two_workers_that_begin_one_occurrence_send_it_once(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    other = line.other()
    repeat = webhook(delivery, 4 * DAY + 1)
    give(line, webhook(delivery, 0))

    def meanwhile(key: str, values: dict[str, Any]) -> None:
        if key.startswith("runs#") and values:
            line.dynamo.before = nothing
            give(other, repeat)

    line.dynamo.before = meanwhile
    give(line, webhook(delivery, 4 * DAY))

    assert len(braze.requests) == 2


def test_the_message_of_a_digest_says_how_long_its_sender_repeats(first: Delivery) -> None:
    written = json.loads(encode(first))

    assert (written["version"], written["again_after"]) == (3, first.accepted_at + REPEATS)


def killed_before_its_mark(line: Hands, *given: Delivery) -> None:
    def before(key: str, values: dict[str, Any]) -> None:
        if key.startswith("delivery#") and ":last" in values:
            raise KeyboardInterrupt

    line.dynamo.before = before
    with pytest.raises(KeyboardInterrupt):
        line.give(*given)
    line.dynamo.before = nothing


@pytest.mark.parametrize("waited", [0, 2 * HOUR], ids=["at once", "after its repeats"])
def test_a_later_occurrence_that_lost_its_worker_is_claimed_as_what_it_is(
    line: Hands, braze: Braze, delivery: Delivery, waited: int
) -> None:
    give(line, webhook(delivery, 0, HOUR))
    later = webhook(delivery, 10 * HOUR, HOUR)
    other = replace(delivery, id="e" * 64, recipient={"external_user_id": "other"})
    line.clock.now = later.accepted_at + 1 + waited
    killed_before_its_mark(line, later, other)  # Braze has accepted both, in one request
    sent = len(braze.requests)

    for copy in range(5):
        line.clock.now += 400
        line.give(later, other, copy=f"-{copy}")

    assert len(braze.requests) == sent
