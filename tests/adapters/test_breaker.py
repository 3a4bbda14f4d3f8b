"""While Braze fails, nothing is sent to a workspace but one probe at a time."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from handler.core.breaker import IN_A_ROW
from handler.core.models import Delivery
from handler.ledger import Times
from tests.adapters.handing import Hands, away, counted, hands, nothing, several
from tests.adapters.stage import SUCCESS, Braze, Queue

DOWN = (503, b'{"message": "5XX Internal Server Error"}')
REFUSED = (401, b'{"message": "Invalid API key"}')
BAD = (400, b'{"message": "bad"}')
LIMITED = (429, b'{"message": "Rate Limited"}')


@pytest.fixture
def line(queue: Queue) -> Hands:
    return hands(queue)


def hang() -> None:
    time.sleep(0.7)


def fail(line: Hands, braze: Braze, delivery: Delivery, times: int = IN_A_ROW) -> list[Delivery]:
    """Fail singly, so often that the breaker opens if it is often enough."""
    several_failed = several(delivery, times)
    for one in several_failed:
        braze.replies.append(DOWN)
        line.give(one)
    return several_failed


def open_until(line: Hands) -> int:
    return int(line.shared("breaker#default").get("open_until", 0))


@pytest.mark.parametrize("reply", [DOWN, hang], ids=["5xx", "timeout"])
def test_it_opens_after_five_failures_in_a_row(
    line: Hands, braze: Braze, delivery: Delivery, reply: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for at, one in enumerate(several(delivery, IN_A_ROW), 1):
        braze.replies.append(reply)
        line.give(one)
        assert (open_until(line) > 0) == (at == IN_A_ROW)

    assert 22 <= open_until(line) - line.clock.now <= 38
    assert counted(capsys, "BreakerOpened") == 1
    assert len(line.queue.lines("breaker opened")) == 1


def test_a_success_between_failures_keeps_it_closed(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    for one in several(delivery, 12):
        braze.replies.append(SUCCESS if one.accepted_at % 4 == 3 else DOWN)
        line.give(one)

    assert len(braze.requests) == 12
    assert open_until(line) == 0


def test_it_opens_when_half_of_twenty_requests_of_a_window_have_failed(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    for one in several(delivery, 20):
        assert open_until(line) == 0
        braze.replies.append(DOWN if one.accepted_at % 2 else SUCCESS)
        line.give(one)

    assert open_until(line) > 0


@pytest.mark.parametrize("reply", [BAD, LIMITED])
def test_what_is_no_failure_of_braze_does_not_open_it(
    line: Hands, braze: Braze, delivery: Delivery, reply: Any
) -> None:
    for one in several(delivery, IN_A_ROW + 1):
        braze.replies.append(reply)
        line.give(one)

    assert len(braze.requests) == IN_A_ROW + 1
    assert open_until(line) == 0


def test_while_it_is_open_nothing_is_sent_and_no_attempt_is_counted(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    tried = fail(line, braze, delivery)
    fresh = several(delivery, 3)

    waits = line.give(*tried, *fresh)

    assert len(braze.requests) == IN_A_ROW
    assert line.attempts(*tried, *fresh) == [1] * IN_A_ROW + [0] * 3
    left = open_until(line) - line.clock.now
    assert all((wait or 0) >= left for wait in waits.values())
    assert {each["reason"] for each in line.queue.lines()[IN_A_ROW:]} == {"breaker_open"}


def test_other_workspaces_go_on(line: Hands, braze: Braze, delivery: Delivery) -> None:
    known = {**line.worker.workspaces, "usa": line.worker.workspaces["default"]}
    line.queue = replace(line.queue, worker=replace(line.worker, workspaces=known))
    fail(line, braze, delivery)
    default, usa = several(delivery, 2)

    waits = line.give(default, replace(usa, workspace="usa"))

    assert waits[default.id] is not None
    assert waits[usa.id] is None


def test_a_good_probe_of_one_closes_it_and_the_others_follow_together(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    five = several(delivery, 5)

    assert set(line.give(*five).values()) == {None}

    assert [len(each["recipients"]) for each in braze.requests[IN_A_ROW:]] == [1, 4]
    assert "open_until" not in line.shared("breaker#default")


def test_a_bad_probe_opens_it_for_twice_as_long_and_the_others_wait(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    began = int(line.shared("breaker#default")["opened_at"])
    line.clock.now = open_until(line)
    braze.replies.append(DOWN)
    five = several(delivery, 5)

    assert None not in line.give(*five).values()

    assert len(braze.requests) == IN_A_ROW + 1
    assert line.attempts(*five) == [1, 0, 0, 0, 0]
    assert 45 <= open_until(line) - line.clock.now <= 76
    assert int(line.shared("breaker#default")["opened_at"]) == began


def test_nobody_else_sends_while_a_probe_is_on_its_way(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    assert line.other().worker.signals.probe("default", line.clock.now + 35)

    waits = line.give(delivery)

    assert (waits[delivery.id] or 0) >= line.worker.timing.known
    assert len(braze.requests) == IN_A_ROW


def test_the_probe_of_a_vanished_worker_is_taken_over(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    line.other().worker.signals.probe("default", line.clock.now + 35)
    line.clock.now += 36

    assert line.give(delivery) == {delivery.id: None}


def test_a_refused_key_opens_it_at_once_after_one_look_for_a_newer_key(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    line.worker.keys.current()
    line.queue.uptime.now = 60
    braze.replies.append(REFUSED)
    first, second = several(delivery, 2)

    line.give(first)
    line.give(second)

    assert len(braze.requests) == 1
    assert line.shared("breaker#default")["reason"] == "key_refused"
    assert line.attempts(first, second) == [1, 0]


def test_a_rotated_key_closes_it_with_its_probe(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append(REFUSED)
    first, second = several(delivery, 2)
    line.give(first)
    line.clock.now = open_until(line)
    line.queue.uptime.now += 60
    line.queue.aws.client("secretsmanager").put_secret_value(
        SecretId=line.worker.settings.braze_keys_arn,
        SecretString=json.dumps({"default": "new-key"}),
    )
    braze.replies.append(REFUSED)

    assert set(line.give(first, second).values()) == {None}

    assert braze.keys[1:] == ["Bearer canary-key", "Bearer new-key", "Bearer new-key"]
    assert open_until(line) == 0


def test_another_worker_knows_of_it_within_seconds(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    other = line.other()
    early, late = several(delivery, 2)
    assert other.give(early) == {early.id: None}
    fail(line, braze, delivery)
    sent = len(braze.requests)

    line.clock.now += line.worker.timing.known
    assert other.give(late)[late.id] is not None

    assert len(braze.requests) == sent


def test_another_worker_that_knows_of_it_hears_at_once_that_it_has_closed(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    other, (first, second) = line.other(), several(delivery, 2)
    other.worker.signals.breaker("default")
    assert line.give(first) == {first.id: None}

    assert other.give(second) == {second.id: None}


def test_where_the_table_does_not_tell_of_it_messages_are_sent(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    lost = ("breaker#", "rate#")
    line.dynamo.before = lambda key, _values: away() if key.startswith(lost) else None

    waits = line.give(delivery)
    assert [it["why"] for it in line.queue.lines("not now")] == []
    assert waits == {delivery.id: None}
    assert len(braze.requests) == 1


def test_where_the_table_takes_no_claim_nothing_is_sent(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    line.dynamo.before = lambda _key, _values: away()

    assert line.give(delivery)[delivery.id] is not None
    assert braze.requests == []


def test_a_probe_is_free_in_the_very_second_in_which_the_last_one_ends(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    line.other().worker.signals.probe("default", line.clock.now + 35)
    line.clock.now += 35.5

    assert line.give(delivery) == {delivery.id: None}
    assert line.queue.lines("not now") == []


def test_a_delivery_that_goes_alone_may_be_the_probe(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    now = line.clock.now
    line.worker.ledger.claim(delivery.id, "retry", "gone", Times(now - 60, now - 30, now - 60))
    fail(line, braze, delivery)

    for _ in range(3):
        line.clock.now = max(open_until(line), line.clock.now + 60)
        if line.give(delivery) == {delivery.id: None}:
            break

    assert line.states(delivery) == ["ACCEPTED"]


def test_after_it_has_opened_no_more_of_those_that_were_refused_together_are_posted(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies += [BAD, *[DOWN] * 12]
    twelve = several(delivery, 12)

    line.give(*twelve)

    assert len(braze.requests) == 1 + IN_A_ROW
    assert sum(line.attempts(*twelve)) == IN_A_ROW


def test_what_was_accepted_long_ago_does_not_hide_the_failures_of_a_window(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    for one in several(delivery, 30):
        line.give(one)
    line.clock.now += 3_600

    for one in several(delivery, 24):
        braze.replies.append(SUCCESS if one.accepted_at % 4 == 3 else DOWN)
        line.give(one)

    assert open_until(line) > 0


def test_a_day_before_an_open_breaker_is_far_from_a_thousand_receives(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.dynamo.before = nothing
    receives = 0
    while (wait := line.give(delivery)[delivery.id]) is not None:
        receives += 1
        line.clock.now += wait
        if line.clock.now >= open_until(line):  # every probe of others fails
            line.worker.signals.open("default", "failures")

    assert line.reasons() == ["horizon"]
    assert receives < 400
