"""Pitfalls of JMESPath: expressions that do not mean what they seem to, and so are refused.

These are checks of parsed trees. Plain JMESPath accepts all of them, and fails silently.
"""

import json
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from handler.core.errors import ExpressionError
from handler.core.expressions.evaluation import is_true
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.foreign_calls import is_call, not_there, translated
from handler.core.expressions.functions import Functions
from handler.core.expressions.number_conditions import always_true
from handler.core.expressions.placeholders import ROOTS, placeholder
from handler.core.expressions.swapped_arguments import swapped
from handler.core.expressions.syntax_tree import (
    MOVING,
    all_nodes,
    event_nodes,
    unparse,
)
from handler.core.json_types import kind
from handler.core.suggestions import closest

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

VALUES: Final = ("true", "false", "null")
_ORDERING: Final = ("lt", "lte", "gt", "gte")
_SEARCHING: Final = ("contains", "starts_with", "ends_with")
# In these, a field after the first child is one of the first child's value.
_PATHS: Final = MOVING - {"filter_projection"}
_COMPARING: Final = frozenset({"comparator", "or_expression", "and_expression"})
_FIELD: Final["Node"] = {"type": "field", "value": "", "children": []}
_NUMERIC: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PATH: Final = r"(?:body|vars|item|headers|tables)\.[\w\"]"
# The rest of a `$${` in a text: a dollar sign was meant, and a value after it.
_DOLLAR: Final = re.compile(r"\$\{\s*(?:(?:body|item|vars|headers|tables)\.|[a-z_0-9]+\()")
_FORGOTTEN: Final = re.compile(rf"\$\(?\s*{_PATH}")
_EMBEDDED: Final = re.compile(rf"\$\{{\s*{_PATH}")
_CALL: Final = re.compile(r"([A-Za-z_]\w*)\((.*)\)", re.ASCII | re.DOTALL)
_PATH_WITHIN: Final = re.compile(rf"\b{_PATH}")


def traps(tree: "Node") -> Iterator[str]:
    """Yield the pitfalls in an expression, each with its fix."""
    here = {id(node) for node in event_nodes(tree)}
    yield from _filters(tree)
    yield from always_true(tree)
    for node in all_nodes(tree):
        yield from _negations(node)
        yield from _orderings(node)
        yield from _deaf(node)
        yield from _embedded(node)
        yield from _of_text(node)
        yield from _empty(node)
        yield from swapped(node)
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
    elif isinstance(value := condition.get("value"), bool):
        out = "leave when out" if name == "when" else "leave the filter out, with [] for all"
        mend = "`enabled: false` switches a rule off" if value is False else out
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
    if _is_call(text):
        name = text.partition("(")[0]
        there = not_there(name)
        what = f"${{...}}: {there}" if there else f"${{{text.strip()}}}"
        return f"{text} is sent as it stands; an expression is written {what}"
    meant = placeholder(text)
    if meant is None and text.startswith("={{"):
        meant = "${body.x}, with the path of the value"
    if meant is None and _PATH_WITHIN.search(text) and _is_expression(text):
        meant = f"${{{text.strip()}}}"
    return meant and f"{text} is sent as it stands; for the event's value write {meant}"


def _is_call(text: str) -> bool:
    """Return whether a whole text is a call, such as `now()` or `upper('x')`."""
    found = _CALL.fullmatch(text.strip())
    if found is None:
        return False
    if found[1] in Functions.FUNCTION_TABLE:
        return _read(text) is not None
    return not found[2] and (is_call(found[1]) or bool(not_there(found[1])))


def _embedded(node: "Node") -> Iterator[str]:
    """Yield texts within an expression that hold a `${...}` of their own."""
    if node["type"] == "literal" and isinstance(node["value"], str):
        text = node["value"]
        if _EMBEDDED.search(text):
            yield (
                f"{text} is sent as it stands; texts and values are joined by"
                " concat('Hello ', body.name)"
            )


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
    for at, child in enumerate(node["children"]):
        if child["type"] == "literal" and kind(child["value"]) != "number":
            yield (
                f"{unparse(node)} orders by {unparse(child)}, which is no number;"
                f" {_ordered(node, at, child['value'])}"
            )


def _ordered(node: "Node", at: int, value: object) -> str:
    """Return how to order by a number, or a time, that is written as text."""
    other = node["children"][1 - at]
    if not isinstance(value, str):
        return "only numbers have an order"
    if _NUMERIC.fullmatch(value):
        number: Node = {"type": "literal", "value": json.loads(value), "children": []}
        plain, called = _with(node, other, number), _with(node, _call("to_number", other), number)
        return f"write {plain}, or {called} where it is text"
    if _DAY.match(value):
        time = value if "T" in value else f"{value}T00:00:00Z"
        moment: Node = {"type": "literal", "value": time, "children": []}
        return f"write {_with(node, _call('epoch', other), _call('epoch', moment))}"
    return "to_number() makes a number of text, and epoch() of a time"


def _with(node: "Node", other: "Node", new: "Node") -> str:
    """Return the text of a comparison with other sides, in the order in which they stand."""
    is_left = node["children"][0]["type"] == "literal"
    return unparse({**node, "children": [new, other] if is_left else [other, new]})


def _call(name: str, argument: "Node") -> "Node":
    return {"type": "function_expression", "value": name, "children": [argument]}


def _filters(node: "Node") -> Iterator[str]:
    """Yield Liquid's filters, which are fields here; of `x | a | b` the last, with all mended."""
    if node["type"] == "slice":
        return
    name = _filter_name(node)
    if name is None:
        for child in node["children"]:
            yield from _filters(child)
    elif meant := _unfiltered(node):
        yield f"| {name} reads a field {name}; write {meant}, or @.{name} for the field"
    else:
        none = f"there is no function for Liquid's {name}: use it in the message itself"
        yield f"| {name} reads a field {name}; {none}, or write @.{name} for the field"


def _filter_name(node: "Node") -> str | None:
    """Return the function that a pipe names without calling it: `x | upper`, `x | size == y`."""
    if node["type"] != "pipe":
        return None
    head = node["children"][1]
    while head["type"] in _COMPARING:
        head = head["children"][0]
    return head["value"] if head["type"] == "field" and is_call(head["value"]) else None


def _unfiltered(node: "Node") -> str | None:
    """Return the text of a pipe with calls in the place of the functions that it names."""
    name, (left, right) = _filter_name(node), node["children"]
    if name is None:
        return None
    value = _unfiltered(left) if left["type"] == "pipe" else None
    called = translated(name, value or unparse(left))
    return called and unparse(right).replace(unparse({**_FIELD, "value": name}), called, 1)


def _deaf(node: "Node") -> Iterator[str]:
    """Yield what stands after a `.` or a `|` and does not read what is before it."""
    if node["type"] not in ("pipe", "subexpression"):
        return
    left, right = node["children"][0], node["children"][-1]
    given = [unparse(one) for one in right["children"]]
    if right["type"] == "function_expression" and given and _is_literal(right):
        value = unparse({**node, "children": node["children"][:-1]})
        meant = translated(right["value"], value, given)
        yield f"{unparse(right)} does not read {value}, which is before it; write {meant}"
    elif node["type"] == "pipe" and right["type"] == "literal":
        either = f"{unparse(left)} || {unparse(right)}"
        yield f"{unparse(right)} does not read {unparse(left)}, which is before it; write {either}"
    elif node["type"] == "pipe" and (root := _root(right)) and not _is_event(left):
        either = f"{unparse(left)} || {unparse(right)}"
        yield (
            f"| hands on the value before it, and {root} is a field of that; write {either} for"
            f" either of two, or @.{root} for the field"
        )


def _empty(node: "Node") -> Iterator[str]:
    """Yield comparisons with `[]`, which is what a step flattens, and no empty list."""
    if node["type"] != "comparator":
        return
    for value, other in (node["children"], node["children"][::-1]):
        if unparse(value) == "[]":
            yield (
                f"[] here is the event, flattened; write !({unparse(other)}) for what is empty,"
                " or `[]` in backticks"
            )


def _is_literal(call: "Node") -> bool:
    return all(one["type"] == "literal" for one in call["children"])


def _of_text(node: "Node") -> Iterator[str]:
    """Yield a field of a text that is written down: PHP joins texts by a point."""
    if node["type"] != "subexpression":
        return
    text, *rest = node["children"]
    if text["type"] == "literal" and isinstance(text["value"], str):
        value = ".".join(map(unparse, rest))
        joined = f"concat({unparse(text)}, {value})"
        yield f"a text has no fields: texts and values are joined by {joined}"


def _is_event(node: "Node") -> bool:
    return node["type"] == "current" or node.get("value") == "root"


def _root(node: "Node") -> str | None:
    """Return the root of the event with which an expression begins."""
    while node["type"] in MOVING | _COMPARING and node["type"] != "pipe":
        node = node["children"][0]
    return node["value"] if node["type"] == "field" and node["value"] in ROOTS else None


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


def _read(text: str) -> "Node | None":
    try:
        return compile_expression(text.strip()).tree
    except ExpressionError:
        return None


def _is_expression(text: str) -> bool:
    nodes = event_nodes(tree) if (tree := _read(text)) else ()
    return any(node["type"] in ("subexpression", "filter_projection") for node in nodes)
