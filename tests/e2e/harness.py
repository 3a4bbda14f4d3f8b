"""A running relay, as tests drive it and look at it."""

import base64
import hmac
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import boto3
import requests
import typer
from standardwebhooks import Webhook as StandardWebhook
from typer.testing import CliRunner, Result

from relay.local.stack import Local
from relay.paths import EVENTS
from relay.stacks.local import REGION
from relay.stacks.registry import LocalStack, registered

SHOPIFY_SECRET = "canary-signing-secret-of-shopify"
SECOND_SECRET = "canary-second-secret-of-shopify"
ACCOUNTS_SECRET = "whsec_Y2FuYXJ5LXNpZ25pbmctc2VjcmV0LWFjY291bnRz"
SECRETS = {
    "shopify": [SHOPIFY_SECRET, SECOND_SECRET],
    "accounts": ACCOUNTS_SECRET,
    "broken": SHOPIFY_SECRET,
    "smoke": ACCOUNTS_SECRET,
}
# Each that the emulator starts is a process, which costs it more than a few orders: two may wait
# for a Braze that hangs, and one works.
WORKERS = {"DeliverConcurrency": "3", "LowPriorityConcurrency": "2"}
PATIENCE = 60  # seconds; a wait for a condition, never for a time
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.5  # seconds between two looks

T = TypeVar("T")


@dataclass(frozen=True)
class Relay:
    """What a test does to the relay and sees of it."""

    local: Local
    patience: float = PATIENCE  # how long a sender waits for its answer

    def post(
        self, source: str, body: bytes, headers: Mapping[str, str], method: str = "POST"
    ) -> requests.Response:
        return requests.request(
            method,
            f"{self.local.url}/webhooks/{source}",
            data=body,
            headers=headers,
            timeout=self.patience,
        )

    def shopify(
        self, topic: str, body: Any, secret: str = SHOPIFY_SECRET, **headers: str
    ) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = base64.b64encode(hmac.digest(secret.encode(), raw, "sha256")).decode()
        given = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature,
        }
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.post("shopify", raw, given | extra)

    @contextmanager
    def workers_stopped(self) -> Iterator[None]:
        """Let no worker receive anything for a while, so that what comes is received together."""
        functions = self.local.stack.client("lambda")
        mappings = functions.list_event_source_mappings()["EventSourceMappings"]
        for enabled in (False, True):
            for each in mappings:
                functions.update_event_source_mapping(UUID=each["UUID"], Enabled=enabled)
            if not enabled:
                yield

    def accounts(self, body: Any, message_id: str) -> requests.Response:
        raw = json.dumps(body)
        now = datetime.now(UTC)
        signature = StandardWebhook(ACCOUNTS_SECRET).sign(message_id, now, raw)
        headers = {
            "Content-Type": "application/json",
            "Webhook-Id": message_id,
            "Webhook-Timestamp": str(int(now.timestamp())),
            "Webhook-Signature": signature,
        }
        return self.post("accounts", raw.encode(), headers)

    def braze(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method, f"{self.local.braze_url}/_sim{path}", json=body, timeout=60
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def sends(self, count: int) -> list[dict[str, Any]]:
        """Wait for `count` sends at Braze; one more that comes at once would show too."""
        return until(
            lambda: self.braze("GET", "/sends"), lambda sends: len(sends) >= count, "sends"
        )

    def posted(self) -> list[dict[str, Any]]:
        """Return what Braze was asked to send; look-ups of campaigns come as time passes."""
        return [one for one in self.braze("GET", "/requests") if one["method"] == "POST"]

    def requests(self, count: int) -> list[dict[str, Any]]:
        return until(self.posted, lambda found: len(found) >= count, "requests")

    def last_delivery(self) -> str:
        """Return the id of the delivery that the last webhook made."""
        (delivery,) = self.last_webhook_log()["deliveries"]
        return str(delivery["id"])

    def ledger(self, delivery: str | None = None) -> dict[str, Any]:
        """Return the ledger's record of a delivery: by default the one that came last."""
        item: dict[str, Any] = self.local.stack.client("dynamodb").get_item(
            TableName=self.local.stack.outputs["LedgerTable"],
            Key={"pk": {"S": f"delivery#{delivery or self.last_delivery()}"}},
            ConsistentRead=True,
        )["Item"]
        return item

    def dead_letter(self) -> dict[str, Any]:
        """Wait for a dead letter, and take it out of the queue."""
        sqs, url = self.local.stack.client("sqs"), self.local.stack.outputs["DeadLetterQueueUrl"]

        def receive() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = sqs.receive_message(
                QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1
            ).get("Messages", [])
            return found

        letter = until(receive, bool, "dead letter")[0]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
        return letter

    def is_idle(self) -> bool:
        """Tell whether nothing waits, flies or lies dead."""
        sqs, outputs = self.local.stack.client("sqs"), self.local.stack.outputs
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return not any(
            int(value)
            for output in ("QueueUrl", "LowPriorityQueueUrl", "DeadLetterQueueUrl")
            for value in sqs.get_queue_attributes(
                QueueUrl=outputs[output], AttributeNames=list(names)
            )["Attributes"].values()
        )

    def wait_until_idle(self) -> None:
        try:
            until(self.is_idle, bool, "empty queue")
        except AssertionError as error:
            error.add_note("\n".join(self.logs()[-20:]))  # who waits there, and for what
            raise

    def logs(self) -> list[str]:
        logs = self.local.stack.client("logs")
        return [
            record["message"]
            for group in ("IngestLogGroup", "DeliverLogGroup")
            for page in logs.get_paginator("filter_log_events").paginate(
                logGroupName=self.local.stack.resources[group]
            )
            for record in page["events"]
        ]

    def last_webhook_log(self) -> dict[str, Any]:
        entries = [json.loads(line) for line in self.logs() if line.startswith("{")]
        found: dict[str, Any] = [e for e in entries if e.get("message") == "webhook"][-1]
        return found


def until(
    look: Callable[[], T], is_there: Callable[[T], bool], what: str, patience: float = PATIENCE
) -> T:
    began = time.monotonic()
    while not is_there(found := look()):
        waited = time.monotonic() - began
        assert waited < patience, f"no {what} in {patience} s"
        # A look costs the processor that what is waited for needs; a tenth more time costs none.
        time.sleep(min(max(waited / 10, SHORTEST_PAUSE), LONGEST_PAUSE))
    return found


def sample(name: str) -> dict[str, Any]:
    text = (EVENTS / f"{name}.json").read_text(encoding="utf-8")
    body: dict[str, Any] = json.loads(text.replace("@now", datetime.now(UTC).isoformat()))["body"]
    return body | ({"id": uuid.uuid4().int >> 66} if "id" in body else {})


@contextmanager
def chosen(local: Local) -> Iterator[list[str]]:
    """Register a stack as its command does; give the options that choose it."""
    found = LocalStack(
        "rules",
        local.url,
        local.braze_url,
        local.stack.endpoint,
        local.stack.outputs,
        local.stack.resources,
    )
    with registered(found):
        yield ["--port", str(found.port)]


def aws_environment(local: Local) -> dict[str, str]:
    """Return the environment of a user whose AWS account is the emulator."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": local.stack.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@cache
def session() -> boto3.Session:
    """Return boto3's session for emulators, which keeps what it has read of each service."""
    return boto3.Session("test", "test", region_name=REGION)


def invoke(relay: typer.Typer, local: Local, *arguments: str) -> Result:
    """Run a command in this process, for a user whose AWS account is the emulator."""
    boto3.DEFAULT_SESSION = session()
    try:
        return CliRunner().invoke(relay, arguments, env=aws_environment(local))
    finally:
        boto3.DEFAULT_SESSION = None  # it would keep another test's credentials


def of_its_own(local: Local) -> Iterator[Relay]:
    """Give a test the relay with a Braze that remembers nothing; leave both idle at the end."""
    made = Relay(local)
    made.braze("DELETE", "")
    yield made
    made.braze("DELETE", "/faults")
    made.wait_until_idle()
