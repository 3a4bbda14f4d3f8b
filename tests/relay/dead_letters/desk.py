"""A stack's queues and ledger, filled and read by a test."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import typer
from pydantic import JsonValue
from typer.testing import CliRunner, Result

from handler.core.message import encode, pack
from handler.core.models import Delivery, Parked
from relay.dead_letters.commands import dead, held
from relay.stacks.local import client

app = typer.Typer()
app.add_typer(dead, name="dead-letters")
app.add_typer(held, name="held")

SECRET = "canary-of-a-person"
NOW = int(time.time())
HOUR = 3_600
BODY: dict[str, JsonValue] = {
    "id": 7,
    "email": f"{SECRET}@example.org",
    "name": "Ada",
    "number": 41,
}
EVENT: dict[str, JsonValue] = {
    "type": "orders/create",
    "id": "7",
    "headers": {"x-shopify-topic": "orders/create"},
    "body": BODY,
    "occurred_at": NOW - 60,
    "received_at": NOW - 50,
}
DELIVERY = Delivery(
    id="",
    source="shop",
    rule="confirm",
    rules_version="v1",
    workspace="default",
    path="/campaigns/trigger/send",
    send={"campaign_id": "c-1"},
    recipient={"external_user_id": "9", "attributes": {"email": BODY["email"]}},
    event_id="7",
    event=pack(EVENT),
    accepted_at=NOW - 50,
    expires_at=None,
    on_unknown="retry",
)
PARKED = Parked(
    source="shop",
    rule="confirm",
    rules_version="v1",
    event_id="7",
    event=pack(EVENT),
    accepted_at=NOW - 50,
    reason="unrenderable",
    detail="attributes.email: it is missing",
)


def delivery(**changes: Any) -> Delivery:
    """Return a delivery with an id of its own."""
    return replace(DELIVERY, id=uuid.uuid4().hex * 2, **changes)


@dataclass(frozen=True)
class Desk:
    endpoint: str
    name: str
    outputs: Mapping[str, str]

    def client(self, service: str) -> Any:
        return client(self.endpoint, service)

    def run(self, group: str, command: str, *arguments: str, answer: str = "") -> Result:
        given = [group, command, *arguments, "--stack-name", self.name]
        return CliRunner().invoke(app, given, input=answer)

    def listed(self, group: str = "dead-letters", *arguments: str) -> list[dict[str, Any]]:
        done = self.run(group, "list", "--json", *arguments)
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    def bury(self, letter: Delivery | Parked | str, reason: str = "", **told: str) -> None:
        texts = {"reason": reason or "rejected", **told} if reason != "none" else {}
        self.client("sqs").send_message(
            QueueUrl=self.outputs["DeadLetterQueueUrl"],
            MessageBody=letter if isinstance(letter, str) else encode(letter),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": it} for name, it in texts.items()
            },
        )

    def bury_many(self, count: int) -> set[str]:
        """Bury so many deliveries; return their ids."""
        made = [delivery() for _ in range(count)]
        attributes = {"reason": {"DataType": "String", "StringValue": "rejected"}}
        for start in range(0, count, 10):
            self.client("sqs").send_message_batch(
                QueueUrl=self.outputs["DeadLetterQueueUrl"],
                Entries=[
                    {"Id": it.id[:9], "MessageBody": encode(it), "MessageAttributes": attributes}
                    for it in made[start : start + 10]
                ],
            )
        return {it.id for it in made}

    def put(self, known: Delivery, state: str, **fields: Any) -> None:
        """Write a record into the ledger."""
        item = {
            "state": {"S": state},
            "owner": {"S": "w"},
            "lease_until": {"N": "1"},
            "expires": {"N": str(NOW + 86_400)},
            "attempts": {"N": "1"},
            "pk": {"S": f"delivery#{known.id}"},
        }
        self.client("dynamodb").put_item(
            TableName=self.outputs["LedgerTable"], Item={**item, **fields}
        )

    def item(self, known: Delivery) -> dict[str, Any]:
        """Return the ledger's item; empty where there is none."""
        key = {"pk": {"S": f"delivery#{known.id}"}}
        answer = self.client("dynamodb").get_item(TableName=self.outputs["LedgerTable"], Key=key)
        found: dict[str, Any] = answer.get("Item", {})
        return found

    def sent(self) -> list[dict[str, Any]]:
        """Take what is in the main queue now."""
        return [json.loads(it["Body"]) for it in self.taken("QueueUrl")]

    def dead(self) -> list[dict[str, Any]]:
        """Return the dead letters that anybody sees now; they stay."""
        sqs, url = self.client("sqs"), self.outputs["DeadLetterQueueUrl"]
        found = self.received(url)
        for entries in _in_tens(found, VisibilityTimeout=0):
            sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
        return found

    def taken(self, output: str) -> list[dict[str, Any]]:
        """Return the messages of a queue that anybody sees now, and delete them."""
        sqs, url = self.client("sqs"), self.outputs[output]
        found = self.received(url)
        for entries in _in_tens(found):
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        return found

    def received(self, url: str) -> list[dict[str, Any]]:
        sqs = self.client("sqs")
        found: list[dict[str, Any]] = []
        while messages := sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["MessageGroupId"],
            VisibilityTimeout=60,
        ).get("Messages"):
            found += messages
        return found


def _in_tens(messages: list[dict[str, Any]], **more: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the entries of batches for messages that were received."""
    for start in range(0, len(messages), 10):
        yield [
            {"Id": str(at), "ReceiptHandle": it["ReceiptHandle"], **more}
            for at, it in enumerate(messages[start : start + 10])
        ]
