"""Checks of Braze's eCommerce events: six names, each with a closed list of properties.

Braze drops one that breaks its schema inside a 2xx, and an order is not counted. Any other name is
an ordinary custom event, which counts nothing. Source:
braze.com/docs/user_guide/data/activation/events/recommended_events.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from handler.core.braze.contract.breaches import Breach, shown
from handler.core.braze.contract.currencies import currency
from handler.core.braze.contract.custom_attributes import MAX_TEXT
from handler.core.braze.contract.predicates import Fits, is_number, is_open, one_of
from handler.core.braze.contract.property_values import value_breaches
from handler.core.braze.contract.visible import Kind, kind_of, visible
from handler.core.expressions.template import Template, Whole
from handler.core.json_types import JsonValue
from handler.core.suggestions import closest

PREFIX: Final = "ecommerce."
_ANY_PREFIX: Final = re.compile(r"e-?commerce[^0-9A-Za-z]", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z])(?=[A-Z])")


class Property(NamedTuple):
    """A property: the values that fit, the same in words, and the type that they have.

    `within` yields what is wrong inside a value of the right type.
    """

    fits: Fits
    takes: str
    kind: Kind | None = None
    within: Callable[[str, Template], Iterator[Breach]] | None = None


@dataclass(frozen=True)
class Properties:
    """The properties of one event, or of a product: those that it needs, and all others."""

    needed: Mapping[str, Property]
    others: Mapping[str, Property]

    @cached_property
    def all(self) -> Mapping[str, Property]:
        """All properties by name."""
        return {**self.needed, **self.others}

    @cached_property
    def flat(self) -> Mapping[str, Fits]:
        """The tests of those whose values hold nothing to look into."""
        return {name: field.fits for name, field in self.all.items() if field.within is None}


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_TEXT


def _is_money(value: object) -> bool:
    return is_number(value) and value >= 0


def _is_count(value: object) -> bool:
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return is_whole and _is_money(value)


def _is_currency(value: object) -> bool:
    return isinstance(value, str) and currency(value) is not None


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _metadata(name: str, given: Template) -> Iterator[Breach]:
    yield from value_breaches(name, given)
    parts = given if isinstance(given, dict) else {}
    for link in _LINKS:
        for one in visible(parts.get(link, "")):
            if not (is_open(one) or isinstance(one, str)):
                yield Breach((link,), f"{name}: {link} takes text", is_vital=False)


def _items(name: str, items: Template) -> Iterator[Breach]:
    """Yield what is wrong in a list of objects of any names."""
    yield from value_breaches(name, items)
    for at, item in enumerate(items if isinstance(items, list) else ()):
        for one in visible(item):
            if not (is_open(one) or isinstance(one, dict)):
                yield Breach((at,), f"{name} takes a list of objects")


def _kinds(name: str, items: Template) -> Iterator[Breach]:
    for at, item in enumerate(items if isinstance(items, list) else ()):
        for one in visible(item):
            if not (is_open(one) or one in _ALERTS):
                yield Breach((at,), f"{name} takes a list of {' and '.join(_ALERTS)}")


def _products(name: str, items: Template) -> Iterator[Breach]:
    for at, item in enumerate(items if isinstance(items, list) else ()):
        for one in visible(item):
            if isinstance(one, dict):
                for breach in _of_object("a product", one, PRODUCT):
                    yield breach.below(at)
            elif not is_open(one):
                yield Breach((at,), f"{name} takes a list of objects, each of one product")


_LINKS: Final = ("checkout_url", "order_status_url")  # of metadata, known to Braze
_ALERTS: Final = ("price_drop", "back_in_stock")
_ACTIONS: Final = ("add", "remove", "replace")
_TEXT: Final = Property(_is_word, f"text of 1 to {MAX_TEXT} characters", "text")
_MONEY: Final = Property(_is_money, "a number of 0 or more", "number")
_COUNT: Final = Property(_is_count, "a whole number of 0 or more", "number")
_CURRENCY: Final = Property(_is_currency, "a currency of ISO 4217, such as EUR", "text")
_OBJECT: Final = Property(_is_object, "an object, of any names", within=_metadata)
_DISCOUNTS: Final = Property(_is_list, "a list of objects", within=_items)
_LISTED: Final = Property(_is_list, "a list of objects, each of one product", within=_products)
_ACTION: Final = Property(one_of(*_ACTIONS), f"one of {', '.join(_ACTIONS)}", "text")
_TYPE: Final = Property(_is_list, f"a list of {' and '.join(_ALERTS)}", within=_kinds)

_NAMED: Final = dict.fromkeys(("product_id", "product_name", "variant_id"), _TEXT)
_SHOWN: Final = {**dict.fromkeys(("image_url", "product_url"), _TEXT), "metadata": _OBJECT}
PRODUCT: Final = Properties({**_NAMED, "quantity": _COUNT, "price": _MONEY}, _SHOWN)
_LINES: Final = {"currency": _CURRENCY, "products": _LISTED, "source": _TEXT}
_SUM: Final = {"total_value": _MONEY, **_LINES}
_PARTS: Final = dict.fromkeys(("subtotal_value", "tax", "shipping"), _MONEY)
_REDUCED: Final = {"total_discounts": _MONEY, "discounts": _DISCOUNTS}
_MORE: Final = {"metadata": _OBJECT}
_CART: Final = {"cart_id": _TEXT}
EVENTS: Final[Mapping[str, Properties]] = {
    "ecommerce.product_viewed": Properties(
        {**_NAMED, "price": _MONEY, "currency": _CURRENCY, "source": _TEXT},
        {**_SHOWN, "type": _TYPE},
    ),
    "ecommerce.cart_updated": Properties(
        {**_CART, **_LINES}, {"action": _ACTION, "total_value": _MONEY, **_PARTS, **_MORE}
    ),
    "ecommerce.checkout_started": Properties(
        {"checkout_id": _TEXT, **_SUM}, {**_CART, **_PARTS, **_MORE}
    ),
    "ecommerce.order_placed": Properties(
        {"order_id": _TEXT, **_SUM}, {**_CART, **_PARTS, **_REDUCED, **_MORE}
    ),
    "ecommerce.order_cancelled": Properties(
        {"order_id": _TEXT, **_SUM, "cancel_reason": _TEXT}, {**_PARTS, **_REDUCED, **_MORE}
    ),
    "ecommerce.order_refunded": Properties({"order_id": _TEXT, **_SUM}, {**_REDUCED, **_MORE}),
}
# How messages name what an expression gives.
_SAID: Final[Mapping[Kind, str]] = {
    "text": "text",
    "number": "a number",
    "truth": "true or false",
}
# Without an action, or with `replace`: the others change a cart by what they hold.
_WHOLE_CART: Final = Properties({**_CART, **_SUM}, EVENTS["ecommerce.cart_updated"].others)
# The beginnings of words by which other tools name an event; the first that fits decides.
_CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "order_cancelled": ("cancel", "void"),
    "order_refunded": ("refund", "return"),
    "checkout_started": ("checkout",),
    "cart_updated": ("cart", "basket", "add", "remov"),
    "product_viewed": ("product", "view"),
    "order_placed": ("creat", "complet", "paid", "plac", "purchas", "confirm", "bought"),
}
# What an event means differently with a wrong value, or without it.
_DECIDING: Final = "action"
_PARTIAL: Final = ("add", "remove")


def misnamed(name: str) -> str | None:
    """Return why an event's name looks like an eCommerce event and is none; None otherwise."""
    if name in EVENTS or not _ANY_PREFIX.match(name):
        return None
    words = [one.lower() for one in _WORDS.split(_ANY_PREFIX.sub("", name, count=1)) if one]
    near = _meant(words) or closest("_".join(words), [one.removeprefix(PREFIX) for one in EVENTS])
    meant = f"did you mean {PREFIX}{near}?" if near else f"there are {', '.join(EVENTS)}"
    return (
        f"{name} is none of Braze's eCommerce events, and Braze would count nothing by it; {meant}"
    )


def _meant(words: Collection[str]) -> str | None:
    """Return the event that other tools call by one of these words, without its prefix."""
    found = (event for event, roots in _CALLED.items() for one in words if one.startswith(roots))
    return next(found, None)


def breaches(name: str, properties: Mapping[str, Template]) -> Iterator[Breach]:
    """Yield what is wrong in the properties of an eCommerce event, written or rendered."""
    is_whole_cart = _is_whole_cart(name, properties)
    yield from _of_object(name, properties, _WHOLE_CART if is_whole_cart else EVENTS[name])


def needed_paths(name: str) -> Iterator[str]:
    """Yield the paths within properties that an eCommerce event is dropped without."""
    known = EVENTS[name]
    yield from known.needed
    yield _DECIDING
    if "products" in known.needed:
        yield from (f"products.{one}" for one in PRODUCT.needed)


def normal(properties: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return properties as they are sent: a currency in capitals, whole quantities.

    PHP's JSON has [] for an empty map: such metadata is left out.
    """
    made = {name: one for name, one in properties.items() if name != "metadata" or one != []}
    code, products = made.get("currency"), made.get("products")
    if isinstance(code, str):
        made["currency"] = currency(code) or code
    if isinstance(products, list):
        made["products"] = [_counted(one) for one in products]
    return made


def _counted(product: JsonValue) -> JsonValue:
    if not isinstance(product, dict):
        return product
    quantity = product.get("quantity")
    whole = int(quantity) if isinstance(quantity, float) and quantity.is_integer() else None
    if whole is None and product.get("metadata") != []:
        return product
    made = {name: one for name, one in product.items() if name != "metadata" or one != []}
    return made if whole is None else {**made, "quantity": whole}


def _is_whole_cart(name: str, properties: Mapping[str, Template]) -> bool:
    action = properties.get(_DECIDING)
    return name == "ecommerce.cart_updated" and not is_open(action) and action not in _PARTIAL


def _of_object(
    owner: str, properties: Mapping[str, Template], known: Properties
) -> Iterator[Breach]:
    fields = known.all
    if not known.needed.keys() <= properties.keys():
        for name in (one for one in known.needed if one not in properties):
            text = f"{name} is missing: Braze drops the event where {owner} has none"
            yield Breach((name,), text)
    flat = known.flat
    for name, template in properties.items():
        if name in flat and flat[name](template):  # most values fit: each order has dozens
            continue
        field = fields.get(name)
        if field is None:
            yield Breach((name,), _unknown(name, owner, known))
        else:
            is_vital = name in known.needed or name == _DECIDING
            for breach in _of_field(name, field, template):
                yield breach.below(name)._replace(is_vital=is_vital and breach.is_vital)


def _unknown(name: str, owner: str, known: Properties) -> str:
    near = closest(name, known.all)
    meant = f"did you mean {near}?" if near else "it belongs into metadata"
    return f"{owner} has no {shown(name)}, and Braze drops the event for it; {meant}"


def _of_field(name: str, field: Property, template: Template) -> Iterator[Breach]:
    for one in visible(template) if isinstance(template, Whole) else (template,):
        if is_open(one):
            if text := _wrong_kind(name, field, one):
                yield Breach((), text)
        elif not field.fits(one):
            yield Breach((), f"{name} takes {field.takes}{_mend(field, one)}")
        elif field.within:
            yield from field.within(name, one)


def _wrong_kind(name: str, field: Property, given: Template) -> str | None:
    """Return why an expression never gives what a field takes, with the mend, or None."""
    kind = kind_of(given)
    if kind is None or kind == field.kind:
        return None
    if not isinstance(given, Whole):
        return f"{name} takes {field.takes}, and text around ${{...}} makes text"
    made = given.expression.text
    mends = {"number": f"; write ${{to_number({made})}}", "text": f"; write ${{text({made})}}"}
    mend = mends.get(field.kind or "", "")
    return f"{name} takes {field.takes}, and {made} gives {_SAID[kind]}{mend}"


def _mend(field: Property, value: Template) -> str:
    if value is None:
        return ", and no null: Braze drops the event for it"
    if field.kind == "number" and isinstance(value, str):
        return ", and text is none: to_number() makes one of it"
    if field.kind == "text" and is_number(value):
        return ", and no number: text() makes text of it"
    if field is _TEXT and isinstance(value, str) and value.strip():
        return f": plain() cuts it, as in ${{plain(body.title, `{MAX_TEXT}`)}}"
    return ""
