"""The breaker of a workspace opens once Braze fails, and for nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import JsonValue

from handler.core.delivery.breaker import IN_A_ROW
from handler.core.models import Delivery
from tests.handler.handing import TIMING, Hands, counted, hands, several
from tests.handler.stage import SUCCESS, Braze, Queue
from tests.handler.worker.answers import BAD, DOWN, LIMITED, REFUSED, hang
from tests.handler.worker.line import KEY, fail, open_until


@pytest.fixture
def hasty(queue: Queue) -> Hands:
    """A line that waits for no answer for long: here every request fails all the same."""
    return hands(queue, replace(TIMING, request=0.2, shortest=0.1))


@pytest.mark.parametrize("reply", [DOWN, hang], ids=["5xx", "timeout"])
def test_it_opens_after_five_failures_in_a_row(
    hasty: Hands, braze: Braze, delivery: Delivery, reply: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for at, one in enumerate(several(delivery, IN_A_ROW), 1):
        braze.replies.append(reply)
        hasty.give(one)
        assert (open_until(hasty) > 0) == (at == IN_A_ROW)

    assert 22 <= open_until(hasty) - hasty.clock.now <= 38
    assert counted(capsys, "BreakerOpened") == 1
    assert len(hasty.queue.lines("breaker opened")) == 1


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


@pytest.mark.parametrize("reply", [BAD, LIMITED])
def test_what_is_no_failure_of_braze_does_not_open_it(
    line: Hands, braze: Braze, delivery: Delivery, reply: Any
) -> None:
    for one in several(delivery, IN_A_ROW + 1):
        braze.replies.append(reply)
        line.give(one)

    assert len(braze.requests) == IN_A_ROW + 1
    assert open_until(line) == 0


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
    assert line.shared(f"breaker#{KEY}")["reason"] == "key_refused"
    assert line.attempts(first, second) == [1, 0]


def test_a_key_that_may_not_send_campaigns_may_send_canvases(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append((403, b'{"message": "Access Denied"}'))
    campaign, other, canvas = several(delivery, 3)
    path = "/canvas/trigger/send"
    send: dict[str, JsonValue] = {"canvas_id": "c"}

    line.give(campaign)
    waits = line.give(other, replace(canvas, path=path, send=send))

    assert waits[other.id] is not None
    assert waits[canvas.id] is None
    assert len(braze.requests) == 2
    assert open_until(line) == 0


def test_a_refused_key_says_that_braze_itself_is_well(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    line.clock.now = open_until(line)
    braze.replies.append(REFUSED)
    probe, canvas = several(delivery, 2)
    line.give(probe)

    waits = line.give(replace(canvas, path="/canvas/trigger/send", send={"canvas_id": "c"}))

    assert waits[canvas.id] is None
    assert open_until(line) == 0


def test_after_it_has_opened_no_more_of_those_that_were_refused_together_are_posted(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies += [BAD, *[DOWN] * 12]
    twelve = several(delivery, 12)

    line.give(*twelve)

    assert len(braze.requests) == 1 + IN_A_ROW
    assert sum(line.attempts(*twelve)) == IN_A_ROW
