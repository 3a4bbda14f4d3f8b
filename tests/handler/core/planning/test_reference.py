"""A reference is what people call an event's object by: in the log alone, and never a person."""

import json
from pathlib import Path
from typing import Any

import pytest

from handler.core.errors import RulesError
from handler.core.models import LoggedEvent, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.rules.source import Source

SAMPLES = Path(__file__).parents[3] / "senders" / "samples"
RULES = """\
rules:
  - {name: a, type: "*", send: {campaign_id: c, recipients: [{external_user_id: "${body.who}"}]}}
"""
HAND = """\
verify: {encoding: hex, signature: {header: x-sign}}
event: {type: body.type, type_signed: true, id: body.id, %s}
"""


def by_hand(reference: str) -> Source:
    return load("shop", f"{HAND % reference}{RULES}", "shop.yaml", "dev")


def logged(source: Source, body: Any, **headers: str) -> tuple[LoggedEvent, ...]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = json.dumps(body).encode()
    return plan(Verified(Webhook("shop", "POST", given, "", raw, 1_000_000)), source).logged


@pytest.mark.parametrize(
    "value, shown",
    [
        ("#1042", "#1042"),
        (" #1042\n", "#1042"),
        (1042, "1042"),
        (6120445500117, "6120445500117"),
        ("R-2026/11.7 b", "R-2026/11.7 b"),
        ("pi_1MhUT6E0b6fckueSlc4GyvIi", "pi_1MhUT6E0b6fckueSlc4GyvIi"),
        ("1" * 40, "1" * 40),
        ("1" * 41, None),
        ("jonas.brandt@example.org", None),
        ("Jonas Brandt", None),
        ("Größe 7", None),
        ("a\n1", None),
        ("", None),
        (True, None),
        (None, None),
        (["1042"], None),
    ],
)
def test_a_reference_is_a_short_number_or_word_with_a_digit(value: Any, shown: str | None) -> None:
    body = {"type": "order", "id": "e1", "who": "u", "number": value}
    assert logged(by_hand("reference: body.number"), body) == (LoggedEvent("e1", "order", shown),)


def test_a_reference_that_fails_is_left_out_and_the_event_is_taken() -> None:
    body = {"type": "order", "id": "e1", "who": "u", "number": [1]}
    assert logged(by_hand("reference: upper(body.number)"), body) == (LoggedEvent("e1", "order"),)


def test_a_reference_can_differ_by_type() -> None:
    source = by_hand("reference: {'order.*': body.number, 'refund.*': body.order}")
    body = {"id": "e1", "who": "u", "number": 1, "order": 2}
    kinds = {"order.new": "1", "refund.new": "2", "other": None}
    for kind, shown in kinds.items():
        assert logged(source, body | {"type": kind})[0].reference == shown


def test_a_reference_changes_no_delivery() -> None:
    body = json.dumps({"type": "order", "id": "e1", "who": "u", "number": 7}).encode()
    given = Verified(Webhook("shop", "POST", {}, "", body, 1_000_000))
    with_it, without = (plan(given, by_hand(one)) for one in ("reference: body.number", "bind: {}"))
    assert with_it.logged != without.logged
    assert [one.id for one in with_it.deliveries] == [one.id for one in without.deliveries]
    assert "reference" not in with_it.bodies[0]


def test_a_reference_reads_signed_values_alone() -> None:
    with pytest.raises(RulesError, match="does not sign x-order: reference is unproven"):
        by_hand('reference: headers."x-order"')


def test_an_event_that_cannot_be_parsed_is_logged_by_its_digest() -> None:
    source = by_hand("reference: body.number")
    (one,) = logged(source, {"id": "e1", "number": 7})
    assert (len(one.id), one.type, one.reference) == (64, None, None)


# Of the vendors' own samples, and as each calls its orders and payments.
@pytest.mark.parametrize(
    "preset, topic, body, shown",
    [
        ("shopify", "orders/create", {"id": 1, "name": "#1042"}, "#1042"),
        ("shopify", "customers/create", {"id": 1, "name": "Ann 1", "email": "a@b.example"}, None),
        ("woocommerce", "order.created", {"id": 1, "number": "727", "order_key": "k"}, "727"),
        ("bigcommerce", "store/order/created", {"data": {"id": 250}}, "250"),
        ("square", "payment.created", {"data": {"id": "hYy9pRFVxpDsO1FB05SunFWUe9JZY"}},
         "hYy9pRFVxpDsO1FB05SunFWUe9JZY"),
        ("stripe", "invoice.paid", {"data": {"object": {"id": "in_1", "number": "AB-1"}}}, "AB-1"),
        ("stripe", "checkout.session.completed",
         {"data": {"object": {"id": "cs_1", "payment_intent": "pi_1"}}}, "pi_1"),
        ("stripe", "customer.created", {"data": {"object": {"id": "cus_1"}}}, None),
        ("paddle", "transaction.paid", {"data": {"id": "txn_1", "invoice_number": None}}, "txn_1"),
        ("lemonsqueezy", "order_created", {"data": {"attributes": {"order_number": 5}}}, "5"),
        ("chargebee", "payment_succeeded", {"content": {"invoice": {"id": "INV-7"}}}, "INV-7"),
    ],
)  # fmt: skip
def test_presets_know_what_their_orders_are_called(
    preset: str, topic: str, body: dict[str, Any], shown: str | None
) -> None:
    source = load("shop", f"verify: {{preset: {preset}}}\n{RULES}", "shop.yaml", "dev")
    types = {"type": topic, "scope": topic, "event_type": topic, "meta": {"event_name": topic}}
    headers = {"x_shopify_topic": topic, "x_wc_webhook_topic": topic}
    assert [one.reference for one in logged(source, types | body, **headers)] == [shown]
