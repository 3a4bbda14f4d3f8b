"""The closed lists of Braze's eCommerce events, as they are written in a rules file."""

from typing import Any

import pytest

from handler.core.braze.contract.currencies import CURRENCIES
from handler.core.braze.contract.ecommerce import EVENTS, normal
from handler.core.braze.contract.track import check_track, needed_paths
from handler.core.expressions.functions_numbers import _ISO as MINOR_UNITS
from tests.handler.core.braze.contract.track_bodies import (
    FULL,
    MONEY,
    NEEDED,
    NEEDED_OF_PRODUCT,
    NOT_MONEY,
    NOT_TEXT,
    PRODUCT,
    event,
    template,
)

ORDER = "ecommerce.order_placed"
PROPERTIES = [(name, key) for name, whole in FULL.items() for key in whole]


def problems(name: str, properties: Any) -> list[Any]:
    return check_track(template({"events": [event(name, properties)]}))


def only(name: str, properties: Any) -> tuple[Any, str]:
    ((path, text),) = problems(name, properties)
    return path, text


def order(**fields: Any) -> dict[str, Any]:
    return {**FULL[ORDER], **fields}


def test_the_six_events_of_brazes_page_are_known() -> None:
    assert EVENTS.keys() == FULL.keys() == NEEDED.keys()


@pytest.mark.parametrize("name", FULL)
def test_an_event_with_every_property_of_its_schema_is_taken(name: str) -> None:
    assert problems(name, FULL[name]) == []


@pytest.mark.parametrize("name", FULL)
def test_an_event_with_what_it_needs_alone_is_taken(name: str) -> None:
    assert problems(name, {key: FULL[name][key] for key in NEEDED[name]}) == []


@pytest.mark.parametrize(
    "name, key", [(name, key) for name in NEEDED for key in sorted(NEEDED[name])]
)
def test_an_event_without_a_property_that_it_needs_is_refused(name: str, key: str) -> None:
    path, text = only(name, {one: FULL[name][one] for one in FULL[name] if one != key})
    assert path == ("events", 0, "properties")
    assert text.startswith(f"{key} is missing")


@pytest.mark.parametrize("action", ["add", "remove"])
def test_a_part_of_a_cart_needs_no_total(action: str) -> None:
    whole = {**FULL["ecommerce.cart_updated"], "action": action}
    del whole["total_value"]
    assert problems("ecommerce.cart_updated", whole) == []


@pytest.mark.parametrize("name, key", PROPERTIES)
def test_a_value_of_another_type_is_refused_by_name_and_place(name: str, key: str) -> None:
    wrong = NOT_MONEY if key in MONEY else {
        "products": ("p-1", {"product_id": "p-1"}, 7),
        "discounts": ("SPRING", {"code": "SPRING"}),
        "metadata": ("gift", 7, [{"a": 1}]),
        "type": ("price_drop",),
        "currency": (978, "EURO", "", "XYZ", True),
        "action": ("replaced", 1),
    }.get(key, NOT_TEXT)  # fmt: skip
    for value in wrong:
        path, text = only(name, {**FULL[name], key: value})
        assert path == ("events", 0, "properties", key)
        assert text.startswith(f"{key} takes ")


@pytest.mark.parametrize("key", PRODUCT)
def test_each_product_is_checked_at_its_place(key: str) -> None:
    wrong = NOT_MONEY if key in MONEY else {
        "quantity": ("2", -1, 1.5, True), "metadata": ("White", 7),
    }.get(key, NOT_TEXT)  # fmt: skip
    for value in wrong:
        path, text = only(ORDER, order(products=[PRODUCT, {**PRODUCT, key: value}]))
        assert path == ("events", 0, "properties", "products", 1, key)
        assert text.startswith(f"{key} takes ")


@pytest.mark.parametrize("key", sorted(NEEDED_OF_PRODUCT))
def test_a_product_without_a_property_that_it_needs_is_refused(key: str) -> None:
    short = {one: PRODUCT[one] for one in PRODUCT if one != key}
    path, text = only(ORDER, order(products=[short]))
    assert path == ("events", 0, "properties", "products", 0)
    assert text.startswith(f"{key} is missing")


@pytest.mark.parametrize(
    "properties, words",
    [
        (order(gift_wrapped=True), f"{ORDER} has no gift_wrapped"),
        (order(products=[{**PRODUCT, "sku_code": "s"}]), "a product has no sku_code"),
        ({**FULL["ecommerce.order_refunded"], "tax": 1}, f"{ORDER} has"),
    ],
)
def test_another_property_belongs_into_metadata(properties: Any, words: str) -> None:
    if "gift_wrapped" in properties or "sku_code" in str(properties):
        assert only(ORDER, properties)[1] == (
            f"{words}, and Braze drops the event for it; it belongs into metadata"
        )
    else:
        _, text = only("ecommerce.order_refunded", properties)
        assert text.startswith("ecommerce.order_refunded has no tax")


def test_a_misspelt_property_is_told_by_the_one_that_was_meant() -> None:
    text = only(ORDER, order(totl_discounts=1))[1]
    assert text.endswith("did you mean total_discounts?")


@pytest.mark.parametrize(
    "key, value, place",
    [
        ("metadata", {"note": "x" * 256}, ("metadata", "note")),
        ("metadata", {"days": ["2026-11-20"]}, ("metadata", "days")),
        ("metadata", {"order_status_url": 7}, ("metadata", "order_status_url")),
        ("metadata", {"checkout_url": ["u"]}, ("metadata", "checkout_url")),
        ("discounts", [{"code": "x" * 256}], ("discounts", 0, "code")),
        (
            "products",
            [{**PRODUCT, "metadata": {"a": "x" * 256}}],
            ("products", 0, "metadata", "a"),
        ),
    ],
)
def test_free_properties_are_checked_as_those_of_any_event(
    key: str, value: Any, place: tuple[Any, ...]
) -> None:
    assert only(ORDER, order(**{key: value}))[0] == ("events", 0, "properties", *place)


def test_null_drops_an_event_and_is_refused() -> None:
    assert "no null" in only(ORDER, order(tax=None))[1]


@pytest.mark.parametrize(
    "name, meant",
    [
        ("ecommerce.OrderPlaced", "ecommerce.order_placed"),
        ("ecommerce.order.placed", "ecommerce.order_placed"),
        ("eCommerce_order_placed", "ecommerce.order_placed"),
        ("ecommerce.order_canceled", "ecommerce.order_cancelled"),
        ("ecommerce.refunded", "ecommerce.order_refunded"),
        ("Ecommerce.Cart_Updated", "ecommerce.cart_updated"),
        ("ecommerce.order_created", "ecommerce.order_placed"),
        ("ecommerce.orderPaid", "ecommerce.order_placed"),
        ("ecommerce.purchase", "ecommerce.order_placed"),
        ("ecommerce.product_added", "ecommerce.cart_updated"),
        ("ecommerce.checkout_completed", "ecommerce.checkout_started"),
        ("ecommerce.viewed_item", "ecommerce.product_viewed"),
        ("ecommerce.ordr_plced", "ecommerce.order_placed"),
    ],
)
def test_another_ecommerce_name_is_an_error_with_the_nearest(name: str, meant: str) -> None:
    path, text = only(name, {})
    assert path == ("events", 0, "name")
    assert text.endswith(f"did you mean {meant}?")


def test_an_ecommerce_name_like_none_lists_all() -> None:
    text = only("ecommerce.x", {})[1]
    assert all(name in text for name in EVENTS)


@pytest.mark.parametrize("name", ["order_placed", "ecommercial", "my.ecommerce.order_placed"])
def test_other_names_are_custom_events(name: str) -> None:
    assert problems(name, {"any": 1}) == []


@pytest.mark.parametrize(
    "expression",
    ["money(body.total, 'EUR')", "minor_units(body.cents, 'EUR')", "text(body.total)",
     "body.total && money(body.total, 'EUR')", "coalesce(body.a, concat(body.b, '0'))"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["total_value", "tax", "total_discounts"])
def test_text_of_money_is_an_error_with_the_number_as_its_mend(key: str, expression: str) -> None:
    path, text = only(ORDER, order(**{key: f"${{{expression}}}"}))
    assert path == ("events", 0, "properties", key)
    assert f"{key} takes a number of 0 or more" in text
    assert "write ${to_number(" in text


def test_a_number_of_money_is_right() -> None:
    assert problems(ORDER, order(total_value="${to_number(money(body.total, 'EUR'))}")) == []
    assert problems(ORDER, order(total_value="${multiply(body.price, body.quantity)}")) == []
    assert problems(ORDER, order(total_value="${body.total}")) == []


def test_text_around_an_expression_is_no_number() -> None:
    assert "makes text" in only(ORDER, order(total_value="${body.total} EUR"))[1]


@pytest.mark.parametrize("key", ["order_id", "cart_id", "source"])
def test_a_number_for_text_is_an_error_with_its_mend(key: str) -> None:
    text = only(ORDER, order(**{key: "${to_number(body.id)}"}))[1]
    assert text.endswith("gives a number; write ${text(to_number(body.id))}")


LINES = (
    "${body.line_items[].{product_id: text(product_id), product_name: title,"
    " variant_id: text(variant_id), quantity: quantity, price: to_number(price)}}"
)


@pytest.mark.parametrize(
    "products",
    [
        LINES,
        LINES.replace("[].", "[*]."),
        LINES.replace("[].", "[?quantity > `0`]."),
        "${body.products}",
        "${body.products[]}",
        "${map(&{product_id: a, product_name: b, variant_id: c, quantity: d, price: e}, body.x)}",
        LINES.replace("${", "${sort_by(").replace("}}", "}, &price)}"),
        "${[{product_id: a, product_name: a, variant_id: a, quantity: `1`, price: `2`}]}",
    ],
)
def test_a_computed_list_of_products_is_taken(products: str) -> None:
    assert problems(ORDER, order(products=products)) == []


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("price: to_number(price)", "price: money(price, 'EUR')", "price takes a number"),
        (", price: to_number(price)", "", "price is missing"),
        ("quantity: quantity", "qty: quantity, quantity: quantity", "a product has no qty"),
        ("product_name: title", "product_name: `7`", "product_name takes text"),
        ("quantity: quantity", "quantity: text(quantity)", "quantity takes a whole number"),
    ],
)
@pytest.mark.parametrize("step", ["[].", "[*].", "[?a]."])
def test_a_mistake_that_a_computed_list_shows_is_found_at_its_line(
    step: str, old: str, new: str, words: str
) -> None:
    path, text = only(ORDER, order(products=LINES.replace("[].", step).replace(old, new)))
    assert path == ("events", 0, "properties", "products")
    assert text.startswith(words)


def test_computed_properties_show_their_names_too() -> None:
    whole = "${body.{order_id: text(id), total_value: total, currency: currency, source: 'shop'}}"
    path, text = only(ORDER, whole)
    assert path == ("events", 0, "properties")
    assert text.startswith("products is missing")


def test_currencies_are_those_of_iso_4217() -> None:
    assert {"EUR", "USD", "JPY", "KWD", "XCG", "ZWG"} <= CURRENCIES
    assert MINOR_UNITS.keys() <= CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


def test_a_currency_is_sent_in_capitals_and_a_quantity_as_a_whole_number() -> None:
    made = normal({"currency": "usd", "products": [{"quantity": 2.0}, "x"]})
    assert made == {"currency": "USD", "products": [{"quantity": 2}, "x"]}
    assert repr(made["products"]).startswith("[{'quantity': 2}")
    assert problems(ORDER, order(currency="usd")) == []


def test_an_empty_map_of_php_is_no_metadata() -> None:
    made = normal({"metadata": [], "products": [{"metadata": [], "price": 1}]})
    assert made == {"products": [{"price": 1}]}


def test_what_an_order_is_dropped_without_is_known_by_its_path() -> None:
    paths = set(needed_paths(template({"events": [event(ORDER, FULL[ORDER])]})))
    assert {"events.properties.total_value", "events.properties.products.price"} <= paths
    assert "events.properties.tax" not in paths
    assert set(needed_paths(template({"events": [event("watched", {"a": 1})]}))) == set()
