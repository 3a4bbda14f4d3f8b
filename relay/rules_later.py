"""Rules whose `when` asks for more than their event knows yet: warnings of `relay rules check`.

A shop tells of an order when it is made, and by another type that it was paid. A rule of the first
type alone whose `when` asks for the later state never sends for what gets there later.
"""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from handler.core.source import Rule
from handler.core.template import Problem
from handler.core.unparse import unparse

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# Types that come before all is known, each with one that tells of what comes later.
_LATER_TYPES: Final = {
    "orders/create": "orders/updated",  # Shopify's other topics end in update
    "payment_intent.created": "payment_intent.succeeded",  # Stripe has no payment_intent.updated
    "checkout.session.completed": "checkout.session.async_payment_succeeded",
}
_FIRST: Final = re.compile(r"(?P<what>.*)(?P<word>creat|insert)(?P<end>ed?)", re.IGNORECASE)
_ROW: Final = re.compile(r"INSERT (?P<table>.+)")  # Supabase's database webhooks
_NO_OTHER: Final = {("lemonsqueezy", "order_created")}  # no type tells of an order's later states
_STATE: Final = re.compile(r".*(?:status|state)", re.IGNORECASE)
_LATER: Final = (
    *("paid", "processing", "complete", "completed", "succeeded", "success", "captured"),
    *("settled", "fulfilled", "shipped", "delivered", "enabled"),
)
_EARLY: Final = ("pending", "unpaid", "on-hold", "incomplete", "authorized", "draft")
# Fields that are empty or false until something has happened.
_MARK: Final = re.compile(
    r"paid|captured|(?:paid|completed|fulfilled|shipped)_at|date_(?:paid|completed)(?:_gmt)?"
)
_UNPROVEN: Final = ("auth0", "workos")  # they tell of an account before its address is proven


def later_warnings(rule: Rule, preset: str) -> Iterator[Problem]:
    """Yield whether a rule asks of all its events what they do not say yet."""
    later = [_later_type(kind, preset) for kind in rule.types]
    if rule.when is None or not all(later):
        return
    first = rule.types[0]
    if asked := _asked(rule.when.tree, _Words(first, preset)):
        text = f"{first} often comes before {asked}, and what gets there later is never sent"
        mend = f"take the type that tells of it too, such as type: [{first}, {later[0]}]"
        yield ("when",), f"{text}; {mend}, and say once with the id of what both are about"


def _later_type(kind: str, preset: str) -> str | None:
    """Return a type that tells what has become of a thing; None where a type is no beginning."""
    if (preset, kind) in _NO_OTHER:
        return None
    if row := _ROW.fullmatch(kind):
        return f"UPDATE {row['table']}"
    found = _FIRST.fullmatch(kind)
    if kind in _LATER_TYPES or found is None:
        return _LATER_TYPES.get(kind)
    word = "Updat" if found["word"][0].isupper() else "updat"
    return f"{found['what']}{word}{found['end']}"


class _Words:
    """What things are said to be later, of one type of one sender."""

    def __init__(self, kind: str, preset: str) -> None:
        # Most other things are active from the first.
        self.states = (*_LATER, "active") if "subscription" in kind else _LATER
        self.is_proven_later = preset in _UNPROVEN

    def is_mark(self, name: str) -> bool:
        """Return whether a field of this name is empty or false at first."""
        return bool(_MARK.fullmatch(name)) or (name == "email_verified" and self.is_proven_later)


def _asked(node: "Node", words: _Words) -> str | None:
    """Return the part of a condition that a new thing does not fulfil; None where it may."""
    if node["type"] == "and_expression":
        return next(filter(None, (_asked(it, words) for it in node["children"])), None)
    if node["type"] == "or_expression":
        told = [_asked(it, words) for it in node["children"]]
        return told[0] if all(told) else None
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
    states = [it for it in node["children"] if _is_state(it)]
    told = [value for it in node["children"] for value in _values(it)]
    return len(states) == 1 and _are(told, words)


def _is_state(node: "Node") -> bool:
    return bool(_STATE.fullmatch(_name(node)))


def _name(node: "Node") -> str:
    """Return the last name of a path; nothing for what is none."""
    if node["type"] == "subexpression":
        return _name(node["children"][-1])
    return str(node["value"]) if node["type"] == "field" else ""


def _values(node: "Node") -> list[object]:
    """Return the values that are written down, one or a list of them."""
    if node["type"] == "multi_select_list":
        return [value for it in node["children"] for value in _values(it)]
    if node["type"] != "literal":
        return []
    return node["value"] if isinstance(node["value"], list) else [node["value"]]


def _are(told: Collection[object], words: Collection[str]) -> bool:
    return bool(told) and all(isinstance(it, str) and it.lower() in words for it in told)
