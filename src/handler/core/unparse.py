"""Writes a part of a parsed expression as text again, for messages."""

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_SIGNS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_BETWEEN: Final = {
    "or_expression": " || ",
    "and_expression": " && ",
    "pipe": " | ",
    "subexpression": ".",
    "index_expression": "",
}
# So that `!a.b`, which JMESPath reads as (!a).b, is shown as what it is.
_BRACKETED: Final = {"or_expression", "and_expression", "pipe", "not_expression", "comparator"}


def unparse(node: "Node") -> str:
    """Return text that reads as the node was written, but for blanks and needless brackets.

    What is rare in a condition (projections, slices, multi-selects) is abridged to `...`.
    """
    kind = node["type"]
    if kind in _BETWEEN:
        return _BETWEEN[kind].join(_inner(child) for child in node["children"])
    if kind == "comparator":
        left, right = (_inner(child) for child in node["children"])
        return f"{left} {_SIGNS[node['value']]} {right}"
    if kind == "function_expression":
        return f"{node['value']}({', '.join(unparse(child) for child in node['children'])})"
    if kind == "filter_projection":
        base, rest, condition = node["children"]
        return f"{unparse(base)}[?{unparse(condition)}]{_rest(rest)}"
    if kind == "not_expression":
        return f"!{_inner(node['children'][0])}"
    return _leaf(node)


def _leaf(node: "Node") -> str:
    kind, value = node["type"], node.get("value")
    if kind == "field":
        plain = value.isascii() and value.replace("_", "a").isalnum() and not value[0].isdigit()
        return value if plain else json.dumps(value)
    if kind == "literal":
        return f"'{value}'" if isinstance(value, str) else f"`{json.dumps(value)}`"
    if kind == "expref":
        return f"&{unparse(node['children'][0])}"
    return {"current": "@", "identity": "", "index": f"[{value}]"}.get(kind, "...")


def _inner(node: "Node") -> str:
    text = unparse(node)
    return f"({text})" if node["type"] in _BRACKETED else text


def _rest(node: "Node") -> str:
    text = unparse(node)
    return f".{text}" if text and not text.startswith("[") else text
