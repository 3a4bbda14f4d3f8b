"""Repeats of a sender, and what only looks like one: digests as ids, two changes in a second."""

import json
from typing import Any

import pytest

from handler.core.models import Delivery, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load

AT = 1_763_672_400  # 2025-11-20T21:00:00Z
DAY = 86_400
UPDATE = {"id": 5, "updated_at": "2025-11-20T21:00:00Z", "email": "a@example.com"}
TOPICS = {
    "shopify": "x-shopify-topic",
    "woocommerce": "x-wc-webhook-topic",
    "github": "x-github-event",
    "recharge": "x-recharge-topic",
}
RULE = """
rules:
  - name: tell
    type: "*"
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients: [{external_user_id: "${coalesce(text(body.id), id)}x"}]
"""


def made(preset: str, topic: str, body: Any, extra: str = "", rule: str = RULE) -> Delivery:
    source = load("shop", f"verify: {{preset: {preset}}}\n{extra}\n{rule}", "shop.yaml", "dev")
    headers, raw = {TOPICS[preset]: topic}, json.dumps(body).encode()
    webhook = Webhook("shop", "POST", headers, "", raw, AT, arrived_ms=AT * 1000 + 7)
    (delivery,) = plan(Verified(webhook), source).deliveries
    return delivery


@pytest.mark.parametrize("topic", ["orders/updated", "customers/update", "products/update"])
def test_two_changes_of_one_object_within_a_second_are_two_deliveries(topic: str) -> None:
    one, other = (made("shopify", topic, UPDATE | {"email": it}) for it in ("a@x.org", "b@x.org"))

    assert one.id != other.id
    assert made("shopify", topic, UPDATE | {"email": "a@x.org"}).id == one.id
    assert (one.again_after, other.again_after) == (None, None)


def test_a_sender_that_renders_at_each_try_keeps_one_id_for_all_of_them() -> None:
    body = {"id": 5, "date_modified_gmt": "2025-11-20T21:00:00"}
    one, other = (made("woocommerce", "order.updated", body | {"_links": it}) for it in (1, 2))

    assert one.id == other.id


@pytest.mark.parametrize(
    "preset,topic,days",
    [
        ("shopify", "returns/close", 1),
        ("shopify", "customers/redact", 1),
        ("shopify", "refunds/create", 1),
        ("github", "issues", 3),
        ("recharge", "order/created", 3),
    ],
)
def test_an_id_that_is_only_a_digest_is_one_as_long_as_the_sender_repeats(
    preset: str, topic: str, days: int
) -> None:
    assert made(preset, topic, {"shop_id": 1}).again_after == AT + days * DAY


def test_a_rules_file_says_how_long_its_sender_repeats() -> None:
    one = made("github", "issues", {"id": 1}, "event: {repeats_for: 6h}")

    assert one.again_after == AT + DAY // 4


@pytest.mark.parametrize(
    "once,is_digest", [("${id}", True), ("x-${id}", True), ("${body.id}", False), ("a", False)]
)
def test_a_once_that_reads_the_digest_is_no_more_than_that(once: str, *, is_digest: bool) -> None:
    rule = RULE.replace("    send:", f"    once: {once}\n    send:")
    if once == "a":
        rule = rule.replace("once: a", "once: a-${body.id}")

    assert (made("github", "issues", {"id": 1}, rule=rule).again_after is not None) == is_digest


def test_an_id_may_be_made_of_the_digest_by_hand_and_nothing_else_may() -> None:
    one = made("github", "issues", {"id": 1}, "event: {id: digest}")
    named = made("github", "issues", {"id": 1}, 'event: {id: "concat(text(body.id), digest)"}')

    assert one.again_after == AT + 3 * DAY
    assert named.again_after is None
    assert named.event_id == f"1{one.event_id}"


def test_the_arrival_orders_what_has_one_version() -> None:
    versioned = made("shopify", "orders/updated", UPDATE, "event: {version: body.updated_at}")

    assert versioned.arrived_ms == AT * 1000 + 7
    assert made("shopify", "orders/updated", UPDATE).arrived_ms is None
