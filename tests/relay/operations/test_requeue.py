"""`relay requeue`: what a rollback has left in a queue that no worker reads any more."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from handler.core.message import encode
from relay.cli import app
from relay.stacks.selection import LOW_PRIORITY, Operated
from tests.relay.dead_letters.desk import delivery
from tests.relay.operations.stage import Stage


@pytest.fixture
def orphan(stage: Stage) -> Iterator[str]:
    """Return the URL of a queue that was the stack's, and is no more."""
    sqs = stage.client("sqs")
    url = sqs.create_queue(QueueName=f"orphan-{uuid.uuid4().hex}")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def run(stage: Stage, url: str) -> Any:
    return CliRunner().invoke(app, ["requeue", url, "--stack-name", stage.stack.name])


def put(stage: Stage, url: str, *bodies: str) -> None:
    for body in bodies:
        stage.client("sqs").send_message(QueueUrl=url, MessageBody=body)


def taken(stage: Stage, url: str) -> list[str]:
    sqs, found = stage.client("sqs"), list[str]()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
    return found


def test_what_a_rollback_left_goes_into_the_queue_of_its_priority(
    stage: Stage, orphan: str
) -> None:
    low, other = [delivery(priority="low") for _ in range(12)], delivery()
    put(stage, orphan, *map(encode, low), encode(other), encode(other))

    result = run(stage, orphan)

    assert result.exit_code == 0, result.output
    assert "moved 14 deliveries" in result.stdout
    outputs = stage.stack.outputs
    assert sorted(taken(stage, outputs[LOW_PRIORITY])) == sorted(map(encode, low))
    assert taken(stage, outputs["QueueUrl"]) == [encode(other), encode(other)]


def test_a_release_without_the_low_priority_queue_gets_what_it_can_read(
    stage: Stage, orphan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {name: one for name, one in stage.stack.outputs.items() if name != LOW_PRIORITY}
    former = Operated(stage.stack.name, outputs, stage.stack.endpoint)
    monkeypatch.setattr("relay.operations.requeue.operated", lambda *_, **__: former)
    low = delivery(priority="low")
    put(stage, orphan, encode(low))

    assert run(stage, orphan).exit_code == 0

    (body,) = taken(stage, outputs["QueueUrl"])
    assert body == encode(replace(low, priority=None))
    assert json.loads(body)["version"] < 4


def test_what_still_waits_or_is_no_delivery_stays_and_is_told(stage: Stage, orphan: str) -> None:
    put(stage, orphan, encode(delivery()))
    sqs = stage.client("sqs")
    sqs.receive_message(QueueUrl=orphan, VisibilityTimeout=600)
    put(stage, orphan, "what nobody wrote")

    result = run(stage, orphan)

    assert result.exit_code == 1
    assert "moved 0 deliveries" in result.stdout
    assert "2 left in the queue" in result.stderr


@pytest.mark.parametrize("output", ["QueueUrl", LOW_PRIORITY, "DeadLetterQueueUrl"])
def test_a_queue_of_the_stack_itself_is_refused(stage: Stage, output: str) -> None:
    result = run(stage, stage.stack.outputs[output])

    assert result.exit_code == 2
    assert "reads this queue itself" in result.output
