"""Recommended events: the closed list of properties of each, with their types. Pure.

After Braze's page "Recommended events". An event of one of these names that breaks its schema is
dropped; one of any other name is an ordinary custom event.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from relay.simulated_braze.contract.currencies import CURRENCIES

_ACTIONS: Final = ("add", "remove", "replace")
_ALERTS: Final = ("price_drop", "back_in_stock")
# Texts that Braze reads within metadata, which otherwise holds whatever is put there.
_LINKS: Final = ("checkout_url", "order_status_url")


def is_amount(value: Any) -> bool:
    """Return whether a value is a number of money: 0 or more, and no text."""
    return type(value) in (int, float) and 0 <= value < inf  # exact: a bool is an int


def is_currency(value: object) -> bool:
    """Return whether a value is an alphabetic code of ISO 4217."""
    return isinstance(value, str) and value in CURRENCIES


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    return type(value) is int  # exact, for a bool is an int to isinstance


def _is_metadata(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value[name], str) for name in _LINKS if name in value
    )


def _is_alerts(value: object) -> bool:
    return isinstance(value, list) and all(one in _ALERTS for one in value)


Check = tuple[Callable[[object], bool], str]
_TEXT: Final[Check] = (_is_text, "must be a string")
_AMOUNT: Final[Check] = (is_amount, "must be a number of 0 or more")
_WHOLE: Final[Check] = (_is_whole, "must be an integer")
_LIST: Final[Check] = (lambda value: isinstance(value, list), "must be an array")
_METADATA: Final[Check] = (_is_metadata, "must be an object, with text for its URLs")
_CURRENCY: Final[Check] = (is_currency, "must be an ISO 4217 currency")
_CHECKS: Final[Mapping[str, Check]] = {
    **dict.fromkeys(("order_id", "cart_id", "checkout_id", "source", "cancel_reason"), _TEXT),
    **dict.fromkeys(("product_id", "product_name", "variant_id"), _TEXT),
    **dict.fromkeys(("image_url", "product_url"), _TEXT),
    **dict.fromkeys(("total_value", "subtotal_value", "tax", "shipping", "price"), _AMOUNT),
    "total_discounts": _AMOUNT,
    "quantity": _WHOLE,
    "currency": _CURRENCY,
    "discounts": _LIST,
    "products": _LIST,
    "metadata": _METADATA,
    "type": (_is_alerts, f"must be an array of {' and '.join(_ALERTS)}"),
    "action": (_ACTIONS.__contains__, f"must be one of {', '.join(_ACTIONS)}"),
}


@dataclass(frozen=True, slots=True)
class Schema:
    """The properties of an event, or of a product within it; no others are allowed."""

    required: frozenset[str]
    optional: frozenset[str]


def _schema(required: str, optional: str) -> Schema:
    return Schema(frozenset(required.split()), frozenset(optional.split()))


PRODUCT: Final = _schema(
    "product_id product_name variant_id quantity price", "image_url product_url metadata"
)
SCHEMAS: Final[Mapping[str, Schema]] = {
    "ecommerce.product_viewed": _schema(
        "product_id product_name variant_id price currency source",
        "image_url product_url type metadata",
    ),
    "ecommerce.cart_updated": _schema(
        "cart_id currency products source",
        "action total_value subtotal_value tax shipping metadata",
    ),
    "ecommerce.checkout_started": _schema(
        "checkout_id total_value currency products source",
        "cart_id subtotal_value tax shipping metadata",
    ),
    "ecommerce.order_placed": _schema(
        "order_id total_value currency products source",
        "cart_id subtotal_value tax shipping total_discounts discounts metadata",
    ),
    "ecommerce.order_cancelled": _schema(
        "order_id total_value currency cancel_reason products source",
        "subtotal_value tax shipping total_discounts discounts metadata",
    ),
    "ecommerce.order_refunded": _schema(
        "order_id total_value currency products source", "total_discounts discounts metadata"
    ),
}


def problems(name: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with an event of this name; nothing for a custom event."""
    if name not in SCHEMAS:
        return
    yield from _breaches(SCHEMAS[name], properties, "")
    is_whole_cart = properties.get("action", "replace") == "replace"
    if name == "ecommerce.cart_updated" and is_whole_cart and "total_value" not in properties:
        yield "'total_value' is required unless 'action' is add or remove"
    for at, product in enumerate(properties.get("products", [])):
        if isinstance(product, dict):
            yield from _breaches(PRODUCT, product, f"products[{at}].")
        else:
            yield f"'products[{at}]' must be an object"


def _breaches(schema: Schema, values: Mapping[str, Any], place: str) -> Iterator[str]:
    for name in sorted(schema.required - values.keys()):
        yield f"'{place}{name}' is required"
    for name, value in values.items():
        if name not in schema.required | schema.optional:
            yield f"'{place}{name}' is not allowed: put it into metadata"
            continue
        fits, why = _CHECKS[name]
        if not fits(value):
            yield f"'{place}{name}' {why}"
