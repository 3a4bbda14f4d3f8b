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
_MANY: Final = frozenset(
    {
        "slice",
        "multi_select_list",
        "multi_select_dict",
        "flatten",
        "projection",
        "value_projection",
    }
)
_BRACKETED: Final = {"or_expression", "and_expression", "pipe", "not_expression", "comparator"}


def unparse(node: "Node") -> str:
    """Return text that reads as the node was written, but for blanks and needless brackets."""
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
        (child,) = node["children"]  # `!a.b` would read as (!a).b
        is_one = child["type"] in ("field", "function_expression")
        return f"!{unparse(child)}" if is_one else f"!({unparse(child)})"
    return _many(node) if kind in _MANY else _leaf(node)


def _many(node: "Node") -> str:
    """Return the text of what gives a list or an object."""
    kind, children = node["type"], node["children"]
    if kind == "slice":
        numbers: list[int | None] = list(children)  # type: ignore[arg-type] # of a slice they are
        begin, end, step = ("" if it is None else str(it) for it in numbers)
        return f"[{begin}:{end}{step and f':{step}'}]"
    if kind == "multi_select_list":
        return f"[{', '.join(map(unparse, children))}]"
    if kind == "multi_select_dict":
        pairs = (f"{_name(it['value'])}: {unparse(it['children'][0])}" for it in children)
        return f"{{{', '.join(pairs)}}}"
    base = _inner(children[0])
    if kind == "flatten":
        return f"{base}[]"
    if kind == "value_projection":
        return f"{base}.*{_rest(children[1])}".removeprefix(".")
    is_marked = children[0]["type"] == "flatten" or _is_sliced(children[0])
    return f"{base}{'' if is_marked else '[*]'}{_rest(children[1])}"


def _is_sliced(node: "Node") -> bool:
    return node["type"] == "index_expression" and node["children"][1]["type"] == "slice"


def _leaf(node: "Node") -> str:
    kind, value = node["type"], node.get("value")
    if kind == "field":
        return _name(value)
    if kind == "literal":
        return f"'{value}'" if isinstance(value, str) else f"`{json.dumps(value)}`"
    if kind == "expref":
        return f"&{unparse(node['children'][0])}"
    return {"current": "@", "identity": "", "index": f"[{value}]"}.get(kind, "...")


def _name(text: str) -> str:
    plain = text.isascii() and text.replace("_", "a").isalnum() and not text[:1].isdigit()
    return text if plain else json.dumps(text)


def _inner(node: "Node") -> str:
    text = unparse(node)
    return f"({text})" if node["type"] in _BRACKETED else text


def _rest(node: "Node") -> str:
    text = unparse(node)
    return f".{text}" if text and not text.startswith("[") else text
