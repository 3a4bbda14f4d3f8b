"""Recommended events in the simulated Braze: closed lists, and a figure for every repeat."""

import pytest

from tests.relay.simulated_braze.recommended import (
    CART,
    EVENTS,
    FIELDS,
    ORDER,
    PRODUCT,
    REQUIRED,
    TIME,
    WHOLE_PRODUCT,
    WRONG,
    Object,
)
from tests.relay.simulated_braze.simulated import TRACK, Client


def event(name: str, properties: Object, **more: object) -> Object:
    return {
        "external_id": "u",
        "name": f"ecommerce.{name}",
        "time": TIME,
        "properties": properties,
        **more,
    }


def track(braze: Client, *events: Object) -> list[str]:
    """Track events; return what the errors of the answer say."""
    answer = braze.post(TRACK, {"events": events})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    errors = told.get("errors", [])
    assert told["message"] == "success"
    assert told["events_processed"] == len(events) - len(errors)
    return [one["type"] for one in errors]


def figures(braze: Client, user: str = "u") -> Object:
    found: Object = braze.call("GET", f"/profiles/{user}")["commerce"]
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_a_recommended_event_is_taken_with_what_it_needs_and_with_all_it_may_have(
    braze: Client, name: str
) -> None:
    needed, others = EVENTS[name]
    assert track(braze, event(name, needed), event(name, needed | others)) == []
    assert figures(braze)["events"] == {f"ecommerce.{name}": 2}


@pytest.mark.parametrize("name, lacking", REQUIRED)
def test_a_recommended_event_without_a_required_property_is_dropped(
    braze: Client, name: str, lacking: str
) -> None:
    needed = {key: value for key, value in EVENTS[name][0].items() if key != lacking}
    (why,) = track(braze, event(name, needed))
    assert why.startswith(f"'{lacking}' is required")
    assert braze.call("GET", "/profiles") == {}


@pytest.mark.parametrize("name, field", FIELDS)
def test_a_property_of_another_type_drops_the_event(braze: Client, name: str, field: str) -> None:
    needed, others = EVENTS[name]
    values, words = WRONG[field]
    told = track(braze, *[event(name, needed | others | {field: one}) for one in values])
    assert len(told) == len(values)
    assert all(f"'{field}' {words}" in why for why in told), told


@pytest.mark.parametrize("name", EVENTS)
def test_a_property_of_no_list_drops_the_event(braze: Client, name: str) -> None:
    (why,) = track(braze, event(name, {**EVENTS[name][0], "gift": True}))
    assert why == "'gift' is not allowed: put it into metadata"


@pytest.mark.parametrize("name", [name for name in EVENTS if name != "product_viewed"])
@pytest.mark.parametrize("field", WHOLE_PRODUCT)
def test_each_product_has_a_closed_list_too(braze: Client, name: str, field: str) -> None:
    def holding(product: object) -> Object:
        return event(name, {**EVENTS[name][0], "products": [PRODUCT, product]})

    assert track(braze, holding(WHOLE_PRODUCT)) == []
    values, words = WRONG[field]
    told = track(braze, *[holding({**PRODUCT, field: one}) for one in values])
    assert [why for why in told if f"'products[1].{field}' {words}" not in why] == []
    if field in PRODUCT:
        without = {key: value for key, value in PRODUCT.items() if key != field}
        assert track(braze, holding(without)) == [f"'products[1].{field}' is required"]
    assert track(braze, holding("p")) == ["'products[1]' must be an object"]
    assert "not allowed" in track(braze, holding({**PRODUCT, "sku": "s"}))[0]


@pytest.mark.parametrize(
    "action, needs_value", [("add", False), ("remove", False), ("replace", True)]
)
def test_a_whole_cart_has_a_value(braze: Client, action: str, *, needs_value: bool) -> None:
    told = track(braze, event("cart_updated", {**CART, "action": action}))
    expected = ["'total_value' is required unless 'action' is add or remove"]
    assert told == (expected if needs_value else [])


def test_every_repeat_of_an_order_counts_once_more(braze: Client) -> None:
    for _ in range(2):
        track(braze, event("order_placed", ORDER))
    assert (figures(braze)["total_orders"], figures(braze)["total_revenue"]) == (2, {"EUR": 39.8})


def test_revenue_is_placed_less_refunded_and_orders_are_placed_less_cancelled(
    braze: Client,
) -> None:
    track(
        braze,
        event("order_placed", {**ORDER, "total_value": 0.1}),
        event("order_placed", {**ORDER, "total_value": 0.2}),
        event("order_placed", {**ORDER, "total_value": 5, "currency": "USD"}, external_id="v"),
        event("order_refunded", {**ORDER, "total_value": 0.05}),
        event("order_cancelled", {**ORDER, "cancel_reason": "other"}),
    )

    own = figures(braze)
    assert (own["total_orders"], own["total_revenue"]) == (1, {"EUR": 0.25})
    assert own["total_refunds"] == {"EUR": 0.05}
    whole = braze.call("GET", "/commerce")
    assert whole["users"] == {"u": own, "v": figures(braze, "v")}
    assert whole["total"]["total_revenue"] == {"EUR": 0.25, "USD": 5.0}
    assert whole["total"]["total_orders"] == 2


def test_another_name_is_an_ordinary_event_which_counts_for_nothing(braze: Client) -> None:
    for name in ("Order_Placed", "order.placed", "order_paid"):
        assert track(braze, event(name, {"total_value": "19.90", "gift": None})) == []
    assert figures(braze)["total_orders"] == 0
    assert sum(figures(braze)["events"].values()) == 3


def test_a_recommended_event_has_the_limits_of_any(braze: Client) -> None:
    long = [PRODUCT] * 1_200
    assert track(
        braze,
        event("order_placed", {**ORDER, "products": long}),
        event("order_placed", {**ORDER, "order_id": "x" * 256}),
        event("order_placed", {**ORDER, "metadata": {"seen": ["2026-11-20"]}}),
    ) == [
        "'properties' are over 102400 bytes",
        "'order_id' has a text over 255 characters",
        "'metadata' has a time within an array",
    ]
