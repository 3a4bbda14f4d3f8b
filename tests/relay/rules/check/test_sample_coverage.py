"""What a rule would send, and no sample has, is told."""

from typing import Any

import pytest

from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.rules.source import Source
from relay.rules.check.sample_coverage import missing_fields

RULES = """
verify: {preset: shopify}
rules:
  - name: order
    type: orders/create
    when: body.id
    once: ${body.id}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      trigger_properties:
        shop: ours
        total: ${body.total}
      recipients:
        - external_user_id: ${body.id}
          attributes:
            first_name: ${body.name}
            town: from ${body.town}
            tags: ["${body.tag}"]
            address: {street: "${body.street}"}
"""
ALL = {"name": "Ada", "town": "Graz", "tag": "new", "street": "Ring", "total": 7}
SHOP = load("shop", RULES, "shop.yaml", "dev")


def planned(body: dict[str, Any], shop: Source = SHOP) -> Plan:
    headers = {"x-shopify-topic": "orders/create"}
    raw = str(body).replace("'", '"').encode()
    return plan(Verified(Webhook("shop", "POST", headers, "", raw, 0)), shop)


def test_what_every_sample_has_is_no_news() -> None:
    assert list(missing_fields(SHOP, [planned({"id": 1, **ALL})])) == []


@pytest.mark.parametrize(
    "key, path",
    [
        ("name", "attributes.first_name"),
        ("town", "attributes.town"),
        ("tag", "attributes.tags"),
        ("street", "attributes.address.street"),
        ("total", "trigger_properties.total"),
    ],
)
def test_a_field_that_no_sample_has_is_named_by_its_path(key: str, path: str) -> None:
    without = {name: value for name, value in ALL.items() if name != key}
    assert list(missing_fields(SHOP, [planned({"id": 1, **without})])) == [
        f"shop/order: {path} is missing"
    ]


def test_a_field_that_one_sample_has_is_no_news() -> None:
    plans = [planned({"id": 1}), planned({"id": 2, **ALL})]
    assert list(missing_fields(SHOP, plans)) == []


def test_a_rule_that_no_sample_reaches_says_nothing() -> None:
    assert list(missing_fields(SHOP, [planned(ALL)])) == []
    assert list(missing_fields(SHOP, [])) == []


@pytest.mark.parametrize("value", [[], {}])
def test_a_list_or_object_that_is_sent_empty_is_not_missing(value: object) -> None:
    text = RULES.replace(
        "            first_name:", "            extra: ${body.extra}\n            first_name:"
    )
    shop = load("shop", text, "shop.yaml", "dev")
    made = planned({"id": 1, **ALL, "extra": value}, shop)
    assert made.deliveries[0].recipient["attributes"]["extra"] == value  # type: ignore[index,call-overload]
    assert list(missing_fields(shop, [made])) == []
