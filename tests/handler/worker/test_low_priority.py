"""Deliveries of low priority: what they leave to the others, and the queue that they wait in."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.message import encode
from handler.core.models import Delivery
from handler.deliver import serve
from tests.handler.handing import Hands, several
from tests.handler.stage import Braze, Invocation, Queue, record

HOUR = 3_600


def left(share: float, reset: int = 600) -> dict[str, str]:
    """Return headers that say how much of Braze's hour is left, and for how many seconds."""
    given = {"Limit": 250_000, "Remaining": round(share * 250_000), "Reset": reset}
    return {f"X-RateLimit-{name}": str(value) for name, value in given.items()}


def with_left(
    share: float, line: Hands, braze: Braze, delivery: Delivery
) -> tuple[Delivery, Delivery]:
    """Let the worker hear how much is left; return deliveries of normal and of low priority."""
    braze.headers.append(left(share))
    first, normal, low = several(delivery, 3)
    line.give(first)
    return normal, replace(low, priority="low")


def test_in_the_last_fifth_of_brazes_hour_low_priority_waits_for_the_next_and_others_do_not(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    normal, low = with_left(0.199, line, braze, delivery)

    waits = line.give(low)[low.id]
    assert waits is not None
    assert 600 <= waits <= 600 + line.worker.timing.spread
    assert line.give(normal) == {normal.id: None}

    line.clock.now += waits
    assert line.give(low) == {low.id: None}


def test_with_a_fifth_left_low_priority_is_sent(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    _, low = with_left(0.2, line, braze, delivery)

    assert line.give(low) == {low.id: None}


def test_a_worker_that_has_not_asked_braze_yet_knows_by_the_ledger_how_much_is_left(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    normal, low = with_left(0.1, line, braze, delivery)
    other = line.other()

    assert (other.give(low)[low.id] or 0) >= 600
    assert other.give(normal) == {normal.id: None}
    assert len(braze.requests) == 2


def test_in_one_batch_those_of_low_priority_wait_and_the_others_are_sent(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    """A redrive by SQS itself can put both into one queue."""
    normal, low = with_left(0.1, line, braze, delivery)

    waits = line.give(normal, low)

    assert waits[normal.id] is None
    assert (waits[low.id] or 0) >= 600


@pytest.mark.parametrize("priority", [None, "low"])
def test_a_message_waits_in_the_queue_that_it_came_from(
    queue: Queue, braze: Braze, delivery: Delivery, priority: Any
) -> None:
    sqs, settings = queue.worker.sqs, queue.worker.settings
    made = sqs.create_queue(QueueName=f"{settings.queue_url.rpartition('/')[2]}-low")["QueueUrl"]
    settings = replace(settings, low_priority_queue_url=made)
    worker = replace(queue.worker, settings=settings)
    url = made if priority else settings.queue_url
    sqs.send_message(QueueUrl=url, MessageBody=encode(replace(delivery, priority=priority)))
    names: Any = ["All"]
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=names)["Messages"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]["QueueArn"]
    braze.replies.append((429, b"{}"))
    braze.headers.append({"Retry-After": "0.01"})

    event = {"Records": [{**record(message), "eventSourceARN": arn}]}
    answer = serve(worker, event, Invocation())

    assert answer["batchItemFailures"] == [{"itemIdentifier": message["MessageId"]}]
    assert queue.lines("not postponed") == []
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "1"
