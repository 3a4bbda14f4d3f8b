"""Warnings on `contains()` of a text that is a list: 'vip' is also found in "non-vip"."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from handler.core.expressions.syntax_tree import all_nodes, unparse

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_SEPARATORS: Final = (",", ";", "|")
_PART: Final = re.compile(r"[^.!?\n]{0,40}")
_WORDS: Final = 3  # of a part: with more it is a sentence
# Fields that are such a text in every event of these senders (Shopify, REST resources: "tags").
_TEXTS: Final = {"shopify": ("tags",)}


def separator(text: object) -> str | None:
    """Return what separates the parts of a text that is a list; None of any other value."""
    if not isinstance(text, str):
        return None
    for one in _SEPARATORS:
        parts = [part.strip() for part in text.split(one)]
        if len(parts) > 1 and all(map(_is_part, parts)):
            return one
    return None


def _is_part(text: str) -> bool:
    return len(text.split()) <= _WORDS and _PART.fullmatch(text) is not None


def contained(node: "Node", texts: Iterable[object]) -> Iterator[str]:
    """Yield a warning where a call of `contains` looks for a part in one of these texts."""
    signs = (separator(text) for text in texts)
    if _is_of_literal(node) and (sign := next(filter(None, signs), None)):
        yield _warning(node, sign)


def known_texts(tree: "Node", preset: str) -> Iterator[str]:
    """Yield a warning on each `contains` of a field that is always a list written as text."""
    for node in all_nodes(tree):
        if node["type"] == "function_expression" and node["value"] == "contains":
            names = [one["value"] for one in all_nodes(node["children"][0]) if _is_field(one)]
            if names and names[-1] in _TEXTS.get(preset, ()) and _is_of_literal(node):
                yield _warning(node, ",")


def _is_field(node: "Node") -> bool:
    return node["type"] == "field"


def _is_of_literal(node: "Node") -> bool:
    """Return whether a call looks for a literal in something that is not split already."""
    where, what = node["children"]
    is_split = any(one["value"] == "split" for one in all_nodes(where) if _is_call(one))
    return not is_split and what["type"] == "literal" and isinstance(what["value"], str)


def _is_call(node: "Node") -> bool:
    return node["type"] == "function_expression"


def _warning(node: "Node", sign: str) -> str:
    where, what = node["children"]
    given = where if where["type"] == "or_expression" else None
    text = unparse(where) if given else f"{unparse(where)} || ''"
    word = what["value"]
    return (
        f"{unparse(node)} is also true for non-{word}: the text is a list;"
        f" write contains(split({text}, '{sign}'), '{word}')"
    )
