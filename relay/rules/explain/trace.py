"""Trace of an expression: the paths that it read, and the alternatives that it took.

Only parts that are evaluated on the event itself are traced: inside a filter or a projection a part
has one value for each element.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.expressions.expression import Expression, is_true
from handler.core.expressions.json_values import missing
from handler.core.expressions.syntax_tree import unparse
from handler.core.rules.compiler import variable

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_OR: Final = "or_expression"
_AND: Final = "and_expression"
_NOT: Final = "not_expression"
# Nodes of which only the first child is evaluated on the same value.
_PATHS: Final = frozenset(
    {
        "subexpression",
        "index_expression",
        "pipe",
        "projection",
        "value_projection",
        "filter_projection",
        "flatten",
    }
)
_SILENT: Final = frozenset({"literal", "expref", "slice", "current", "identity"})
_ALWAYS: Final = frozenset({"source", "type", "id", "received_at"})


@dataclass(frozen=True, slots=True)
class Traced:
    """A part of an expression with its value, and the parts of it that were evaluated.

    `options` are the alternatives of a `||` or of coalesce(), `taken` the index of the one whose
    value this is: None where all of coalesce()'s were missing.
    """

    text: str
    value: JsonValue
    parts: tuple["Traced", ...] = ()
    options: tuple[str, ...] = ()
    taken: int | None = None
    is_read: bool = False


def trace(expression: Expression, document: JsonValue) -> Traced:
    """Return the trace of an expression on a document; raise ExpressionError as its search does."""
    return _trace(expression.tree, document, expression.text)


def reads(traced: Traced) -> Iterator[Traced]:
    """Yield each path into the event that was read."""
    if traced.is_read:
        yield traced
    for part in traced.parts:
        yield from reads(part)


def choices(traced: Traced) -> Iterator[Traced]:
    """Yield the choices between alternatives, the outermost first."""
    if traced.options:
        yield traced
    for part in traced.parts:
        yield from choices(part)


def all_choices(expression: Expression) -> Iterator[tuple[str, ...]]:
    """Yield the alternatives of every choice in an expression."""
    yield from _all_choices(expression.tree)


def operands(expression: Expression) -> list[Expression]:
    """Return the operands of a condition, without its `&&`, `||` and `!`."""
    return [Expression(unparse(node), node) for node in _operands(expression.tree)]


def may_be_missing(node: "Node") -> bool:
    """Return whether an event can make the value null or blank; True if that is unknown.

    `||` takes a text of blanks for true; that is ignored here, so no case is needed for it.
    """
    children = node["children"]
    if node["type"] == "literal":
        return missing(node["value"])
    if node["type"] == _OR:
        return may_be_missing(children[-1])
    if _is_coalesce(node):
        return all(map(may_be_missing, children))
    if node["type"] == "comparator":
        return node["value"] not in ("eq", "ne")
    if node["type"] == "field":
        return node["value"] not in _ALWAYS
    return node["type"] != _NOT and variable(node) is None


def _operands(node: "Node") -> "Iterator[Node]":
    if node["type"] in (_OR, _AND, _NOT):
        for child in node["children"]:
            yield from _operands(child)
    elif node["type"] not in _SILENT:
        yield node


def _trace(node: "Node", document: JsonValue, text: str) -> Traced:
    value = Expression(text, node).search(document)
    if node["type"] == _OR or _is_coalesce(node):
        return _choice(node, document, text, value)
    if node["type"] == _AND:
        parts = []
        for child in _row(node):
            parts.append(_trace(child, document, unparse(child)))
            if not is_true(parts[-1].value):
                break
        return Traced(text, value, tuple(parts))
    inner = tuple(_trace(one, document, unparse(one)) for one in _children(node))
    return Traced(text, value, inner, is_read=_is_read(node))


def _choice(node: "Node", document: JsonValue, text: str, value: JsonValue) -> Traced:
    alternatives = _row(node)
    parts: list[Traced] = []
    taken = None
    for at, child in enumerate(alternatives):
        parts.append(_trace(child, document, unparse(child)))
        found = parts[-1].value
        if is_true(found) if node["type"] == _OR else not missing(found):
            taken = at
            break
    if taken is None and node["type"] == _OR:
        taken = len(alternatives) - 1
    return Traced(text, value, tuple(parts), tuple(map(unparse, alternatives)), taken)


def _all_choices(node: "Node") -> Iterator[tuple[str, ...]]:
    children = _children(node)
    if node["type"] == _OR or _is_coalesce(node):
        children = _row(node)
        yield tuple(map(unparse, children))
    for child in children:
        yield from _all_choices(child)


def _is_coalesce(node: "Node") -> bool:
    return node["type"] == "function_expression" and node["value"] == "coalesce"


def _row(node: "Node") -> "list[Node]":
    """Return the operands of `a || b || c`, or of `&&`, which the parser nests."""
    kind = node["type"]
    if kind not in (_OR, _AND):
        return node["children"]
    left, right = node["children"]
    return [*(_row(left) if left["type"] == kind else [left]), right]


def _children(node: "Node") -> "list[Node]":
    """Return the parts that are evaluated on the event itself; a path has none."""
    if node["type"] in _SILENT or _is_read(node):
        return []
    return node["children"][:1] if node["type"] in _PATHS else node["children"]


def _is_read(node: "Node") -> bool:
    """Return whether a node is a path into the event, such as `body.customer.id`."""
    if node["type"] == "field":
        return True
    return node["type"] in _PATHS and _is_read(node["children"][0])
