"""`bind` ties an unsigned type to the body: a replay under another type is parked."""

import json
import time
from typing import Any

import pytest

from tests.senders.posting import Letter
from tests.senders.taking import answer, shop
from tests.senders.vendors import VENDORS

SHOPIFY = """\
verify: {preset: shopify}
event:
  bind:
    orders/cancelled: body.cancelled_at
    orders/paid: body.financial_status == 'paid'
    orders/*: body.line_items
    customers/*: length(body.addresses) >= `0`
"""
WOOCOMMERCE = "verify: {preset: woocommerce}\nevent: {bind: {customer.*: body.email}}\n"
RECHARGE = "verify: {preset: recharge}\nevent: {bind: {charge/paid: body.charge.processed_at}}\n"
GITHUB = "verify: {preset: github}\nevent: {bind: {issues: body.issue, push: body.commits}}\n"
HEADERS = {
    "shopify": (SHOPIFY, "X-Shopify-Topic"),
    "woocommerce": (WOOCOMMERCE, "X-WC-Webhook-Topic"),
    "recharge": (RECHARGE, "X-Recharge-Topic"),
    "github": (GITHUB, "X-GitHub-Event"),
}
ORDER = {"id": 1, "line_items": [{"id": 2}], "cancelled_at": None, "financial_status": "pending"}


def left(preset: str, topic: str, body: Any, now: int) -> tuple[int, list[str], list[str]]:
    """Return the answer's status, what was enqueued, and why what was buried was buried."""
    sender, header = HEADERS[preset]
    vendor = VENDORS[preset]
    post = Letter(vendor, json.dumps(body), now).post().plus(**{header: topic})
    status, _, aws = answer(post, shop(sender), vendor.secret)
    letters = [json.loads(text) for text in aws.queues["dead"]]
    return status, aws.queues["queue"], [f"{it['reason']}: {it['detail']}" for it in letters]


@pytest.fixture
def now() -> int:
    return int(time.time())


@pytest.mark.parametrize(
    "preset, topic, body",
    [
        ("shopify", "orders/create", ORDER),
        ("shopify", "orders/cancelled", ORDER | {"cancelled_at": "2026-03-01T14:30:00Z"}),
        ("shopify", "orders/paid", ORDER | {"financial_status": "paid"}),
        ("shopify", "customers/create", {"id": 1, "addresses": []}),
        ("shopify", "products/create", {"id": 1}),
        ("woocommerce", "customer.created", {"id": 1, "email": "a@example.com"}),
        ("woocommerce", "order.created", {"id": 1}),
        ("recharge", "charge/paid", {"charge": {"processed_at": "2026-03-01T14:30:00"}}),
        ("github", "issues", {"issue": {"id": 1}}),
    ],
)
def test_an_event_whose_type_fits_its_body_is_taken(
    preset: str, topic: str, body: Any, now: int
) -> None:
    status, queue, dead = left(preset, topic, body, now)
    assert (status, len(queue), dead) == (200, 1, [])


@pytest.mark.parametrize(
    "preset, topic, body, said",
    [
        (
            "shopify",
            "orders/cancelled",
            ORDER,
            "orders/cancelled must have body.cancelled_at (bind: body.cancelled_at)",
        ),
        (
            "shopify",
            "orders/paid",
            ORDER,
            (
                "the event's type and its body do not go together (bind of orders/paid:"
                " body.financial_status == 'paid')"
            ),
        ),
        (
            "shopify",
            "orders/create",
            {"id": 1, "addresses": []},
            "orders/* must have body.line_items (bind: body.line_items)",
        ),
        (
            "shopify",
            "orders/cancelled",
            {"id": 1, "cancelled_at": "2026-03-01T14:30:00Z"},
            "orders/* must have body.line_items (bind: body.line_items)",
        ),
        (
            "woocommerce",
            "customer.created",
            {"id": 1},
            "customer.* must have body.email (bind: body.email)",
        ),
        (
            "recharge",
            "charge/paid",
            {"charge": {"processed_at": None}},
            "charge/paid must have body.charge.processed_at (bind: body.charge.processed_at)",
        ),
        (
            "github",
            "push",
            {"issue": {"id": 1}},
            "push must have body.commits (bind: body.commits)",
        ),
    ],
)
def test_an_event_whose_type_does_not_fit_its_body_is_parked_with_what_it_lacks(
    preset: str, topic: str, body: Any, said: str, now: int
) -> None:
    status, queue, dead = left(preset, topic, body, now)
    assert (status, queue) == (200, [])
    assert dead == [f"malformed: {said}"]


def test_a_bind_that_cannot_be_evaluated_parks_its_event(now: int) -> None:
    status, queue, dead = left("shopify", "customers/create", {"id": 1, "addresses": None}, now)
    assert (status, queue) == (200, [])
    assert dead == [
        "malformed: customers/* must have body.addresses (bind: length(body.addresses) >= `0`)"
    ]


def test_a_bind_that_fails_on_what_is_there_names_its_expression(now: int) -> None:
    status, queue, dead = left("shopify", "customers/create", {"id": 1, "addresses": 7}, now)
    assert (status, queue) == (200, [])
    assert dead[0].endswith(
        "(bind of customers/*: length(body.addresses) >= `0`): length() takes string or array or"
        " object as argument 1, not a number"
    )
