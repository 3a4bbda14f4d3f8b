"""Trace of an evaluation: the paths that it read, and the alternatives that it took.

It is made of the steps of the evaluation whose value is sent. Only parts that are evaluated on the
event itself are traced: inside a filter or a projection a part has one value for each element.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.expressions.evaluation import FIRST_THERE, EvaluatedNode, is_there, is_true
from handler.core.expressions.expression import Expression
from handler.core.expressions.json_values import missing
from handler.core.expressions.syntax_tree import is_path, own_parts, unparse
from handler.core.rules.compiler import variable

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_OR: Final = "or_expression"
_AND: Final = "and_expression"
_NOT: Final = "not_expression"
_SILENT: Final = frozenset({"literal", "expref", "slice", "current", "identity"})
_ALWAYS: Final = frozenset({"source", "type", "id", "received_at"})


@dataclass(frozen=True, slots=True)
class Passed:
    """An alternative that was not taken, and the value for whose sake it was not."""

    text: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice between the alternatives of a `||`, of coalesce(), not_null() or if().

    `taken` is the index of the one whose value this is: None where all were missing.
    """

    text: str
    value: JsonValue
    options: tuple[str, ...]
    taken: int | None
    passed: tuple[Passed, ...]


def reads(step: EvaluatedNode) -> Iterator[tuple[str, JsonValue]]:
    """Yield each path into the event that was read, with its value."""
    if is_path(step.node):
        yield unparse(step.node), step.value
    for inner in step.steps:
        yield from reads(inner)


def choices(step: EvaluatedNode) -> Iterator[Choice]:
    """Yield the choices that were made, the outermost first."""
    if step.node["type"] == _OR:
        yield _of_or(step)
        for inner in _row_of_steps(step):
            yield from choices(inner)
        return
    if name := _choosing(step.node):
        yield _of_if(step) if name == "if" else _of_call(step, name)
    for inner in step.steps:
        yield from choices(inner)


def all_choices(expression: Expression) -> Iterator[tuple[str, ...]]:
    """Yield the alternatives of every choice in an expression."""
    yield from _all_choices(expression.tree)


def operands(expression: Expression) -> "list[Node]":
    """Return the operands of a condition, without its `&&`, `||` and `!`."""
    return list(_operands(expression.tree))


def evaluated(step: EvaluatedNode) -> "Iterator[EvaluatedNode]":
    """Yield a step and all within it."""
    yield step
    for inner in step.steps:
        yield from evaluated(inner)


def may_be_missing(node: "Node") -> bool:
    """Return whether an event can make the value null or blank; True if that is unknown.

    `||` takes a text of blanks for true; that is ignored here, so no case is needed for it.
    """
    children, name = node["children"], _choosing(node)
    if node["type"] == "literal":
        return missing(node["value"])
    if node["type"] == _OR:
        return may_be_missing(children[-1])
    if name in ("coalesce", "if"):
        found = [may_be_missing(one) for one in _options_of(node)]
        return any(found) if name == "if" else all(found)
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


def _of_or(step: EvaluatedNode) -> Choice:
    """Return the choice of `a || b || c`, which the parser nests; the last is taken as it is."""
    steps = _row_of_steps(step)
    taken = len(steps) - 1
    before = tuple(_passed(one) for one in steps[:taken])
    return Choice(unparse(step.node), step.value, _texts(_row(step.node)), taken, before)


def _of_call(step: EvaluatedNode, name: str) -> Choice:
    found = is_there(name, step.steps[-1].value)
    before = step.steps[:-1] if found else step.steps
    taken = len(step.steps) - 1 if found else None
    options = _texts(step.node["children"])
    return Choice(unparse(step.node), step.value, options, taken, tuple(map(_passed, before)))


def _of_if(step: EvaluatedNode) -> Choice:
    condition = step.steps[0]
    is_first = is_true(condition.value)
    options = _texts(_options_of(step.node))
    passed = () if is_first else (_passed(condition),)
    return Choice(unparse(step.node), step.value, options, 0 if is_first else 1, passed)


def _passed(step: EvaluatedNode) -> Passed:
    return Passed(unparse(step.node), step.value)


def _all_choices(node: "Node") -> Iterator[tuple[str, ...]]:
    children = own_parts(node)
    if node["type"] == _OR:
        children = _row(node)
        yield _texts(children)
    elif _choosing(node):
        yield _texts(_options_of(node))
    for child in children:
        yield from _all_choices(child)


def _choosing(node: "Node") -> str | None:
    """Return the name of a call that gives the value of one of its arguments, or None."""
    is_one = node["type"] == "function_expression" and node["value"] in (*FIRST_THERE, "if")
    return node["value"] if is_one else None


def _options_of(node: "Node") -> "list[Node]":
    return node["children"][1:] if node["value"] == "if" else node["children"]


def _texts(nodes: "list[Node]") -> tuple[str, ...]:
    return tuple(map(unparse, nodes))


def _row(node: "Node") -> "list[Node]":
    """Return the operands of `a || b || c`, which the parser nests."""
    left, right = node["children"]
    return [*(_row(left) if left["type"] == _OR else [left]), right]


def _row_of_steps(step: EvaluatedNode) -> list[EvaluatedNode]:
    """Return the operands of a `||` that were evaluated: the last one's value is its own."""
    left, *right = step.steps
    return [*(_row_of_steps(left) if left.node["type"] == _OR else [left]), *right]
