"""Writes of the ledger whose answer, or whose author, is lost."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from handler.aws.dynamodb import Table
from handler.aws.retry import ONCE
from handler.core.message import encode
from handler.core.models import Delivery
from handler.ledger.lease import Times
from handler.ledger.ledger import ClaimRequest
from tests.handler.stage import Braze, Clock, Queue
from tests.handler.worker.answers import hang

HORIZON = 86_400


@dataclass
class Lossy:
    """A client of DynamoDB that does with an update what it is told, or what the real one does."""

    client: Any
    update: Callable[..., Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def update_item(self, **named: Any) -> Any:
        return (self.update or self.client.update_item)(**named)


def with_ledger(queue: Queue, client: Lossy, clock: Clock) -> Queue:
    table = Table(client, queue.worker.ledger.table.name, retry=ONCE)  # type: ignore[arg-type] # it passes everything on
    ledger = replace(queue.worker.ledger, table=table)
    return replace(queue, worker=replace(queue.worker, ledger=ledger, clock=clock))


def test_a_claim_under_hold_whose_answer_is_lost_is_no_unknown_outcome(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    def lose_the_answer(**named: Any) -> None:
        client.update = None
        client.update_item(**named)
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    client = Lossy(queue.worker.ledger.table.client, lose_the_answer)
    queue = with_ledger(queue, client, Clock(time.time()))
    queue.send(encode(replace(delivery, on_unknown="hold")))

    assert len(queue.deliver()) == 1
    assert queue.item(delivery)["state"] == "FAILED"
    queue.aws.client("sqs").purge_queue(QueueUrl=queue.worker.settings.queue_url)
    queue.send(encode(replace(delivery, on_unknown="hold")))
    assert queue.deliver() == []

    assert len(braze.requests) == 1
    assert queue.item(delivery)["attempts"] == "1"
    assert queue.letters() == []


def test_a_delivery_is_not_buried_as_held_before_the_ledger_holds_it(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    def lose_the_ledger() -> None:
        client.update = refuse
        hang()

    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    client, clock = Lossy(queue.worker.ledger.table.client), Clock(time.time())
    queue = with_ledger(queue, client, clock)
    queue = replace(
        queue, worker=replace(queue.worker, timing=replace(queue.worker.timing, marking=0))
    )
    braze.replies.append(lose_the_ledger)
    held = replace(delivery, on_unknown="hold")
    queue.send(encode(held))

    assert len(queue.deliver()) == 1
    assert queue.item(held)["state"] == "SENDING"
    assert queue.letters() == []

    client.update = None
    clock.now += 60
    assert queue.deliver() == []
    assert queue.item(held)["state"] == "HELD"
    assert [attributes["reason"] for _, attributes in queue.letters()] == ["unknown"]
    assert len(braze.requests) == 1


def test_what_has_killed_its_workers_for_a_day_is_given_up(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    now = time.time()
    claim = queue.worker.ledger.claim
    for owner, times in (
        ("first", Times(now - HORIZON - 1, now - HORIZON, 0)),
        ("last", Times(now - 100, now - 50, 0)),
    ):
        claim(ClaimRequest(delivery.id, "retry", owner, times))
    queue.send(encode(delivery))

    assert queue.deliver() == []

    assert braze.requests == []
    ((_, attributes),) = queue.letters()
    assert (attributes["reason"], attributes["detail"]) == ("horizon", "worker_lost")
    assert queue.item(delivery)["state"] == "DEAD"
