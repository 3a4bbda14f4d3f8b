"""Updates of profiles, events and consent, each with the sample and the rule that made it."""

from dataclasses import replace
from typing import Any

from handler.core.json_types import JsonValue
from handler.core.models import Delivery
from relay.local.received import ExpectedDelivery
from relay.local.updates import (
    Record,
    amounts,
    counted_lines,
    update_lines,
    updates_for,
    updates_in_order,
)
from relay.simulated_braze.commerce import Commerce
from tests.relay.dead_letters.desk import DELIVERY

PLACED: dict[str, JsonValue] = {
    "external_id": "u7",
    "name": "ecommerce.order_placed",
    "time": "2026-11-30T23:00:00Z",
    "_update_existing_only": False,
    "properties": {"order_id": "1042", "total_value": 12.5, "currency": "EUR"},
}
ATTRIBUTES: dict[str, JsonValue] = {
    "external_id": "u7",
    "_update_existing_only": False,
    "email": "zoe@example.org",
}
GROUP: dict[str, JsonValue] = {
    "subscription_group_id": "g-1",
    "subscription_state": "unsubscribed",
    "emails": ["zoe@example.org"],
}


def delivery(**arrays: list[JsonValue]) -> Delivery:
    path = "/users/track" if "subscription_groups" not in arrays else "/v2/subscription/status/set"
    return replace(DELIVERY, path=path, send={}, recipient=dict(arrays))


def update(array: str, one: JsonValue, because: str | None = None) -> Record:
    known: dict[str, Any] = {"time": 1, "array": array, "object": one, "index": 0}
    return known | {"applied": because is None, "because": because}


def test_each_delivery_has_its_user_once_and_all_that_it_wrote() -> None:
    made = ExpectedDelivery("order", delivery(attributes=[ATTRIBUTES], events=[PLACED]))
    updates = [update("attributes", ATTRIBUTES), update("events", PLACED)]
    lines = list(update_lines(updates_in_order(updates, [made])))
    assert lines[:4] == [
        "order -> shop/confirm",
        "  user        external_id: u7",
        "  attributes  email: zoe@example.org",
        "  event       name: ecommerce.order_placed",
    ]
    assert "                order_id: '1042'" in lines
    assert "_update_existing_only" not in "\n".join(lines)
    assert sum("external_id" in line for line in lines) == 1


def test_consent_names_its_address_and_an_update_without_effect_says_why() -> None:
    made = ExpectedDelivery("unsubscribed", delivery(subscription_groups=[GROUP]))
    updates = [update("subscription_groups", GROUP, "no profile has it")]
    assert list(update_lines(updates_in_order(updates, [made]))) == [
        "unsubscribed -> shop/confirm",
        "  user        emails:",
        "                - zoe@example.org",
        "  group       subscription_group_id: g-1",
        "              subscription_state: unsubscribed",
        "  nothing     because: no profile has it",
        "",
    ]


def test_an_amount_that_no_number_holds_is_said_in_words() -> None:
    assert amounts({"total_orders": 2, "total_revenue": {"EUR": None, "USD": 1.5}}) == (
        "2 orders, revenue too much EUR, 1.50 USD"
    )


def test_of_two_orders_alike_each_has_one_event_and_what_is_left_is_of_no_sample() -> None:
    first, second = (
        ExpectedDelivery(name, delivery(events=[PLACED])) for name in ("first", "second")
    )
    updates = [update("events", PLACED) for _ in range(3)]
    found = updates_in_order(updates, [first, second])
    assert [one.sample if one else None for one, _ in found] == ["first", "second", None]
    assert [len(own) for _, own in found] == [1, 1, 1]
    assert next(iter(update_lines(found[2:]))) == "of no sample"


def test_a_send_has_no_updates_and_an_object_of_another_array_is_none_of_an_event() -> None:
    assert updates_for(DELIVERY, [update("events", PLACED)]) == []
    assert updates_for(delivery(events=[PLACED]), [update("attributes", PLACED)]) == []


def test_orders_and_revenue_are_as_braze_counts_them() -> None:
    figures = Commerce()
    assert list(counted_lines({"total": figures.shown()})) == []
    for name in ("ecommerce.order_placed", "ecommerce.order_placed", "ecommerce.order_refunded"):
        figures.add_event(name, {"total_value": 12.5, "currency": "EUR"})
    assert list(counted_lines({"total": figures.shown()})) == ["2 orders, revenue 12.50 EUR"]
    assert list(counted_lines({})) == []
