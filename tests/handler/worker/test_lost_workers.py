"""Deliveries with which a worker has vanished."""

from collections.abc import Callable
from typing import Any

import pytest

from handler.core.delivery.claim_protocol import MOST_LOST
from handler.core.models import Delivery
from handler.ledger.lease import Times
from handler.ledger.ledger import ClaimRequest
from handler.ledger.lost_workers import LostWorkers
from tests.handler.handing import Hands, counted, nothing, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import sizes, users


class Killed(BaseException):
    """Lambda ends the invocation."""


def kill(line: Hands, when: Callable[[str, dict[str, Any]], bool], *given: Delivery) -> None:
    """Hand a batch over, and kill the worker before the first call of DynamoDB that is so."""

    def before(key: str, values: dict[str, Any]) -> None:
        if when(key, values):
            raise Killed

    line.dynamo.before = before
    with pytest.raises(Killed):
        line.give(*given)
    line.dynamo.before = nothing


def test_what_a_killed_worker_had_recorded_as_accepted_is_not_sent_again(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several(delivery, 3)
    first = f"delivery#{three[0].id}"
    kill(line, lambda key, values: key == first and ":last" in values, *three)
    assert line.states(*three) == ["SENDING"] * 3

    assert None not in line.give(*three).values()
    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [3]
    assert line.states(*three) == ["ACCEPTED"] * 3


def test_what_a_killed_worker_had_not_recorded_is_sent_again_one_by_one(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several(delivery, 3)
    kill(line, lambda key, values: key.startswith("send#") and ":state" in values, *three)

    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [3, 1, 1, 1]
    assert line.attempts(*three) == [2, 2, 2]


def test_what_a_vanished_worker_had_sent_is_counted_once_when_it_leaves(
    line: Hands, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    two = several(delivery, 2)
    kill(line, lambda _key, values: ":last" in values, *two)

    line.clock.now += 60
    line.give(*two)

    assert counted(capsys, "DeliveriesAccepted") == 2


def lose(line: Hands, delivery: Delivery, workers: int) -> None:
    """Let so many workers vanish with a delivery, one after the other."""
    for number in range(workers):
        now, owner, ledger = line.clock.now, f"gone-{number}", line.worker.ledger
        times = Times(now, now + 30, now)
        claimed = ledger.claim(ClaimRequest(delivery.id, "retry", owner, times))
        if isinstance(claimed, tuple) and claimed[1] is not None:
            LostWorkers(ledger).take_over(
                ClaimRequest(delivery.id, "retry", owner, times), claimed[1]
            )
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
