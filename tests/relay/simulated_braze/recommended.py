"""Recommended events as Braze's page has them: the properties of each, and values that are none."""

from typing import Any

Object = dict[str, Any]
TIME = "2026-11-20T21:00:00Z"
PRODUCT: Object = {
    "product_id": "p",
    "product_name": "Pen",
    "variant_id": "v",
    "quantity": 2,
    "price": 9.95,
}
WHOLE_PRODUCT: Object = {
    **PRODUCT,
    "image_url": "https://x.io/p.png",
    "product_url": "https://x.io/p",
    "metadata": {"colour": None},
}
ORDER: Object = {
    "order_id": "o",
    "total_value": 19.9,
    "currency": "EUR",
    "products": [PRODUCT],
    "source": "shop",
}
SUMS: Object = {"subtotal_value": 10, "tax": 0, "shipping": 9.9}
DISCOUNTS: Object = {"total_discounts": 1.5, "discounts": [{"code": "X", "amount": 1.5}]}
STATUS: Object = {"metadata": {"order_status_url": "https://x.io/o", "gift": True}}
CART: Object = {name: ORDER[name] for name in ("currency", "products", "source")} | {"cart_id": "c"}
CHECKOUT: Object = {name: ORDER[name] for name in ORDER if name != "order_id"}
VIEWED: Object = {
    **{name: PRODUCT[name] for name in PRODUCT if name != "quantity"},
    "currency": "EUR",
    "source": "shop",
}
# By event: the properties that it must have, and those that it may have.
EVENTS: dict[str, tuple[Object, Object]] = {
    "product_viewed": (
        VIEWED,
        {
            "image_url": "https://x.io/p.png",
            "product_url": "https://x.io/p",
            "type": ["price_drop", "back_in_stock"],
            "metadata": {},
        },
    ),
    "cart_updated": (
        {**CART, "total_value": 19.9},
        {"action": "replace", **SUMS, "metadata": {}},
    ),
    "checkout_started": (
        {**CHECKOUT, "checkout_id": "k"},
        {"cart_id": "c", **SUMS, "metadata": {"checkout_url": "https://x.io/k"}},
    ),
    "order_placed": (ORDER, {"cart_id": "c", **SUMS, **DISCOUNTS, **STATUS}),
    "order_cancelled": ({**ORDER, "cancel_reason": "other"}, {**SUMS, **DISCOUNTS, **STATUS}),
    "order_refunded": (ORDER, {**DISCOUNTS, **STATUS}),
}
FIELDS = [(event, name) for event, both in EVENTS.items() for part in both for name in part]
REQUIRED = [(event, name) for event, (needed, _) in EVENTS.items() for name in needed]
# By field: values that Braze takes for none of that type, and the words of the refusal.
WRONG: dict[str, tuple[list[Any], str]] = {
    **dict.fromkeys(
        ("order_id", "cart_id", "checkout_id", "source", "cancel_reason", "product_id"),
        ([7, None, ["x"]], "must be a string"),
    ),
    **dict.fromkeys(
        ("product_name", "variant_id", "image_url", "product_url"), ([7, None], "must be a string")
    ),
    **dict.fromkeys(
        ("total_value", "subtotal_value", "tax", "shipping", "price", "total_discounts"),
        (["19.90", -0.01, True, None], "must be a number of 0 or more"),
    ),
    "quantity": (["2", 2.0, True, None], "must be an integer"),
    "currency": (["EURO", "eur", 978, None], "must be an ISO 4217 currency"),
    "products": ([{}, "p", None], "must be an array"),
    "discounts": ([{}, "p", None], "must be an array"),
    "metadata": (
        [[], "x", {"checkout_url": 1}, {"order_status_url": 1}, None],
        "must be an object",
    ),
    "type": (["price_drop", ["sold_out"], None], "must be an array of price_drop"),
    "action": (["change", None], "must be one of add, remove, replace"),
}
