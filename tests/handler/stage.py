"""The stage of the worker's tests: the emulator, a Braze of their own, and the queues."""

import io
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any

import boto3
from botocore.config import Config

from handler.core.models import Delivery
from handler.deliver import serve
from handler.worker.dependencies import Worker

Reply = tuple[int, bytes]
REQUEST = 2.5  # seconds for a request: an answer on a busy machine takes less
ARN = "arn:aws:sqs:us-east-1:000000000000:queue"  # of the queue that all messages come from
ACTIVE: Reply = (200, b'{"message": "success", "enabled": true}')
SUCCESS: Reply = (201, b'{"message": "success", "dispatch_id": "acf471119f74"}')


@dataclass(frozen=True)
class Aws:
    """The emulator's root; every test makes a table, queues and a secret of its own."""

    endpoint: str

    def client(self, service: str) -> Any:
        return _client(self.endpoint, service)


@cache  # to make one takes longer than a call of the emulator
def _client(endpoint: str, service: str) -> Any:
    session = boto3.Session("test", "test", region_name="us-east-1")
    make: Any = session.client
    return make(service, endpoint_url=endpoint, config=Config(read_timeout=10))


@dataclass
class Braze:
    """Braze, as far as the worker sees it: a list of replies, then success.

    `details` are the answers to who asks for campaigns, then active; `asked` their paths and keys.
    """

    replies: list[Reply | Callable[[], None]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    details: list[Reply | Callable[[], None]] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""
    headers: list[dict[str, str]] = field(
        default_factory=list
    )  # of the answers, one after the other

    def reply(self, body: bytes, key: str | None) -> Reply:
        self.requests.append(json.loads(body))
        self.keys.append(key)
        reply = self.replies.pop(0) if self.replies else SUCCESS
        if callable(reply):
            reply()
            return SUCCESS
        return reply

    def say(self, path: str, key: str | None) -> Reply:
        self.asked.append((path, key))
        reply = self.details.pop(0) if self.details else ACTIVE
        if callable(reply):
            reply()
            return ACTIVE
        return reply


def handler_of(peer: Braze) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = peer.reply(body, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            for name, value in (peer.headers.pop(0) if peer.headers else {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            status, answer = peer.say(self.path, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Write nothing: tests read the worker's log alone."""

    return Handler


@dataclass
class Clock:
    """Time that only passes when it is told to."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Invocation:
    """Lambda's context, with the same time left at every look."""

    milliseconds: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass
class Queue:
    """The worker, its queues and its ledger; `deliver` does as an event source mapping does."""

    worker: Worker
    aws: Aws
    log: io.StringIO
    uptime: Clock

    def send(self, body: str) -> None:
        self.worker.sqs.send_message(QueueUrl=self.worker.settings.queue_url, MessageBody=body)

    def deliver(self, left: int = 30_000) -> list[str]:
        """Hand one batch to the worker; delete what it has finished; return the rest's ids."""
        records = self.records()
        answer = serve(self.worker, {"Records": records}, Invocation(left))
        failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        url = self.worker.settings.queue_url
        for each in records:
            if each["messageId"] not in failed:
                self.worker.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["receiptHandle"])
        return failed

    def records(self) -> list[dict[str, Any]]:
        """Receive up to ten messages, worded as Lambda does."""
        answer = self.worker.sqs.receive_message(
            QueueUrl=self.worker.settings.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1,
            MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"],
        )  # fmt: skip
        return [record(message) for message in answer.get("Messages", [])]

    def letters(self) -> list[tuple[str, dict[str, str]]]:
        """Take all dead letters: body, and attributes as text."""
        url = self.worker.settings.dead_letter_queue_url
        found = []
        while messages := self.worker.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in messages:
                self.worker.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                named = message.get("MessageAttributes", {})
                texts = {name: value["StringValue"] for name, value in named.items()}
                found.append((message["Body"], texts))
        return found

    def waiting(self) -> int:
        """Return how many messages the queue still holds, seen or unseen."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.worker.sqs.get_queue_attributes(
            QueueUrl=self.worker.settings.queue_url, AttributeNames=names
        )
        return sum(int(count) for count in answer["Attributes"].values())

    def item(self, delivery: Delivery) -> dict[str, Any]:
        """Return the delivery's item in the ledger, without the types."""
        answer = self.worker.ledger.table.client.get_item(
            TableName=self.worker.ledger.table.name, Key={"pk": {"S": f"delivery#{delivery.id}"}}
        )
        return {name: next(iter(value.values())) for name, value in answer.get("Item", {}).items()}

    def lines(self, message: str = "delivery") -> list[dict[str, Any]]:
        """Return the log lines of a kind."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["message"] == message]


def record(message: Any) -> dict[str, Any]:
    """Return a received message as Lambda words it."""
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "eventSourceARN": ARN,
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in attributes.items()
        },
    }


def make_table(aws: Aws) -> str:
    name = f"ledger-{uuid.uuid4().hex}"
    aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name
