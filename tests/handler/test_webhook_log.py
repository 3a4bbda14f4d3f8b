"""Ingest's log line: what it lets `relay trace` find, and that nothing of a person is in it."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from handler import webhook_log
from handler.core.braze.identifiers import persons_of
from handler.core.json_types import JsonValue
from handler.core.models import LoggedEvent, Plan
from handler.core.rules.load import load
from handler.webhook_log import WebhookLog
from tests.handler.test_ingest import ORDER, Aws, ingest, request
from tests.relay.dead_letters.desk import DELIVERY

RULES = """\
verify: {preset: shopify}
rules:
  - name: paid
    type: orders/create
    when: body.id != `3`
    send:
      campaign_id: c
      recipients:
        - external_user_id: ${body.customer.id}
          attributes: {email: "${body.email}"}
    required: [attributes.email]
"""
SOURCES = {"shopify": load("shopify", RULES, "f", "dev")}
NAMED = {**ORDER, "name": "#1042", "email": " Jonas.Brandt@example.org "}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def line_of(caplog: pytest.LogCaptureFixture, order: Any, aws: Aws | None = None) -> dict[str, Any]:
    """Return ingest's line of an order, as CloudWatch has it."""
    taking = replace(ingest(aws or Aws({"shopify": "first-secret"})), sources=SOURCES)
    with caplog.at_level("INFO"):
        assert taking.answer(request("first-secret", order))["statusCode"] == 200
    (handler,) = webhook_log.logger.handlers
    line: dict[str, Any] = json.loads(handler.format(caplog.records[-1]))
    return line


def test_a_delivery_is_named_by_its_order_and_found_by_its_person(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = line_of(caplog, NAMED)
    (made,) = line["deliveries"]
    assert made["reference"] == "#1042"
    assert made["who"] == [digest("2"), digest("jonas.brandt@example.org")]
    assert line["seen"] == [{"type": "orders/create", "event": digest("1"), "reference": "#1042"}]
    assert "randt" not in json.dumps(line)


def test_what_is_written_to_a_profile_is_named_and_shows_nothing_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    order: JsonValue = {"external_id": "u7", "name": "order_placed"}
    made = replace(DELIVERY, path="/users/track", send={}, recipient={"events": [order]})
    with caplog.at_level("INFO"):
        WebhookLog("shop", 1).taken(Plan(1, 1, (made,), logged=(LoggedEvent(made.event_id),)), ())
    (handler,) = webhook_log.logger.handlers
    (line,) = json.loads(handler.format(caplog.records[-1]))["deliveries"]
    assert line["objects"] == ["event order_placed"]
    assert line["who"] == [digest("u7")]


@pytest.mark.parametrize(
    "named, who",
    [
        ({"phone": "+4915123456789"}, "+4915123456789"),
        ({"email": "Zoe@example.org", "phone": "+4915123456789"}, "zoe@example.org"),
        ({"external_id": "u7", "phone": "+4915123456789"}, "u7"),
    ],
)
def test_who_is_known_by_a_number_alone_is_found_by_it(
    named: dict[str, JsonValue], who: str
) -> None:
    assert persons_of({"events": [named]}) == [who]


def test_an_event_that_no_rule_wants_is_found_by_its_id_and_its_order(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = line_of(caplog, NAMED | {"id": 3})
    assert line["seen"] == [{"type": "orders/create", "event": digest("3"), "reference": "#1042"}]
    assert line["unmatched"]


def test_a_parked_event_is_found_by_its_id_and_its_order(caplog: pytest.LogCaptureFixture) -> None:
    aws = Aws({"shopify": "first-secret"})
    line = line_of(caplog, NAMED | {"email": None}, aws)
    (parked,) = line["parked"]
    assert parked["id"] == sha256(aws.queues["dead"][0].encode()).hexdigest()
    assert (parked["event"], parked["reference"]) == (digest("1"), "#1042")
    assert parked["reason"] == "unrenderable"


def test_a_shadowed_delivery_is_named_and_found_too(caplog: pytest.LogCaptureFixture) -> None:
    shadowed = RULES.replace("type: orders/create", "type: orders/create\n    shadow: true")
    taking = replace(
        ingest(Aws({"shopify": "first-secret"})),
        sources={"shopify": load("shopify", shadowed, "f", "dev")},
    )
    with caplog.at_level("INFO"):
        taking.answer(request("first-secret", NAMED))
    (made,) = vars(caplog.records[-1])["shadow"]
    assert (made["reference"], len(made["who"])) == ("#1042", 2)
