"""Arguments in the wrong order: calls whose result the event cannot change, or which never match.

What may be meant (`starts_with('de-DE', body.locale)`) is `doubtful`, for a warning.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from handler.core.expressions.arguments import (
    arity_problem,
    kind_problem,
    literal_problem,
    number_for_text,
)
from handler.core.expressions.functions import signature_of
from handler.core.expressions.json_values import missing
from handler.core.expressions.syntax_tree import unparse
from handler.core.json_types import JsonValue

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_PAIR: Final = 2
_WORD: Final = re.compile(r"\w+")
_SEARCHING: Final = ("contains", "starts_with", "ends_with")
_FALLBACKS: Final = ("coalesce", "not_null")


def swapped(node: "Node") -> Iterator[str]:
    """Yield a problem where a call has its arguments in the wrong order without a doubt."""
    if node["type"] != "function_expression":
        return
    name, given = node["value"], node["children"]
    if all(map(_is_literal, given)):
        return
    if name in _FALLBACKS:
        yield from _fallback(node)
    elif any(one["type"] == "expref" for one in given):
        yield from _expression_for_list(node)
    elif _is_literal(given[0]) and (_fits_second(node) or _is_certain(node)):
        yield f"{_first(given[0])}; did you mean {unparse(_turned(node))}?"


def swapped_variable(node: "Node", value: JsonValue) -> Iterator[str]:
    """Yield a problem where a call's first argument is a variable, whose value fits the second."""
    variable, *rest = node["children"]
    literal: Node = {"type": "literal", "value": value, "children": []}
    if _fits_second({**node, "children": [literal, *rest]}):
        yield (
            f"the first argument, {unparse(variable)}, is {unparse(literal)} in every event;"
            f" did you mean {unparse(_turned(node))}?"
        )


def doubtful(node: "Node") -> Iterator[str]:
    """Yield a warning where a call has a text first that may be meant, and most often is not."""
    if node["type"] != "function_expression" or node["value"] not in (*_SEARCHING, "split"):
        return
    first, second = node["children"]
    if _text(first) is not None and not _is_literal(second) and not _is_certain(node):
        yield f"{_first(first)}; did you mean {unparse(_turned(node))}?"


def reordered(node: "Node") -> str | None:
    """Return a call that has a literal where its function takes none, with the two in turn."""
    name, given = node["value"], node["children"]
    arguments = signature_of(name)
    literals = [at for at, one in enumerate(given) if _is_literal(one)]
    if len(given) != _PAIR or len(arguments) < _PAIR or len(literals) != 1:
        return None
    (at,) = literals
    value = given[at]["value"]
    if not kind_problem(name, arguments, at, value) or arity_problem(name, arguments, _PAIR):
        return None
    if number_for_text(arguments, at, value):
        return None
    at = 1 - at
    # An amount is a number or a text: a number that is none of text says nothing of the order.
    if not isinstance(value, str) and {"number", "string"} <= set(arguments[at]["types"]):
        return None
    problem = kind_problem(name, arguments, at, value)
    return (
        None if problem or literal_problem(name, arguments, at, value) else unparse(_turned(node))
    )


def _first(literal: "Node") -> str:
    what = "a text" if isinstance(literal["value"], str) else "a value"
    return f"the first argument, {unparse(literal)}, is {what} that is written down"


def _fallback(node: "Node") -> Iterator[str]:
    """Yield a fallback that is always there, before a value that is therefore never taken."""
    given = node["children"]
    blank = missing if node["value"] == "coalesce" else lambda value: value is None
    there = [one for one in given if _is_literal(one) and not blank(one["value"])]
    if not there:
        return
    behind = [one for one in given[given.index(there[0]) + 1 :] if not _is_literal(one)]
    if behind:
        order = [one for one in given if not _is_literal(one)]
        meant = unparse({**node, "children": [*order, there[0]]})
        never = " and ".join(map(unparse, behind))
        yield f"{unparse(there[0])} is always there, so that {never} is never taken; write {meant}"


def _expression_for_list(node: "Node") -> Iterator[str]:
    """Yield a list and its `&expression` that stand in each other's place."""
    name, given = node["value"], node["children"]
    arguments = signature_of(name)
    if len(given) != _PAIR or arity_problem(name, arguments, _PAIR):
        return
    at = 0 if given[0]["type"] == "expref" else 1
    takes = [one["types"] for one in arguments]
    if "expref" not in takes[at] and "expref" in takes[1 - at]:
        yield f"{name}() takes {' or '.join(takes[at])} there; write {unparse(_turned(node))}"


def _fits_second(node: "Node") -> bool:
    """Return whether a literal is what the second argument takes: a country, a currency, a span."""
    arguments = signature_of(node["value"])
    first, *rest = node["children"]
    if len(arguments) < _PAIR or not rest or _is_literal(rest[0]) or "fits" not in arguments[1]:
        return False
    return arguments[1]["fits"](first["value"])


def _is_certain(node: "Node") -> bool:
    """Return whether no event could make sense of a text that is searched, or split."""
    name, (first, *rest) = node["value"], node["children"]
    text = _text(first)
    if text is None or not rest:
        return False
    if name == "replace":
        old = _text(rest[0])
        return old is not None and (not old or old not in text)  # it would replace nothing
    if _is_literal(rest[0]):
        return False
    if name == "split":
        return _WORD.search(text) is None  # separators alone
    if name == "contains":
        return _has_blank(rest[0]) or _is_a_word(text)
    return name in _SEARCHING and len(_WORD.findall(text)) <= 1


def _is_a_word(text: str) -> bool:
    """Return whether a text is no list of codes: 'a,b', 'DEFR' and 'abc' may be such."""
    is_code = text.upper() == text or sorted(text) == list(text)
    return _WORD.fullmatch(text) is not None and not is_code


def _has_blank(node: "Node") -> bool:
    """Return whether a value is '' where it is missing, which every text contains."""
    return node["type"] == "or_expression" and node["children"][-1].get("value") == ""


def _turned(node: "Node") -> "Node":
    """Return a call with its first argument where it belongs: last in `replace`'s three."""
    first, second, *rest = node["children"]
    if node["value"] == "replace":
        return {**node, "children": [*rest, first, second]}
    return {**node, "children": [second, first, *rest]}


def _is_literal(node: "Node") -> bool:
    return node["type"] == "literal"


def _text(node: "Node") -> str | None:
    value = node.get("value") if _is_literal(node) else None
    return value if isinstance(value, str) else None
