"""The end of a delivery's time, and what a person sends again after it."""

from dataclasses import replace

import pytest
from pydantic import JsonValue

from handler.core.models import Delivery
from tests.handler.handing import Hands
from tests.handler.stage import Braze, Reply
from tests.handler.worker.answers import DOWN, EDGE, LIMITED

DAY = 86_400


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
