"""Pitfalls of JMESPath: expressions that do not mean what they seem to, and so are refused.

These are checks of parsed trees. Plain JMESPath accepts all of them, and fails silently.
"""

import json
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression, is_true
from handler.core.expressions.placeholders import placeholder
from handler.core.expressions.syntax_tree import MOVING, all_nodes, event_nodes, unparse
from handler.core.json_types import kind
from handler.core.suggestions import closest

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

VALUES: Final = ("true", "false", "null")
_ORDERING: Final = ("lt", "lte", "gt", "gte")
_SEARCHING: Final = ("contains", "starts_with", "ends_with")
# In these, a field after the first child is one of the first child's value.
_PATHS: Final = MOVING - {"filter_projection"}
_PATH: Final = r"(?:body|vars|item|headers|tables)\.[\w\"]"
# The rest of a `$${` in a text: a dollar sign was meant, and a value after it.
_DOLLAR: Final = re.compile(r"\$\{\s*(?:(?:body|item|vars|headers|tables)\.|[a-z_0-9]+\()")
_FORGOTTEN: Final = re.compile(rf"\$\(?\s*{_PATH}")
_PATH_WITHIN: Final = re.compile(rf"\b{_PATH}")


def traps(tree: "Node") -> Iterator[str]:
    """Yield the pitfalls in an expression, each with its fix."""
    here = {id(node) for node in event_nodes(tree)}
    for node in all_nodes(tree):
        yield from _negations(node)
        yield from _orderings(node)
        if id(node) not in here:
            yield from _bare_names(node)
        if node["type"] == "filter_projection":
            yield from constant(node["children"][2], "a filter")


def constant(condition: "Node", name: str) -> Iterator[str]:
    """Yield a problem where a condition is the same for every event."""
    told = _truth(condition)
    if told is None:
        return
    mend = "text in single quotes is text, and no field of the event"
    if condition["type"] == "or_expression":
        mend = "write x == 'a' || x == 'b' for either of two"
    elif condition.get("value") is False:
        mend = "`enabled: false` switches a rule off"
    yield f"{name} is always {json.dumps(told)}: {unparse(condition)}; {mend}"


def contradictions(condition: "Node", types: Collection[str]) -> Iterator[str]:
    """Yield the comparisons with a type that the rule is not for."""
    if condition["type"] == "and_expression":
        for child in condition["children"]:
            yield from contradictions(child, types)
    if condition["type"] != "comparator" or condition["value"] != "eq":
        return
    sides = {unparse(one): one for one in condition["children"]}
    wanted = [one["value"] for one in sides.values() if one["type"] == "literal"]
    if "type" in sides and wanted and not any(_fits(wanted[0], glob) for glob in types):
        near = closest(str(wanted[0]), types)
        hint = f"; did you mean '{near}'?" if near else ""
        yield f"{unparse(condition)} is never true: the rule is for {' and '.join(types)}{hint}"


def stringified(tree: "Node") -> Iterator[str]:
    """Yield the uses of to_string() in an id: it makes the text "null" of a missing value."""
    for node in all_nodes(tree):
        if node["type"] == "function_expression" and node["value"] == "to_string":
            (taken,) = node["children"]
            if taken["type"] not in ("current", "multi_select_dict", "multi_select_list"):
                yield (
                    f"{unparse(node)} makes the text 'null' of what is missing, one id for all;"
                    f" write text({unparse(taken)})"
                )


def forgotten(text: str) -> str | None:
    """Return a problem where a literal text was meant as an expression, or None."""
    if _DOLLAR.search(text):
        return f"{text} is sent as it stands; a dollar sign and a value: ${{concat('$', ...)}}"
    if _FORGOTTEN.search(text):
        return f"{text} is sent as it stands; an expression is written ${{...}}, with braces"
    meant = placeholder(text)
    if meant is None and _PATH_WITHIN.search(text) and _is_expression(text):
        meant = f"${{{text.strip()}}}"
    return meant and f"{text} is sent as it stands; for the event's value write {meant}"


def _negations(node: "Node") -> Iterator[str]:
    """Yield negations that negate less than meant: only the term right after them."""
    if not node["children"] or node["type"] == "slice":
        return
    first, *rest = node["children"]
    if first["type"] != "not_expression":
        return
    if node["type"] in ("subexpression", "index_expression"):
        yield "!a.b reads as (!a).b, which is always null; write !(a.b)"
    if node["type"] == "comparator" and not isinstance(rest[0].get("value"), bool):
        yield f"{unparse(node)} compares true or false with a value; write !(a == b), or a != b"


def _orderings(node: "Node") -> Iterator[str]:
    """Yield orderings of values that are no numbers."""
    if node["type"] != "comparator" or node["value"] not in _ORDERING:
        return
    for child in node["children"]:
        if child["type"] == "literal" and kind(child["value"]) != "number":
            yield (
                f"{unparse(node)} orders by {unparse(child)}, which is no number;"
                " write to_number(body.total) > `100`"
            )


def _bare_names(node: "Node") -> Iterator[str]:
    """Yield bare words within filters and projections, where they are fields of the element."""
    children = node["children"] if node["type"] != "slice" else []
    named = [one["value"] if one["type"] == "field" else None for one in children]
    is_searching = node["type"] == "function_expression" and node["value"] in _SEARCHING
    for at, name in enumerate(named):
        if name in VALUES and not (at and node["type"] in _PATHS):
            yield f"a bare {name} is the name of a field; the value is `{name}`, in backticks"
        elif name is not None and at == 1 and (node["type"] == "comparator" or is_searching):
            yield (
                f"{unparse(node)} compares with a field {name} of each element; write '{name}' in"
                f" single quotes for the text, or @.{name} for the field"
            )


def _truth(node: "Node") -> bool | None:
    """Return a condition's truth if it is the same for every event, else None."""
    if node["type"] == "literal":
        return is_true(node["value"])
    if node["type"] == "not_expression":
        inner = _truth(node["children"][0])
        return None if inner is None else not inner
    if node["type"] in ("and_expression", "or_expression"):
        decides = node["type"] == "or_expression"
        told = {_truth(child) for child in node["children"]}
        return decides if decides in told else None if None in told else not decides
    return None


def _fits(value: object, glob: str) -> bool:
    return isinstance(value, str) and fnmatchcase(value, glob)


def _is_expression(text: str) -> bool:
    try:
        tree = compile_expression(text.strip()).tree
    except ExpressionError:
        return False
    return any(node["type"] in ("subexpression", "filter_projection") for node in event_nodes(tree))
