"""A campaign or Canvas that Braze does not know: its deliveries wait until its id is mended."""

import pytest

from handler.core.models import Delivery
from tests.handler.handing import Hands, counted, several
from tests.handler.stage import Braze

GONE = (400, b'{"message": "Invalid Campaign ID"}')
DAY = 86_400


def test_a_deleted_campaign_waits_as_configuration_and_raises_the_alarm(
    line: Hands, braze: Braze, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    (one,) = several(delivery, 1)
    braze.replies.append(GONE)

    wait = line.give(one)[one.id] or 0

    assert line.worker.timing.fault <= wait <= 2 * line.worker.timing.fault
    assert (line.reasons(), line.states(one)) == ([], ["FAILED"])
    told = line.queue.lines()[-1]
    assert (told["outcome"], told["reason"], told["status"]) == ("not_sent", "configuration", 400)
    assert counted(capsys, "TargetPaused") > 0


def test_once_its_id_is_known_what_waits_is_sent(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    (one,) = several(delivery, 1)
    braze.replies.append(GONE)
    line.give(one)
    line.clock.now += 600

    assert line.give(one) == {one.id: None}
    assert line.states(one) == ["ACCEPTED"]


def test_what_nobody_mends_for_a_day_is_a_dead_letter_that_says_why(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    (one,) = several(delivery, 1)
    braze.replies += [GONE, GONE]
    line.give(one)
    line.clock.now += DAY

    assert line.give(one) == {one.id: None}
    ((_, attributes),) = line.queue.letters()
    assert attributes["reason"] == "horizon"
    assert attributes["detail"] == "configuration: Invalid Campaign ID"
    assert attributes["status"] == "400"


def test_deliveries_that_go_together_wait_together(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    given = several(delivery, 5)
    braze.replies.append(GONE)

    waits = line.give(*given)

    assert len(braze.requests) == 1  # none of them is at fault: they are not tried one by one
    assert None not in waits.values()
    assert line.reasons() == []
