"""Deliveries that may share a request do, and each of them is settled on its own."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from handler.core.models import Delivery
from handler.core.protocol import MOST_LOST
from handler.ledger import Times
from tests.adapters.handing import Hands, away, counted, hands, nothing, several
from tests.adapters.stage import Braze, Queue

BAD = (400, b'{"message": "bad recipient"}')
LIMITED = (429, b'{"message": "Rate Limited"}')


@pytest.fixture
def line(queue: Queue) -> Hands:
    return hands(queue)


def sizes(braze: Braze) -> list[int]:
    return [len(request.get("recipients", ())) for request in braze.requests]


def users(braze: Braze) -> list[list[str]]:
    return [[it["external_user_id"] for it in each["recipients"]] for each in braze.requests]


def items(line: Hands, prefix: str) -> list[dict[str, Any]]:
    table = line.worker.ledger.table
    found = line.dynamo.client.scan(TableName=table.name)["Items"]
    return [item for item in found if item["pk"]["S"].startswith(prefix)]


def hang() -> None:
    time.sleep(0.8)


def test_ten_deliveries_of_one_rule_are_one_request_and_ten_marks(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    ten = several(delivery, 10)

    assert set(line.give(*ten).values()) == {None}

    assert sizes(braze) == [10]
    assert line.states(*ten) == ["ACCEPTED"] * 10
    (send,) = items(line, "send#")
    assert send["state"] == {"S": "ACCEPTED"}
    assert sorted(send["members"]["SS"]) == sorted(one.id for one in ten)
    assert {each["together"] for each in line.queue.lines()} == {10}


def test_one_delivery_needs_no_record_of_its_request(line: Hands, delivery: Delivery) -> None:
    line.give(delivery)

    assert items(line, "send#") == []


def test_two_of_one_user_are_two_requests_and_the_older_is_the_first(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    older, newer, other = several(delivery, 3)
    older = replace(older, recipient={"external_user_id": "u", "trigger_properties": {"n": 1}})
    newer = replace(newer, recipient={"external_user_id": "u", "trigger_properties": {"n": 2}})

    line.give(newer, other, older)

    assert users(braze) == [["u", "user-2"], ["u"]]
    numbers = [each["recipients"][0]["trigger_properties"]["n"] for each in braze.requests]
    assert numbers == [1, 2]


def test_what_may_not_be_repeated_or_goes_to_an_audience_goes_alone(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    plain, another, held, more, audience, single = several(delivery, 6)
    held, more = replace(held, on_unknown="hold"), replace(more, on_unknown="hold")
    audience = replace(audience, recipient=None, send={"campaign_id": "c", "broadcast": True})
    single = replace(single, path="/transactional/v1/campaigns/417220e4-5a2a/send", send={})

    line.give(plain, another, held, more, audience, single)

    assert sorted(sizes(braze)) == [0, 0, 1, 1, 2]


def test_other_campaigns_paths_and_workspaces_are_other_requests(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, second, campaign, canvas, usa = several(delivery, 5)
    campaign = replace(campaign, send={"campaign_id": "other"})
    canvas = replace(canvas, path="/canvas/trigger/send")
    usa = replace(usa, workspace="usa")
    known = {**line.worker.workspaces, "usa": line.worker.workspaces["default"]}
    line.queue = replace(line.queue, worker=replace(line.worker, workspaces=known))

    line.give(first, second, campaign, canvas, usa)

    assert sorted(sizes(braze)) == [1, 1, 1, 2]


@pytest.mark.parametrize("batch", [(60, 1, [10, 50]), (6, 800_000, [2, 4])])
def test_a_request_holds_as_many_as_braze_takes_and_no_more_bytes(
    line: Hands, braze: Braze, delivery: Delivery, batch: tuple[int, int, list[int]]
) -> None:
    count, letters, expected = batch
    large = [
        replace(
            one, recipient={**(one.recipient or {}), "trigger_properties": {"t": "x" * letters}}
        )
        for one in several(delivery, count)
    ]

    assert set(line.give(*large).values()) == {None}

    assert sorted(sizes(braze)) == expected
    assert max(len(json.dumps(each)) for each in braze.requests) < 4_000_000
    assert line.states(*large) == ["ACCEPTED"] * count


def test_one_bad_recipient_is_dead_alone_and_nobody_is_tried_twice(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, bad, last = several(delivery, 3)
    braze.replies += [BAD, (201, b'{"message": "success"}'), BAD]

    assert set(line.give(first, bad, last).values()) == {None}

    assert users(braze) == [["user-0", "user-1", "user-2"], ["user-0"], ["user-1"], ["user-2"]]
    assert line.states(first, bad, last) == ["ACCEPTED", "DEAD", "ACCEPTED"]
    assert line.attempts(first, bad, last) == [1, 1, 1]
    assert line.reasons() == ["rejected"]


def test_who_was_refused_together_without_time_for_more_goes_alone_the_next_time(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    braze.replies.append(BAD)

    def take_the_time(key: str, _values: dict[str, Any]) -> None:
        if key.startswith("send#"):
            line.context.milliseconds = 1_250

    line.dynamo.before = take_the_time
    assert set(line.give(*two).values()) == {0}
    assert line.attempts(*two) == [0, 0]
    assert set(line.give(*two).values()) == {None}

    assert sizes(braze) == [2, 1, 1]
    assert line.states(*two) == ["ACCEPTED"] * 2


def test_an_error_with_a_place_is_of_that_recipient_alone(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several(delivery, 3)
    error = b'{"type": "invalid", "input_array": "recipients", "index": 1}'
    braze.replies.append((201, b'{"message": "success", "errors": [' + error + b"]}"))

    assert set(line.give(*three).values()) == {None}

    assert line.states(*three) == ["ACCEPTED", "DEAD", "ACCEPTED"]
    assert line.reasons() == ["rejected"]
    (send,) = items(line, "send#")
    assert three[1].id not in send["members"]["SS"]


def test_errors_without_a_place_leave_all_accepted_with_a_warning(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    braze.replies.append((201, b'{"message": "success", "errors": ["odd"]}'))

    line.give(*two)

    assert line.states(*two) == ["ACCEPTED"] * 2
    assert [each["warnings"] for each in line.queue.lines()] == [["errors"]] * 2


def test_an_unknown_outcome_is_that_of_all_and_all_are_sent_again(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    braze.replies.append(hang)

    assert None not in line.give(*two).values()
    assert line.states(*two) == ["UNKNOWN"] * 2

    assert set(line.give(*two).values()) == {None}
    assert sizes(braze) == [2, 2]
    assert line.attempts(*two) == [2, 2]


def test_a_notice_holds_all(line: Hands, braze: Braze, delivery: Delivery) -> None:
    two = several(delivery, 2)
    braze.replies.append((201, b'{"message": "success", "notice": "something new"}'))

    assert set(line.give(*two).values()) == {None}

    assert line.states(*two) == ["HELD"] * 2
    assert line.reasons() == ["notice"] * 2


def test_a_rate_limit_costs_each_one_attempt(line: Hands, braze: Braze, delivery: Delivery) -> None:
    two = several(delivery, 2)
    braze.replies.append(LIMITED)
    braze.headers.append({"X-RateLimit-Reset": "3600"})

    waits = line.give(*two)

    assert all(3_600 <= (wait or 0) <= 3_661 for wait in waits.values())
    assert line.attempts(*two) == [1, 1]
    assert line.states(*two) == ["FAILED"] * 2


class Killed(BaseException):
    """Lambda ends the invocation."""


def test_what_a_killed_worker_had_recorded_as_accepted_is_not_sent_again(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several(delivery, 3)

    def kill(key: str, values: dict[str, Any]) -> None:
        if key == f"delivery#{three[0].id}" and ":last" in values:
            raise Killed

    line.dynamo.before = kill
    with pytest.raises(Killed):
        line.give(*three)
    assert line.states(*three) == ["SENDING"] * 3

    line.dynamo.before = nothing
    assert None not in line.give(*three).values()
    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [3]
    assert line.states(*three) == ["ACCEPTED"] * 3


def test_what_a_killed_worker_had_not_recorded_is_sent_again_one_by_one(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several(delivery, 3)

    def kill(key: str, values: dict[str, Any]) -> None:
        if key.startswith("send#") and ":state" in values:
            raise Killed

    line.dynamo.before = kill
    with pytest.raises(Killed):
        line.give(*three)

    line.dynamo.before = nothing
    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [3, 1, 1, 1]
    assert line.attempts(*three) == [2, 2, 2]


def test_accepted_deliveries_that_nothing_records_leave_and_are_counted(
    line: Hands, braze: Braze, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    two = several(delivery, 2)

    def lose_marks(_key: str, values: dict[str, Any]) -> None:
        if ":state" in values:
            away()

    line.dynamo.before = lose_marks
    assert set(line.give(*two).values()) == {None}

    assert len(line.queue.lines("unrecorded")) == 2
    assert counted(capsys, "Unrecorded") == 2
    assert sizes(braze) == [2]


def test_marks_that_fail_behind_a_recorded_request_are_no_loss(
    line: Hands, braze: Braze, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    two = several(delivery, 2)

    def lose_marks(_key: str, values: dict[str, Any]) -> None:
        if ":last" in values:
            away()

    line.dynamo.before = lose_marks
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


def lose(line: Hands, delivery: Delivery, workers: int) -> None:
    """Let so many workers vanish with a delivery, one after the other."""
    for number in range(workers):
        now, owner, ledger = line.clock.now, f"gone-{number}", line.worker.ledger
        times = Times(now, now + 30, now)
        claimed = ledger.claim(delivery.id, "retry", owner, times)
        if isinstance(claimed, tuple) and claimed[1] is not None:
            ledger.take_over(delivery.id, claimed[1], owner, times)
        line.clock.now += 40


def test_what_its_worker_vanished_with_goes_alone_and_last(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    poison, *others = several(delivery, 4)
    lose(line, poison, 1)

    line.give(poison, *others)

    assert users(braze) == [["user-1", "user-2", "user-3"], ["user-0"]]


@pytest.mark.parametrize("times,reasons", [(MOST_LOST - 1, []), (MOST_LOST, ["worker_lost"])])
def test_what_kills_its_workers_is_buried_while_the_others_are_delivered(
    line: Hands, braze: Braze, delivery: Delivery, times: int, reasons: list[str]
) -> None:
    poison, *others = several(delivery, 3)
    lose(line, poison, times)

    assert set(line.give(poison, *others).values()) == {None}

    assert line.reasons() == reasons
    assert line.states(*others) == ["ACCEPTED"] * 2
    assert line.states(poison) == ["DEAD" if reasons else "ACCEPTED"]
    assert users(braze)[0] == ["user-1", "user-2"]


def test_one_claim_that_fails_does_not_stop_the_others(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, broken, last = several(delivery, 3)
    line.dynamo.before = lambda key, _values: away() if key.endswith(broken.id) else None

    waits = line.give(first, broken, last)

    assert [waits[one.id] is None for one in (first, broken, last)] == [True, False, True]
    assert users(braze) == [["user-0", "user-2"]]


def test_a_brake_that_cannot_be_asked_costs_no_attempt_and_buries_nothing(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braked = replace(delivery, surge=(3, 600))
    line.dynamo.before = lambda key, _values: away() if key.startswith("surge#") else None
    for _ in range(2 * MOST_LOST + 2):
        line.give(braked)
        line.clock.now += 40

    assert braze.requests == []
    assert line.reasons() == []
    assert (line.states(braked), line.attempts(braked)) == (["FAILED"], [0])


def test_a_mistake_of_ours_while_marking_loses_nobody_whom_braze_has_refused(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    accepted, refused = several(delivery, 2)
    error = b'{"type": "invalid", "index": 1}'
    braze.replies.append((201, b'{"message": "success", "errors": [' + error + b"]}"))

    def mistake(key: str, values: dict[str, Any]) -> None:
        if key.endswith(accepted.id) and ":last" in values:
            raise ZeroDivisionError

    line.dynamo.before = mistake
    waits = line.give(accepted, refused)

    assert waits[accepted.id] is None
    assert waits[refused.id] is not None or line.reasons() == ["rejected"]


def test_marks_that_hang_do_not_outlive_the_invocation(line: Hands, delivery: Delivery) -> None:
    five = several(delivery, 5)

    def hang_on_marks(_key: str, values: dict[str, Any]) -> None:
        if ":state" in values:
            line.context.milliseconds -= 1_000  # the margin is one call of AWS
            away()

    line.dynamo.before = hang_on_marks
    assert set(line.give(*five, left=4_000).values()) == {None}

    assert line.context.milliseconds >= 0, "Lambda has killed it, and all come back"


def test_no_dead_letter_tells_of_another_members_person(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    anna, berta = several(delivery, 2)
    anna = replace(anna, recipient={"external_user_id": "anna"})
    berta = replace(berta, recipient={"external_user_id": "berta"})
    braze.replies.append((201, b'{"message": "success", "notice": "anna and berta are odd"}'))

    line.give(anna, berta)

    details = [attributes["detail"] for _, attributes in line.queue.letters()]
    assert details == ["... and ... are odd"] * 2


def test_what_cannot_be_recorded_waits_the_longer_the_longer_it_lasts(
    line: Hands, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    line.dynamo.before = lambda key, _values: away() if key.startswith("send#") else None

    for _ in range(5):
        waits = line.give(*two)

    assert min(wait or 0 for wait in waits.values()) >= line.worker.timing.outage


def test_what_a_vanished_worker_had_sent_is_counted_once_when_it_leaves(
    line: Hands, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    two = several(delivery, 2)

    def kill(_key: str, values: dict[str, Any]) -> None:
        if ":last" in values:
            raise Killed

    line.dynamo.before = kill
    with pytest.raises(Killed):
        line.give(*two)
    line.dynamo.before = nothing
    line.clock.now += 60
    line.give(*two)

    assert counted(capsys, "DeliveriesAccepted") == 2


def test_what_sqs_repeats_is_counted_as_redelivered_and_a_copy_as_a_duplicate(
    line: Hands, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    line.give(delivery)
    assert counted(capsys, "DeliveriesAccepted") == 1

    line.give(delivery)
    assert counted(capsys, "DeliveriesRedelivered") == 1

    line.give(delivery, copy="copy")
    assert counted(capsys, "DeliveriesDuplicate") == 1
