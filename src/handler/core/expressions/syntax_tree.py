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


def of_event(node: "Node", *, here: bool = True) -> "Iterator[Node]":
    """Yield what is evaluated on the event: `here`, and of `root()`, `@` or a pipe of them."""
    children = node["children"] if node["type"] != "slice" else []
    passes = _passes(node, here=here)
    if here or passes or _is_root(node):
        yield node
    if node["type"] in ("subexpression", "pipe"):
        first, *rest = children
        yield from of_event(first, here=here)
        yield from of_event(_joined(node, rest), here=passes)
        return
    inner = here and node["type"] != "expref"
    for at, child in enumerate(children):
        yield from of_event(child, here=inner and (at == 0 or node["type"] not in MOVING))


def uses_whole(tree: "Node") -> bool:
    """Return whether an expression takes the event itself, other than to name a part of it.

    What `values(@)`, `*` or `[root()]` hand on holds all of the event, under any name.
    """
    nodes = list(of_event(tree))
    taken = sum(_is_root(it) or it["type"] in ("current", "identity") for it in nodes)
    return taken > sum(_passes(it, here=True) for it in nodes)


def _passes(node: "Node", *, here: bool) -> bool:
    """Return whether what stands second in a node is evaluated on the event."""
    if node["type"] not in ("subexpression", "pipe"):
        return False
    base = node["children"][0]
    return _is_root(base) or (here and base["type"] == "current")


def _is_root(node: "Node") -> bool:
    return node["type"] == "function_expression" and node["value"] == "root"


def _joined(node: "Node", rest: "list[Node]") -> "Node":
    return {**node, "children": rest} if len(rest) > 1 else rest[0]


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
