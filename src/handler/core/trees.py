"""Parsed expressions as trees: which nodes there are, and what each is evaluated on."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# In these only the first child is evaluated where the node itself is.
MOVING: Final = frozenset(
    {
        "subexpression",
        "index_expression",
        "pipe",
        "projection",
        "value_projection",
        "filter_projection",
    }
)


def all_nodes(node: "Node") -> "Iterator[Node]":
    """Yield a node and all below it."""
    yield node
    if node["type"] != "slice":  # its children are numbers
        for child in node["children"]:
            yield from all_nodes(child)


def event_nodes(node: "Node") -> "Iterator[Node]":
    """Yield the nodes that are evaluated where the current node is the event itself."""
    yield node
    if node["type"] in ("expref", "slice"):
        return
    children = node["children"]
    for child in children[:1] if node["type"] in MOVING else children:
        yield from event_nodes(child)


def through_root(tree: "Node") -> "Iterator[Node]":
    """Yield what is taken of `root()`, anywhere, and of `@` where it is the event."""
    here = {id(node) for node in event_nodes(tree)}
    for node in all_nodes(tree):
        if node["type"] == "subexpression":
            base, *rest = node["children"]
            is_root = base["type"] == "function_expression" and base["value"] == "root"
            if (is_root or (base["type"] == "current" and id(node) in here)) and rest:
                yield from event_nodes({**node, "children": rest} if len(rest) > 1 else rest[0])


def results(node: "Node") -> "Iterator[Node]":
    """Yield the nodes whose value the whole may have: `a && 'x' || 'y'` gives 'x' or 'y'."""
    if node["type"] == "or_expression":
        for child in node["children"]:
            yield from results(child)
    elif node["type"] == "and_expression":
        yield from results(node["children"][1])
    elif node["type"] == "function_expression" and node["value"] == "if":
        for child in node["children"][1:]:
            yield from results(child)
    elif node["type"] == "function_expression" and node["value"] in ("coalesce", "not_null"):
        for child in node["children"]:
            yield from results(child)
    else:
        yield node
