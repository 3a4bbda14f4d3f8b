"""The end of a delivery's time, and what a person sends again after it."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import JsonValue

from handler.core.models import Delivery
from tests.handler.handing import Hands, away
from tests.handler.stage import Braze, Reply
from tests.handler.worker.answers import DOWN, EDGE, LIMITED
from tests.handler.worker.line import pause
from tests.handler.worker.track import group, subscribes

DAY = 86_400
CAMPAIGN = "/campaigns/trigger/send"
SPARE = 3_600  # seconds of a wait, by which an end may be late


@pytest.fixture
def transactional(delivery: Delivery) -> Delivery:
    recipient: dict[str, JsonValue] = {"external_user_id": "u"}
    path = "/transactional/v1/campaigns/2f9c7b16-6d40-4e8b-a3f5-90c1e7d2b864/send"
    return replace(delivery, path=path, send={}, recipient=recipient)


def test_what_is_put_into_the_queue_again_has_its_whole_horizon_before_it(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies += [DOWN, LIMITED]
    line.give(delivery)
    line.clock.now += DAY + 60  # its letter was buried where the ledger was not reached

    assert line.give(delivery, copy="redriven")[delivery.id] is not None
    line.clock.now += 3_600  # a limit without a time to wait for is over by then

    assert line.give(delivery, copy="redriven") == {delivery.id: None}
    assert line.reasons() == []
    assert line.states(delivery) == ["ACCEPTED"]


@pytest.mark.parametrize("first,requests", [(EDGE, 1), (DOWN, 2)], ids=["unknown", "not sent"])
def test_a_transactional_one_is_not_sent_again_once_braze_has_forgotten_it(
    line: Hands, braze: Braze, transactional: Delivery, first: Reply, requests: int
) -> None:
    braze.replies.append(first)
    line.give(transactional)
    line.clock.now += DAY + 60

    assert line.give(transactional) == {transactional.id: None}
    assert len(braze.requests) == requests
    assert line.reasons() == ["horizon"] * (requests == 1)


def test_a_person_may_send_a_transactional_one_again(
    line: Hands, braze: Braze, transactional: Delivery
) -> None:
    braze.replies.append(EDGE)
    line.give(transactional)
    line.clock.now += DAY + 60
    line.give(transactional)

    assert line.give(transactional, copy="redriven") == {transactional.id: None}
    assert line.states(transactional) == ["ACCEPTED"]
    assert len(braze.requests) == 2


def wait_out(line: Hands, one: Delivery) -> float:
    """Hand a delivery over as it comes back, and leave out days; return how long it was tried."""
    began = line.clock.now
    while (wait := line.give(one)[one.id]) is not None:
        last_hours = 9 * DAY - 2 * SPARE if one.path != CAMPAIGN else DAY - 2 * SPARE
        line.clock.now = max(line.clock.now + wait, began + last_hours)
        assert line.clock.now - began < 20 * DAY, "it waits for ever"
    return line.clock.now - began


@pytest.fixture
def consent(delivery: Delivery) -> Delivery:
    return subscribes(delivery, group("unsubscribed", external_ids=["u"]))


class Down(list[Any]):
    """Braze's replies in an outage without an end."""

    def pop(self, _at: Any = 0) -> Reply:
        return DOWN


def test_in_an_outage_a_consent_is_tried_for_nine_days_and_a_message_for_one(
    line: Hands, braze: Braze, delivery: Delivery, consent: Delivery
) -> None:
    braze.replies = Down([DOWN])
    for one, days in ((delivery, 1), (consent, 9)):
        assert days * DAY <= wait_out(line, one) < days * DAY + SPARE
        assert line.reasons() == ["horizon"]
        assert line.states(one) == ["DEAD"]


def test_a_consent_that_is_paused_for_long_leaves_within_a_quarter_of_an_hour_of_its_resume(
    line: Hands, consent: Delivery
) -> None:
    pause(line, "all")
    line.give(consent)
    line.clock.now += 3_600
    wait = line.give(consent)[consent.id]
    assert wait is not None
    assert 800 <= wait <= 900  # longer than at first: there are nine days of them
    pause(line)
    line.clock.now += wait

    assert line.give(consent) == {consent.id: None}
    assert line.states(consent) == ["ACCEPTED"]


def test_a_consent_that_is_paused_for_nine_days_is_a_dead_letter(
    line: Hands, consent: Delivery
) -> None:
    pause(line, "all")

    assert 9 * DAY <= wait_out(line, consent) < 9 * DAY + SPARE
    assert line.reasons() == ["paused"]


def test_what_aws_keeps_from_being_sent_ends_at_the_horizon_of_its_endpoint(
    line: Hands, delivery: Delivery, consent: Delivery
) -> None:
    line.dynamo.before = lambda key, _values: away() if key.startswith("delivery#") else None

    for one, days in ((delivery, 1), (consent, 9)):
        assert days * DAY <= wait_out(line, one) < days * DAY + SPARE
        assert line.reasons() == ["horizon"]
