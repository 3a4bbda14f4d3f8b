"""Deliveries of `priority: low` at ingest: into a queue of their own, if there is one."""

import base64
import hmac
import json
from typing import Any, cast

import pytest

from handler import settings
from handler.aws.secrets import SecretCache
from handler.core.message import decode
from handler.core.models import Delivery
from handler.core.rules.load import load
from handler.ingest import Ingest
from tests.simulation.clock import Clock
from tests.simulation.secrets import Secrets
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_queue import Queue

SECRET, ARN = "canary-secret", "arn:aws:secretsmanager:us-east-1:1:secret:s"
RULES = """\
verify: {preset: shopify}
rules:
  - name: order
    type: orders/create
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
  - name: welcome
    type: orders/create
    priority: low
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
"""
ENVIRONMENT = {
    "QUEUE_URL": "queue",
    "DEAD_LETTER_QUEUE_URL": "dead",
    "LOW_PRIORITY_QUEUE_URL": "low",
    "RULES_STAGE": "dev",
    "SIGNING_SECRETS_ARN": ARN,
    "MAX_BODY_BYTES": "1000",
}


@pytest.fixture
def sqs() -> Sqs:
    return Sqs(Clock(), queues={name: Queue(name) for name in ("queue", "low", "dead")})


def ingest(sqs: Sqs, *without: str) -> Ingest:
    given = {name: value for name, value in ENVIRONMENT.items() if name not in without}
    secrets = Secrets(sqs.clock)
    secrets.put(ARN, json.dumps({"shop": SECRET}))
    return Ingest(
        settings.IngestSettings.from_environment(given),
        {"shop": load("shop", RULES, "shop.yaml", "dev")},
        SecretCache(cast("Any", secrets), ARN, sqs.clock),
        cast("Any", sqs),
    )


def request() -> dict[str, Any]:
    body = '{"id": 7}'
    digest = hmac.digest(SECRET.encode(), body.encode(), "sha256")
    headers = {"content-type": "application/json", "x-shopify-topic": "orders/create"}
    return {
        "requestContext": {"http": {"method": "POST"}},
        "pathParameters": {"source": "shop"},
        "headers": headers | {"x-shopify-hmac-sha256": base64.b64encode(digest).decode()},
        "body": body,
        "isBase64Encoded": False,
    }


def held(sqs: Sqs, name: str) -> list[tuple[str, str | None]]:
    """Return the rule and the priority of each delivery in a queue."""
    found = [decode(message.body) for message in sqs.queues[name].messages.values()]
    return [(one.rule, one.priority) for one in found if isinstance(one, Delivery)]


def versions(sqs: Sqs, name: str) -> list[int]:
    return [json.loads(one.body)["version"] for one in sqs.queues[name].messages.values()]


def test_deliveries_of_low_priority_have_a_queue_of_their_own(sqs: Sqs) -> None:
    assert ingest(sqs).answer(request())["statusCode"] == 200

    assert held(sqs, "queue") == [("order", None)]
    assert held(sqs, "low") == [("welcome", "low")]


def test_without_the_low_priority_queue_they_go_into_the_other_as_the_former_release_reads_them(
    sqs: Sqs,
) -> None:
    """An update sets the code and the environment of a function one after the other."""
    answer = ingest(sqs, "LOW_PRIORITY_QUEUE_URL").answer(request())

    assert json.loads(answer["body"]) == {"events": 1, "deliveries": 2}
    assert held(sqs, "queue") == [("order", None), ("welcome", None)]
    assert max(versions(sqs, "queue")) < 4


def test_a_low_priority_queue_that_is_gone_loses_nothing_and_refuses_no_webhook(sqs: Sqs) -> None:
    del sqs.queues["low"]

    assert ingest(sqs).answer(request())["statusCode"] == 200

    assert held(sqs, "queue") == [("order", None), ("welcome", None)]


def test_where_both_queues_are_away_the_sender_comes_again(sqs: Sqs) -> None:
    sqs.queues = {"dead": sqs.queues["dead"]}

    assert ingest(sqs).answer(request())["statusCode"] == 503


def test_what_sqs_refuses_for_good_is_a_dead_letter_that_still_knows_its_priority(
    sqs: Sqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**given: Any) -> dict[str, Any]:
        return {"Failed": [{"Id": one["Id"], "SenderFault": True} for one in given["Entries"]]}

    monkeypatch.setattr(Sqs, "send_message_batch", lambda _self, **given: refuse(**given))

    assert ingest(sqs).answer(request())["statusCode"] == 200

    assert held(sqs, "dead") == [("order", None), ("welcome", "low")]
