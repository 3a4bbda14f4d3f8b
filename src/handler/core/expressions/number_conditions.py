"""Numbers in the place of a condition: 0 is true in JMESPath, so that they decide nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from handler.core.expressions.syntax_tree import unparse

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# They give a number of whatever they take: a missing value is an error in them.
_ALWAYS: Final = frozenset({"length", "sum", "abs", "ceil", "floor"})
# They give null as well, and may be asked whether there is a number.
_OR_NULL: Final = frozenset({"to_number", "add", "multiply", "divide", "round", "avg"})
_PASSING: Final = ("pipe", "subexpression")


def always_true(tree: "Node", *, is_condition: bool = False) -> Iterator[str]:
    """Yield the numbers that stand for a condition and are never null: each is always true.

    `is_condition` says that the whole expression is a condition, as `when` is.
    """
    for node, is_negated in _deciding(tree, is_condition=is_condition):
        call = unparse(node)
        if node.get("value") in _ALWAYS and is_negated:
            yield f"!{call} is always false, for 0 is true too; write {call} == `0`"
        elif node.get("value") in _ALWAYS:
            yield f"{call} is always true, for 0 is true too; write {call} > `0`"


def true_of_zero(tree: "Node", *, is_condition: bool = False) -> Iterator[str]:
    """Yield the numbers that stand for a condition and may be null: whether they are there."""
    for node, _ in _deciding(tree, is_condition=is_condition):
        if node.get("value") in _OR_NULL:
            call = unparse(node)
            yield (
                f"{call} is true of 0 as well; write {call} > `0`, or {call} != `null` for"
                " whether there is a number"
            )


def _deciding(node: "Node", *, is_condition: bool) -> "Iterator[tuple[Node, bool]]":
    """Yield the calls whose truth decides something, each with whether it is negated."""
    if node["type"] == "slice":
        return
    if node["type"] == "function_expression" and node["value"] != "if" and is_condition:
        yield node, False
    if node["type"] == "not_expression" and node["children"][0]["type"] == "function_expression":
        found = list(_deciding(node["children"][0], is_condition=True))
        yield from ((one, one is node["children"][0] or negated) for one, negated in found)
        return
    for child, decides in zip(node["children"], _decides(node, is_condition), strict=True):
        yield from _deciding(child, is_condition=decides)


def _decides(node: "Node", is_condition: bool) -> list[bool]:  # noqa: FBT001 - of a pair
    """Return for each child of a node whether its truth decides something."""
    kind, count = node["type"], len(node["children"])
    if kind == "and_expression":
        return [True, is_condition]
    if kind == "or_expression":
        return [is_condition] * count
    if kind == "not_expression":
        return [True]
    if kind == "filter_projection":
        return [False, False, True]
    if kind == "function_expression" and node["value"] == "if":
        return [True, *[is_condition] * (count - 1)]
    return [False] * (count - 1) + [is_condition and kind in _PASSING] * min(count, 1)
