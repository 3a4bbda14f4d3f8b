"""Batches handed to the worker directly, as often as a test likes, on a clock that it moves."""

import json
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from handler.aws.dynamodb import Table
from handler.aws.retry import ONCE
from handler.core.delivery.backoff import Timing
from handler.core.message import encode
from handler.core.models import Delivery
from handler.deliver import serve
from handler.ledger.breaker_state import BreakerState
from handler.ledger.pauses import Pauses
from handler.ledger.targets import Targets
from handler.worker.dependencies import Worker
from tests.handler.stage import ARN, REQUEST, Clock, Invocation, Queue

START = 1_800_000_000.0
TIMING = replace(Timing(), request=REQUEST, shortest=0.3, margin=1, marking=0.3)


def nothing(_key: str, _values: dict[str, Any]) -> None:
    """Do nothing before a call of DynamoDB."""


@dataclass
class Dynamo:
    """DynamoDB, but that a test may look at each call before it is made, and raise."""

    client: Any
    before: Callable[[str, dict[str, Any]], None] = nothing
    batches: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def update_item(self, **named: Any) -> Any:
        self.before(named["Key"]["pk"]["S"], named["ExpressionAttributeValues"])
        return self.client.update_item(**named)

    def get_item(self, **named: Any) -> Any:
        self.before(named["Key"]["pk"]["S"], {})
        return self.client.get_item(**named)

    def batch_execute_statement(self, **named: Any) -> Any:
        """Make the statements for which `before` raises nothing; the others are errors of AWS."""
        self.batches += 1
        results: list[Any] = []
        for statement in named["Statements"]:
            try:
                self.before(*_named(statement))
            except EndpointConnectionError:
                results.append({"Error": {"Code": "InternalServerError"}})
            else:
                answer = self.client.batch_execute_statement(Statements=[statement])
                results += answer["Responses"]
        return {"Responses": results, "ResponseMetadata": {}}


def _named(statement: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the key of a statement and its values, each named as an update names it."""
    names = re.findall(r"'(\w+)': \?|\"(\w+)\"=\?", statement["Statement"])
    values = {
        f":{first or second}": value
        for (first, second), value in zip(names, statement["Parameters"], strict=True)
    }
    return values.pop(":pk")["S"], values


@dataclass
class Sqs:
    """SQS, but that a postponed message is not looked for: a test hands it over itself."""

    client: Any
    seconds: dict[str, int] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def change_message_visibility_batch(self, **named: Any) -> dict[str, Any]:
        for entry in named["Entries"]:
            self.seconds[entry["ReceiptHandle"]] = entry["VisibilityTimeout"]
        return {}


@dataclass
class Hands:
    """A worker and the messages that it gets; `received` says when each came first, how often."""

    queue: Queue
    plain: Queue
    clock: Clock
    dynamo: Dynamo
    sqs: Sqs
    received: dict[str, tuple[float, int]] = field(default_factory=dict)
    context: Invocation = field(default_factory=Invocation)

    @property
    def worker(self) -> Worker:
        return self.queue.worker

    def give(self, *given: Delivery, copy: str = "", left: int = 30_000) -> dict[str, int | None]:
        """Hand one batch over; return for how long each delivery waits, None where it left."""
        records = [self._record(encode(one), one.id + copy) for one in given]
        self.context.milliseconds = left
        answer = serve(self.worker, {"Records": records}, self.context)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        return {
            one.id: self.sqs.seconds[one.id + copy] if one.id + copy in failed else None
            for one in given
        }

    def states(self, *given: Delivery) -> list[Any]:
        return [self.plain.item(one).get("state") for one in given]

    def attempts(self, *given: Delivery) -> list[int]:
        return [int(self.plain.item(one).get("attempts", 0)) for one in given]

    def shared(self, key: str) -> dict[str, Any]:
        """Return an item of the table, without the types."""
        table = self.worker.ledger.table
        answer = self.dynamo.client.get_item(TableName=table.name, Key={"pk": {"S": key}})
        return {name: next(iter(it.values())) for name, it in answer.get("Item", {}).items()}

    def reasons(self) -> list[str]:
        return [attributes["reason"] for _, attributes in self.queue.letters()]

    def other(self) -> "Hands":
        """Return a second worker, which knows nothing but what the table tells it."""
        timing = self.worker.timing
        return replace(self, queue=_with(self.plain, self.dynamo, self.sqs, self.clock, timing))

    def _record(self, body: str, message: str) -> dict[str, Any]:
        first, times = self.received.get(message, (self.clock(), 0))
        self.received[message] = (first, times + 1)
        attributes = {
            "SentTimestamp": str(round(first * 1000)),
            "ApproximateFirstReceiveTimestamp": str(round(first * 1000)),
            "ApproximateReceiveCount": str(times + 1),
        }
        return {
            "messageId": message, "receiptHandle": message, "body": body, "attributes": attributes,
            "eventSourceARN": ARN,
        }  # fmt: skip


def hands(queue: Queue, timing: Timing = TIMING) -> Hands:
    clock = Clock(START)
    dynamo, sqs = Dynamo(queue.worker.ledger.table.client), Sqs(queue.worker.sqs)
    return Hands(_with(queue, dynamo, sqs, clock, timing), queue, clock, dynamo, sqs)


def _with(queue: Queue, dynamo: Dynamo, sqs: Sqs, clock: Clock, timing: Timing) -> Queue:
    def sleep(seconds: float) -> None:
        clock.now += seconds

    # A test says what comes of a call with all its tries.
    table = Table(dynamo, queue.worker.ledger.table.name, retry=ONCE)  # type: ignore[arg-type] # it passes everything on
    worker = replace(
        queue.worker,
        ledger=replace(queue.worker.ledger, table=table),
        sqs=sqs,  # type: ignore[arg-type] # as the table's
        pauses=Pauses(table, clock, timing.known),
        targets=Targets(table, timing),
        breaker_state=BreakerState(table, timing, clock, random.random),
        timing=timing,
        clock=clock,
        sleep=sleep,
    )
    return replace(queue, worker=worker)


def away() -> None:
    """Be out of DynamoDB's reach."""
    raise EndpointConnectionError(endpoint_url="https://dynamodb")


def counted(capsys: pytest.CaptureFixture[str], name: str) -> float:
    """Return what was counted of a metric since it was last asked."""
    lines = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    # What has dimensions of its own is printed once for them and the stack together.
    return float(sum(sum(each[name]) for each in lines if name in each))


def several(delivery: Delivery, count: int) -> list[Delivery]:
    """Return deliveries of one rule to as many users, the oldest first."""
    return [
        replace(
            delivery,
            id=f"{at:02}{uuid.uuid4().hex}",
            recipient={"external_user_id": f"user-{at}"},
            accepted_at=at,
        )
        for at in range(count)
    ]
