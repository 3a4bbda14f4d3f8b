"""A high volume is few requests: batches of 50, as Lambda collects them, handed to the worker.

The emulator hands over ten at most, whatever the template says; so they are collected here.
"""

import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

from handler.core.message import encode
from handler.core.models import Delivery
from handler.deliver import serve
from tests.faults.wire import FULL
from tests.handler.handing import several
from tests.handler.stage import Braze, Invocation, Queue

BATCH = 50  # the template's BatchSize under HighVolume
BACKLOG = 500 if FULL else 200


def enqueue(queue: Queue, delivery: Delivery, count: int) -> list[Delivery]:
    deliveries = [replace(one, id=uuid.uuid4().hex) for one in several(delivery, count)]
    for one in deliveries:
        queue.send(encode(one))
    return deliveries


def collect(queue: Queue) -> list[dict[str, Any]]:
    """Receive as many messages as a batch holds, or all that there are."""
    records: list[dict[str, Any]] = []
    while len(records) < BATCH and (found := queue.records()):
        records += found
    return records


def drain(queue: Queue) -> int:
    """Hand over batches until none is left; return how many."""
    batches = 0
    while queue.waiting():
        records = collect(queue)
        assert records, "messages that do not come back at once"
        answer = serve(queue.worker, {"Records": records}, Invocation())
        assert answer == {"batchItemFailures": []}
        for each in records:
            queue.worker.sqs.delete_message(
                QueueUrl=queue.worker.settings.queue_url, ReceiptHandle=each["receiptHandle"]
            )
        batches += 1
    return batches


def users(braze: Braze) -> Counter[str]:
    return Counter(
        each["external_user_id"] for request in braze.requests for each in request["recipients"]
    )


def test_a_batch_of_fifty_for_one_campaign_is_one_request(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    deliveries = enqueue(queue, delivery, BATCH)

    assert drain(queue) == 1

    (request,) = braze.requests
    assert len(request["recipients"]) == BATCH
    assert users(braze) == dict.fromkeys((f"user-{at}" for at in range(BATCH)), 1)
    assert {queue.item(one)["state"] for one in deliveries} == {"ACCEPTED"}


def test_a_backlog_is_drained_with_at_most_one_request_for_ten_deliveries(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    deliveries = enqueue(queue, delivery, BACKLOG)

    drain(queue)

    assert len(braze.requests) <= BACKLOG / 10
    assert users(braze) == dict.fromkeys((f"user-{at}" for at in range(BACKLOG)), 1)
    assert {queue.item(one)["state"] for one in deliveries} == {"ACCEPTED"}
    assert queue.letters() == []
