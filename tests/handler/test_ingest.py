"""Ingest with a clock of its own: secrets that are rotated, missing or mended, queues that fail."""

import base64
import hmac
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from handler import settings, webhook_log
from handler.aws.api_gateway import webhook_of
from handler.aws.secrets import SecretCache
from handler.core.message import decode, group_of
from handler.core.models import Delivery
from handler.core.rules.load import load
from handler.core.rules.source import Source
from handler.ingest import Ingest, _ingest, lambda_handler

RULES = Path(__file__).parents[1] / "rules"
SOURCES = {"shopify": load("shopify", (RULES / "shopify.yaml").read_text("utf-8"), "f", "dev")}
ENVIRONMENT = {
    "QUEUE_URL": "queue",
    "DEAD_LETTER_QUEUE_URL": "dead",
    "RULES_STAGE": "dev",
    "SIGNING_SECRETS_ARN": "arn:aws:secretsmanager:us-east-1:1:secret:s",
    "MAX_BODY_BYTES": "1000",
}
GIVEN = settings.IngestSettings.from_environment(ENVIRONMENT)
ORDER = {
    "id": 1,
    "admin_graphql_api_id": "gid://shopify/Order/1",
    "email": "a@example.org",
    "customer": {"id": 2},
    "line_items": [{"title": "t"}],
}


@dataclass
class Aws:
    """SQS and Secrets Manager as ingest sees them, and the clock."""

    secrets: dict[str, Any]
    now: float = 1_000_000.0
    reads: int = 0
    queues: dict[str, list[str]] = field(default_factory=lambda: {"queue": [], "dead": []})
    groups: list[str] = field(default_factory=list)
    delays: list[int | None] = field(default_factory=list)
    fault: bool | None = None  # what SendMessageBatch says of the sender; None: it takes all
    is_dead_away: bool = False

    def get_secret_value(self, SecretId: str) -> Any:  # noqa: N803 - AWS's own name
        self.reads += 1
        assert SecretId == GIVEN.signing_secrets_arn
        return {"SecretString": json.dumps(self.secrets), "VersionId": str(self.reads)}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - AWS's own
        if self.fault is not None:
            return {"Failed": [{"Id": it["Id"], "SenderFault": self.fault} for it in Entries]}
        self.queues[QueueUrl] += [it["MessageBody"] for it in Entries]
        self.groups += [it["MessageGroupId"] for it in Entries]
        self.delays += [it.get("DelaySeconds") for it in Entries]
        return {}

    def send_message(self, QueueUrl: str, MessageBody: str, **_: Any) -> Any:  # noqa: N803 - AWS's own
        if self.is_dead_away:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessage")
        self.queues[QueueUrl].append(MessageBody)


def ingest(aws: Aws, sources: Mapping[str, Source] = SOURCES) -> Ingest:
    cache = SecretCache(cast("Any", aws), GIVEN.signing_secrets_arn, lambda: aws.now)
    return Ingest(GIVEN, sources, cache, cast("Any", aws))


def request(secret: str, order: Any = ORDER) -> dict[str, Any]:
    body = json.dumps(order)
    signature = base64.b64encode(hmac.digest(secret.encode(), body.encode(), "sha256")).decode()
    return {
        "requestContext": {"http": {"method": "POST"}},
        "pathParameters": {"source": "shopify"},
        "headers": {
            "Content-Type": "application/json; charset=utf-8",
            "X-Shopify-Topic": "orders/create",
            "x-shopify-hmac-sha256": signature,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def test_a_rotated_secret_is_found_on_the_first_webhook_that_needs_it() -> None:
    aws = Aws({"shopify": "first-secret"})
    taking = ingest(aws)
    assert taking.answer(request("first-secret"))["statusCode"] == 200
    aws.secrets["shopify"] = ["second-secret", "first-secret"]
    aws.now += 2
    assert taking.answer(request("second-secret"))["statusCode"] == 200
    assert taking.answer(request("first-secret"))["statusCode"] == 200
    assert len(aws.queues["queue"]) == 3
    assert aws.reads == 2


def test_each_delivery_is_enqueued_in_the_group_of_its_rule() -> None:
    aws = Aws({"shopify": "first-secret"})
    assert ingest(aws).answer(request("first-secret"))["statusCode"] == 200
    (delivery,) = [decode(body) for body in aws.queues["queue"]]
    assert isinstance(delivery, Delivery)
    assert aws.groups == [group_of(delivery)]


DELAYED = """\
verify: {preset: shopify}
rules:
  - name: customer
    type: orders/create
    delay: 5m
    track: {attributes: [{external_id: "${body.customer.id}", _update_existing_only: true, a: 1}]}
  - name: order
    type: orders/create
    once: ${body.id}
    on_unknown: hold
    track:
      events:
        - external_id: ${body.customer.id}
          _update_existing_only: false
          name: tea ordered
          time: ${time(body.created_at)}
"""


def test_only_the_deliveries_of_a_rule_with_a_delay_are_delayed_and_they_still_say_so() -> None:
    aws = Aws({"shopify": "first-secret"})
    sources = {"shopify": load("shopify", DELAYED, "f", "dev")}
    order = {**ORDER, "created_at": "2026-11-20T21:00:00Z"}
    taking = ingest(aws, sources)
    assert taking.answer(request("first-secret", order))["statusCode"] == 200
    made = [decode(body) for body in aws.queues["queue"]]
    found = [(one.rule, one.delay) for one in made if isinstance(one, Delivery)]
    assert found == [("customer", 300), ("order", None)]
    assert aws.delays == [300, None]
    assert len(set(aws.groups)) == 2


def test_a_flood_of_bad_signatures_costs_a_read_every_two_seconds() -> None:
    aws = Aws({"shopify": "first-secret"})
    taking = ingest(aws)
    for _ in range(600):
        assert taking.answer(request("wrong-secret"))["statusCode"] == 401
        aws.now += 0.125
    assert aws.reads == 1 + 600 * 0.125 // 2
    assert aws.queues == {"queue": [], "dead": []}


def test_one_bad_signature_does_not_keep_a_secret_that_was_just_rotated_from_being_found() -> None:
    aws = Aws({"shopify": "first-secret"})
    taking = ingest(aws)
    taking.answer(request("first-secret"))
    aws.now += 100
    assert taking.answer(request("wrong-secret"))["statusCode"] == 401
    aws.secrets["shopify"] = ["second-secret", "first-secret"]
    aws.now += 2
    assert taking.answer(request("second-secret"))["statusCode"] == 200


@pytest.mark.parametrize(
    "signature",
    [None, "", "AAAA", "not base64!", "é", "QUJD, QUJD", "A" * 44],
    ids=["missing", "empty", "short", "no base64", "non-ASCII", "twice", "spare bits"],
)
@pytest.mark.parametrize("before", [{"shopify": "first-secret"}, {}], ids=["set", "not set"])
def test_what_no_secret_could_prove_has_no_secret_read_again(
    signature: str | None, before: Any
) -> None:
    aws = Aws(before)
    taking = ingest(aws)
    assert taking.answer(request("first-secret"))["statusCode"] in (200, 503)
    reads = aws.reads
    event = request("wrong-secret")
    del event["headers"]["x-shopify-hmac-sha256"]
    if signature is not None:
        event["headers"]["x-shopify-hmac-sha256"] = signature
    for _ in range(10):
        aws.now += 10
        assert taking.answer(event)["statusCode"] == (401 if before else 503)
    assert aws.reads == reads


@pytest.mark.parametrize("before", [{}, {"shopify": "short"}, {"shopify": []}])
def test_a_secret_that_is_set_or_mended_serves_within_two_seconds(before: Any) -> None:
    aws = Aws(before)
    taking = ingest(aws)
    refused = taking.answer(request("good-secret"))
    assert (refused["statusCode"], refused["headers"]["retry-after"]) == (503, "30")
    aws.secrets = {"shopify": "good-secret"}
    aws.now += 2
    assert taking.answer(request("good-secret"))["statusCode"] == 200


def test_a_silent_secrets_manager_costs_a_webhook_two_seconds_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("handler.ingest._ingest", _ingest.__wrapped__)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "test")
    with socket.create_server(("127.0.0.1", 0)) as silence:
        url = f"http://127.0.0.1:{silence.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
        event, started = request("any-secret"), time.monotonic()
        assert lambda_handler(event, None)["statusCode"] == 503
        assert time.monotonic() - started < 2 + 1  # the first read is tried twice; and our own time


def to(path: str | None, method: str = "POST") -> dict[str, Any]:
    """Return a request as the route for its path hands it over; without one, the catch-all's."""
    event = request("first-secret")
    event["requestContext"] = {"http": {"method": method}}
    event["pathParameters"] = None if path is None else {"source": path}
    return event


def test_a_slash_at_the_end_of_the_path_makes_no_difference() -> None:
    aws = Aws({"shopify": "first-secret"})
    taking = ingest(aws)
    assert taking.answer(to("shopify/"))["statusCode"] == 200
    assert taking.answer(to("shopify/", "GET"))["statusCode"] == 405
    assert taking.answer(to("shopify/") | {"body": "{}"})["statusCode"] == 401
    assert len(aws.queues["queue"]) == 1


@pytest.mark.parametrize("path", ["shopify//", "shopify/orders", "a/shopify", "../shopify", None])
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS", "DELETE"])
def test_any_other_path_is_404_logged_and_counted_and_nothing_else(
    path: str | None, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = Aws({"shopify": "first-secret"})
    answer = ingest(aws).answer(to(path, method))
    told = "unknown source" if method == "POST" else "not found"
    assert (answer["statusCode"], json.loads(answer["body"])) == (404, {"error": told})
    assert (aws.reads, aws.queues) == (0, {"queue": [], "dead": []})
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    (names,) = [set(one) - {"_aws", "service", "source"} for one in counted]
    posted = {"SourcesUnknown"} if method == "POST" else set()
    assert names == {"WebhooksReceived", "WebhooksRefused"} | posted
    assert counted[0]["source"] == "unknown"


def test_a_path_is_in_no_log_line_and_no_metric_however_many_a_scanner_tries(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    taking = ingest(Aws({"shopify": "first-secret"}))
    for number in range(50):
        for path in (f"canary-{number}", f"canary-{number}/", f"shopify/canary-{number}"):
            event = to(path) | {"rawPath": f"/webhooks/{path}", "rawQueryString": "canary"}
            assert taking.answer(event)["statusCode"] == 404
    assert "canary" not in capsys.readouterr().out
    assert len(caplog.records) == 150
    assert "canary" not in " ".join(str(vars(record)) for record in caplog.records)
    kinds = {(vars(one)["source"], vars(one)["reason"]) for one in caplog.records}
    assert len(kinds) == 2


@pytest.mark.parametrize("letter", ["x", "é", "😀", "\\\\"])
def test_the_line_of_an_event_that_none_of_500_rules_wants_has_1_kb_at_most(
    letter: str, caplog: pytest.LogCaptureFixture
) -> None:
    rule = """  - name: %s
    type: %s
    when: %s
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
"""
    long = " && ".join(f"body.x == '{at} {letter * 200}'" for at in range(4))
    names = [f"{at:03}-{'x' * 60}" for at in range(500)]
    kinds = [*["orders/create"] * 250, *[f"{'y' * 60}/{at}" for at in range(250)]]
    rules = "".join(rule % (name, kind, long) for name, kind in zip(names, kinds, strict=True))
    source = load("shopify", f"verify: {{preset: shopify}}\nrules:\n{rules}", "f", "dev")
    taking = replace(ingest(Aws({"shopify": "first-secret"})), sources={"shopify": source})
    with caplog.at_level("INFO"):
        assert taking.answer(request("first-secret"))["statusCode"] == 200
    (record,) = caplog.records
    told = vars(record)["unmatched"]
    assert told[0]["rule"] == names[0]
    assert told[0]["why"].startswith("body.x == ")
    assert len(told) + vars(record)["more_unmatched"] == 500
    (handler,) = webhook_log.logger.handlers
    assert len(handler.format(record).encode()) <= 1_024


def test_what_sqs_calls_the_senders_fault_is_a_dead_letter_and_answered_200() -> None:
    aws = Aws({"shopify": "first-secret"}, fault=True)
    assert ingest(aws).answer(request("first-secret"))["statusCode"] == 200
    assert len(aws.queues["dead"]) == 1


def test_what_sqs_does_not_take_is_503_and_no_dead_letter() -> None:
    aws = Aws({"shopify": "first-secret"}, fault=False)
    assert ingest(aws).answer(request("first-secret"))["statusCode"] == 503
    assert aws.queues == {"queue": [], "dead": []}


def test_what_is_parked_is_counted_in_the_answer_and_only_where_there_is_something() -> None:
    taking = ingest(Aws({"shopify": "first-secret"}))
    good = taking.answer(request("first-secret"))
    parked = taking.answer(request("first-secret", ORDER | {"email": None}))
    assert json.loads(good["body"]) == {"events": 1, "deliveries": 1}
    assert json.loads(parked["body"]) == {"events": 1, "deliveries": 0, "parked": 1}


def test_an_event_that_can_neither_be_rendered_nor_buried_is_503() -> None:
    aws = Aws({"shopify": "first-secret"}, is_dead_away=True)
    answer = ingest(aws).answer(request("first-secret", ORDER | {"email": None}))
    assert answer["statusCode"] == 503


def test_a_body_over_the_limit_is_413_before_its_signature_is_looked_at() -> None:
    aws = Aws({"shopify": "first-secret"})
    answer = ingest(aws).answer(request("wrong-secret", ORDER | {"note": "x" * 1000}))
    assert answer["statusCode"] == 413


@pytest.mark.parametrize(
    "event",
    [
        {"requestContext": {"http": {"method": "POST"}}},
        {"requestContext": {"http": {"method": "POST"}}, "pathParameters": None, "body": None},
    ],
)
def test_an_event_without_source_body_or_headers_is_a_webhook_of_nobody(event: Any) -> None:
    webhook = webhook_of(event, 0)
    assert (webhook.source, webhook.body, dict(webhook.headers)) == ("", b"", {})
