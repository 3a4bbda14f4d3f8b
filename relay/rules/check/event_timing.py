"""Warnings on event timing: a `when` that asks for more than its event knows yet.

A shop reports an order when it is made, and its payment by another type. A rule of the first type
alone whose `when` asks for the later state never sends for orders that get there later.
"""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from handler.core.expressions.syntax_tree import unparse
from handler.core.expressions.template import Problem
from handler.core.rules.creation import BEGINNING
from handler.core.rules.source import Rule

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# Things whose changes these senders report, by their lists of types.
_UPDATED: Final = {
    "shopify": ("carts", "checkouts", "customers", "draft_orders", "products"),
    "woocommerce": ("customer", "order", "product", "subscription"),
    "stripe": ("charge", "customer", "customer.subscription", "invoice"),
    "square": ("customer", "invoice", "order", "payment", "refund", "subscription"),
    "paddle": ("adjustment", "customer", "subscription", "transaction"),
    "lemonsqueezy": ("subscription",),
    "bigcommerce": ("store/customer", "store/order"),
    "recharge": ("customer", "order", "subscription"),
    "clerk": ("user",),
    "auth0": ("user",),
    "workos": ("user",),
}
_ENDS: Final = {
    "shopify": ("/create", "/update"),
    "lemonsqueezy": ("_created", "_updated"),
    "bigcommerce": ("/created", "/updated"),
    "recharge": ("/created", "/updated"),
}
_DOTTED: Final = (".created", ".updated")
# Types that come early, each with a type of another form that reports the later state.
_LATER_TYPES: Final = {
    ("shopify", "orders/create"): "orders/updated",  # its other topics end in update
    ("shopify", "fulfillments/create"): "fulfillments/update",
    ("stripe", "payment_intent.created"): "payment_intent.succeeded",
    ("stripe", "checkout.session.completed"): "checkout.session.async_payment_succeeded",
}
_ROW: Final = re.compile(r"INSERT (?P<table>.+)")  # Supabase's database webhooks
_UNKNOWN: Final = "the type of your sender that tells of it"
# Things that no other type reports, and that are often complete when they are made.
_NO_OTHER: Final = {
    ("lemonsqueezy", "order_created"),
    ("shopify", "order_transactions/create"),
}
_STATE: Final = re.compile(r".*(?:status|state)", re.IGNORECASE)
_LATER: Final = (
    *("paid", "processing", "complete", "completed", "succeeded", "success", "captured"),
    *("settled", "fulfilled", "shipped", "delivered", "enabled"),
)
_AT_FIRST: Final = {("fulfillments/create", "success")}
_EARLY: Final = ("pending", "unpaid", "on-hold", "incomplete", "authorized", "draft")
# Fields that are empty or false until something has happened.
_MARK: Final = re.compile(
    r"paid|captured|(?:paid|completed|fulfilled|shipped)_at|date_(?:paid|completed)(?:_gmt)?"
)
_UNPROVEN: Final = ("auth0", "workos")  # they report an account before its address is proven


def later_warnings(rule: Rule, preset: str) -> Iterator[Problem]:
    """Yield a warning where a rule asks all its events for a later state."""
    later = [_later_type(kind, preset) for kind in rule.types]
    if rule.when is None or not all(later):
        return
    first = rule.types[0]
    if asked := _asked(rule.when.tree, _Words(first, preset)):
        text = f"{first} often comes before {asked}, and what gets there later is never sent"
        known = f"the type that tells of it too, such as type: [{first}, {later[0]}]"
        mend = f"take {f'{_UNKNOWN} too' if later[0] == _UNKNOWN else known}"
        yield ("when",), f"{text}; {mend}, and say once with the id of what both are about"


def _later_type(kind: str, preset: str) -> str | None:
    """Return the type, or words for it, that reports what became of a thing.

    None where a type is no beginning, or the only report.
    """
    if (preset, kind) in _NO_OTHER:
        return None
    if row := _ROW.fullmatch(kind):
        return f"UPDATE {row['table']}"
    if (preset, kind) in _LATER_TYPES:
        return _LATER_TYPES[preset, kind]
    first, later = _ENDS.get(preset, _DOTTED)
    what = kind.removesuffix(first)
    if what != kind and what in _UPDATED.get(preset, ()):
        return f"{what}{later}"
    return _UNKNOWN if BEGINNING.fullmatch(kind) else None


class _Words:
    """The words for later states, of one type of one sender."""

    def __init__(self, kind: str, preset: str) -> None:
        # Most other things are active from the first, and a fulfillment is a success.
        words = (*_LATER, "active") if "subscription" in kind else _LATER
        self.states = [one for one in words if (kind, one) not in _AT_FIRST]
        self.is_proven_later = preset in _UNPROVEN

    def is_mark(self, name: str) -> bool:
        """Return whether a field of this name is empty or false at first."""
        return bool(_MARK.fullmatch(name)) or (name == "email_verified" and self.is_proven_later)


def _asked(node: "Node", words: _Words) -> str | None:
    """Return the part of a condition that a new thing does not fulfil; None where it may."""
    if node["type"] == "and_expression":
        return next(filter(None, (_asked(one, words) for one in node["children"])), None)
    if node["type"] == "or_expression":
        asked = [_asked(one, words) for one in node["children"]]
        return asked[0] if all(asked) else None
    return unparse(node) if _is_later(node, words) else None


def _is_later(node: "Node", words: _Words) -> bool:
    kind, children = node["type"], node["children"]
    if kind == "not_expression":
        return _is_compared(children[0], "eq", _EARLY)
    if kind == "comparator":
        return _is_compared(node, "eq", words.states) or _is_compared(node, "ne", _EARLY)
    if kind == "function_expression" and node["value"] == "contains":
        return _is_state(children[1]) and _are(_values(children[0]), words.states)
    return words.is_mark(_name(node))


def _is_compared(node: "Node", sign: str, words: Collection[str]) -> bool:
    if node["type"] != "comparator" or node["value"] != sign:
        return False
    states = [one for one in node["children"] if _is_state(one)]
    values = [value for one in node["children"] for value in _values(one)]
    return len(states) == 1 and _are(values, words)


def _is_state(node: "Node") -> bool:
    return bool(_STATE.fullmatch(_name(node)))


def _name(node: "Node") -> str:
    """Return the last name of a path; empty for any other expression."""
    if node["type"] == "subexpression":
        return _name(node["children"][-1])
    return str(node["value"]) if node["type"] == "field" else ""


def _values(node: "Node") -> list[object]:
    """Return the literal values of a node, one or a list of them."""
    if node["type"] == "multi_select_list":
        return [value for one in node["children"] for value in _values(one)]
    if node["type"] != "literal":
        return []
    return node["value"] if isinstance(node["value"], list) else [node["value"]]


def _are(values: Collection[object], words: Collection[str]) -> bool:
    return bool(values) and all(isinstance(one, str) and one.lower() in words for one in values)
