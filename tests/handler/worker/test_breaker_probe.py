"""Once its time is over, one probe at a time decides whether a breaker closes."""

import json
from dataclasses import replace

import pytest

from handler.core.delivery.breaker import IN_A_ROW
from handler.core.models import Delivery
from handler.ledger.lease import Times
from handler.ledger.ledger import ClaimRequest
from tests.handler.handing import Hands, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import DOWN, REFUSED, sizes
from tests.handler.worker.line import KEY, fail, open_until


def test_a_good_probe_of_one_closes_it_and_the_others_follow_together(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    five = several(delivery, 5)

    assert set(line.give(*five).values()) == {None}

    assert sizes(braze)[IN_A_ROW:] == [1, 4]
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
    assert line.other().worker.breaker_state.probe("default", line.clock.now + 35)

    waits = line.give(delivery)

    assert (waits[delivery.id] or 0) >= line.worker.timing.known
    assert len(braze.requests) == IN_A_ROW


@pytest.mark.parametrize("later", [35.5, 36])
def test_the_probe_of_a_vanished_worker_is_taken_over_from_the_second_in_which_it_ends(
    line: Hands, braze: Braze, delivery: Delivery, later: float
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    line.other().worker.breaker_state.probe("default", line.clock.now + 35)
    line.clock.now += later

    assert line.give(delivery) == {delivery.id: None}
    assert line.queue.lines("not now") == []


def test_a_rotated_key_closes_it_with_its_probe(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append(REFUSED)
    first, second = several(delivery, 2)
    line.give(first)
    line.clock.now = open_until(line, KEY)
    line.queue.uptime.now += 60
    line.queue.aws.client("secretsmanager").put_secret_value(
        SecretId=line.worker.settings.braze_keys_arn,
        SecretString=json.dumps({"default": "new-key"}),
    )
    braze.replies.append(REFUSED)

    assert set(line.give(first, second).values()) == {None}

    assert braze.keys[1:] == ["Bearer canary-key", "Bearer new-key", "Bearer new-key"]
    assert open_until(line, KEY) == 0


def test_another_worker_that_knows_of_it_hears_at_once_that_it_has_closed(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    other, (first, second) = line.other(), several(delivery, 2)
    other.worker.breaker_state.breaker("default")
    assert line.give(first) == {first.id: None}

    assert other.give(second) == {second.id: None}


def test_a_delivery_that_goes_alone_may_be_the_probe(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    now = line.clock.now
    line.worker.ledger.claim(
        ClaimRequest(delivery.id, "retry", "gone", Times(now - 60, now - 30, now - 60))
    )
    fail(line, braze, delivery)

    for _ in range(3):
        line.clock.now = max(open_until(line), line.clock.now + 60)
        if line.give(delivery) == {delivery.id: None}:
            break

    assert line.states(delivery) == ["ACCEPTED"]


def test_a_permissions_probe_that_braze_fails_is_the_only_one(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append(REFUSED)
    first, *rest = several(delivery, 11)
    line.give(first)
    line.clock.now = open_until(line, KEY)
    braze.replies.append(DOWN)

    waits = line.give(*rest)

    assert len(braze.requests) == 2
    assert None not in waits.values()
    assert open_until(line, KEY) > line.clock.now
    assert open_until(line) == 0


def test_where_workspace_and_permission_are_due_one_probe_closes_both(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append(REFUSED)
    first, *others = several(delivery, 10)
    line.give(first)
    canvases = [replace(one, path="/canvas/trigger/send") for one in others[:5]]
    for one in canvases:
        braze.replies.append(DOWN)
        line.give(one)
    line.clock.now = max(open_until(line), open_until(line, KEY))
    braze.requests.clear()

    waits = line.give(*others[5:])

    assert set(waits.values()) == {None}
    assert [len(one["recipients"]) for one in braze.requests] == [1, 3]
    assert (open_until(line), open_until(line, KEY)) == (0, 0)
