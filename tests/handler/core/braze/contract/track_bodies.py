"""Good bodies of `track`, of which tests change one thing at a time."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from handler.core.expressions.template import Template, compile_template

WHO: Final = {"external_id": "c-7", "_update_existing_only": True}
TIME: Final = "2026-11-20T21:00:00Z"
PRODUCT: Final = {
    "product_id": "p-1",
    "product_name": "Socks",
    "variant_id": "v-1",
    "quantity": 2,
    "price": 14.99,
    "image_url": "https://shop.example/socks.jpg",
    "product_url": "https://shop.example/socks",
    "metadata": {"color": "White"},
}
_PLACE: Final = {"currency": "EUR", "source": "shopify", "metadata": {"gift": True}}
_ORDER: Final = {"order_id": "o-1", "total_value": 29.98, "products": [PRODUCT], **_PLACE}
_PARTS: Final = {"subtotal_value": 29, "tax": 0.98, "shipping": 0}
_LESS: Final = {"total_discounts": 1.5, "discounts": [{"code": "SPRING", "amount": 1.5}]}
_VIEWED: Final = {key: one for key, one in PRODUCT.items() if key != "quantity"}
# Every property of each event's schema.
FULL: Final[Mapping[str, dict[str, Any]]] = {
    "ecommerce.product_viewed": {**_VIEWED, **_PLACE, "type": ["price_drop", "back_in_stock"]},
    "ecommerce.cart_updated": {
        **{key: one for key, one in _ORDER.items() if key != "order_id"},
        **_PARTS,
        "cart_id": "k-1",
        "action": "replace",
    },
    "ecommerce.checkout_started": {
        **{key: one for key, one in _ORDER.items() if key != "order_id"},
        **_PARTS,
        "checkout_id": "h-1",
        "cart_id": "k-1",
    },
    "ecommerce.order_placed": {**_ORDER, **_PARTS, **_LESS, "cart_id": "k-1"},
    "ecommerce.order_cancelled": {**_ORDER, **_PARTS, **_LESS, "cancel_reason": "customer"},
    "ecommerce.order_refunded": {**_ORDER, **_LESS},
}
NEEDED: Final[Mapping[str, set[str]]] = {
    "ecommerce.product_viewed": {
        *("product_id", "product_name", "variant_id", "price", "currency", "source"),
    },
    "ecommerce.cart_updated": {"cart_id", "total_value", "currency", "products", "source"},
    "ecommerce.checkout_started": {
        *("checkout_id", "total_value", "currency", "products", "source"),
    },
    "ecommerce.order_placed": {"order_id", "total_value", "currency", "products", "source"},
    "ecommerce.order_cancelled": {
        *("order_id", "total_value", "currency", "cancel_reason", "products", "source"),
    },
    "ecommerce.order_refunded": {"order_id", "total_value", "currency", "products", "source"},
}
NEEDED_OF_PRODUCT: Final = {"product_id", "product_name", "variant_id", "quantity", "price"}
MONEY: Final = {
    *("total_value", "subtotal_value", "tax", "shipping", "total_discounts", "price"),
}
# Values that a property of a type does not take.
NOT_TEXT: Final = (7, 7.5, True, ["a"], {"a": "b"}, "x" * 256)
NOT_MONEY: Final = ("29.98", -0.01, True, [1], {"a": 1})


def event(name: str = "watched", properties: Any = None, **fields: Any) -> dict[str, Any]:
    """Return a good event, with other fields; None leaves one out."""
    given = {} if properties is None else {"properties": deepcopy(properties)}
    whole = {**WHO, "name": name, "time": TIME, **given, **fields}
    return {key: one for key, one in whole.items() if one is not None}


def profile(**fields: Any) -> dict[str, Any]:
    """Return a good object of attributes, with other fields; None leaves one out."""
    whole = {**WHO, "vip": True, **fields}
    return {key: one for key, one in whole.items() if one is not None}


def template(body: Mapping[str, Any]) -> dict[str, Template]:
    """Return a body as a rules file has it, compiled."""
    mistakes: list[Any] = []
    compiled = compile_template(dict(body), mistakes)
    assert mistakes == []
    assert isinstance(compiled, dict)
    return compiled
