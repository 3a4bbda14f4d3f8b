"""Parsed expressions as trees: their nodes, what each is evaluated on, and their text."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node


# Of these, only the first child is evaluated on the same value as the node itself.
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
_STEPPING: Final = MOVING | {"flatten"}
_SILENT: Final = frozenset({"literal", "expref", "slice", "current", "identity"})
# Every step after these is taken by each element, unless they stand in brackets.
PROJECTING: Final = frozenset({"projection", "value_projection", "filter_projection"})
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


def all_nodes(node: "Node") -> "Iterator[Node]":
    """Yield a node and all below it."""
    yield node
    if node["type"] != "slice":  # its children are numbers
        for child in node["children"]:
            yield from all_nodes(child)


def is_path(node: "Node") -> bool:
    """Return whether a node is a path into its value, such as `body.customer.id`."""
    if node["type"] == "field":
        return True
    return node["type"] in _STEPPING and is_path(node["children"][0])


def own_parts(node: "Node") -> "list[Node]":
    """Return the parts that are evaluated on the same value as the node; a path has none."""
    if node["type"] in _SILENT or is_path(node):
        return []
    if node["type"] == "multi_select_dict":  # its children are pairs of a key and the part
        return [one["children"][0] for one in node["children"]]
    return node["children"][:1] if node["type"] in _STEPPING else node["children"]


def paths_of(node: "Node") -> "Iterator[Node]":
    """Yield the whole paths into the event, such as `body.customer.id`."""
    if is_path(node):
        yield node
    for child in own_parts(node):
        yield from paths_of(child)


def event_nodes(node: "Node") -> "Iterator[Node]":
    """Yield the nodes that are evaluated where the current node is the event itself."""
    yield node
    if node["type"] in ("expref", "slice"):
        return
    children = node["children"]
    for child in children[:1] if node["type"] in MOVING else children:
        yield from event_nodes(child)


def of_event(node: "Node", *, here: bool = True) -> "Iterator[Node]":
    """Yield the nodes evaluated on the event: `here`, and after `root()`, `@` or a pipe of them."""
    children = node["children"] if node["type"] != "slice" else []
    passes = _passes(node, here=here)
    if here or passes or is_root(node):
        yield node
    if node["type"] in ("subexpression", "pipe"):
        first, *rest = children
        yield from of_event(first, here=here)
        yield from of_event(_joined(node, rest), here=passes)
        return
    inner = here and node["type"] != "expref"
    for at, child in enumerate(children):
        yield from of_event(child, here=inner and (at == 0 or node["type"] not in MOVING))


def leading(node: "Node") -> "Node":
    """Return what a path begins with: `b` of `b[0]`, which is the second step of `a.b[0]`."""
    while node["type"] in MOVING:
        node = node["children"][0]
    return node


def gives_each(node: "Node") -> bool:
    """Return whether the next step would be taken by each element of what a node gives."""
    while node["type"] in ("subexpression", "index_expression"):
        node = node["children"][-1]
    return node["type"] in PROJECTING


def uses_whole(tree: "Node") -> bool:
    """Return whether an expression uses the event itself, other than to name a part of it.

    The results of `values(@)`, `*` and `[root()]` hold all of the event, under any name.
    """
    nodes = list(of_event(tree))
    taken = sum(is_root(one) or one["type"] in ("current", "identity") for one in nodes)
    return taken > sum(_passes(one, here=True) for one in nodes)


def _passes(node: "Node", *, here: bool) -> bool:
    """Return whether the second child of a node is evaluated on the event."""
    if node["type"] not in ("subexpression", "pipe"):
        return False
    base = node["children"][0]
    return is_root(base) or (here and base["type"] == "current")


def is_root(node: "Node") -> bool:
    """Return whether a node is a call of `root()`."""
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


def unparse(node: "Node") -> str:
    """Return the text of a node as it was written, but for blanks and needless brackets.

    What is parsed of the text means the same.
    """
    kind = node["type"]
    if kind in _BETWEEN:
        return _row(node)
    if kind == "comparator":
        left, right = (_inner(child) for child in node["children"])
        return f"{left} {_SIGNS[node['value']]} {right}"
    if kind == "function_expression":
        return f"{node['value']}({', '.join(unparse(child) for child in node['children'])})"
    if kind == "filter_projection":
        base, rest, condition = node["children"]
        return f"{_base(base)}[?{unparse(condition)}]{_rest(rest)}"
    if kind == "not_expression":
        (child,) = node["children"]  # `!a.b` would read as (!a).b
        is_one = child["type"] in ("field", "function_expression")
        return f"!{unparse(child)}" if is_one else f"!({unparse(child)})"
    return _many(node) if kind in _MANY else _leaf(node)


def _row(node: "Node") -> str:
    """Return the text of nodes in a row: in brackets, where else each element takes the next."""
    first, *others = node["children"]
    text, before = _inner(first), first
    for step in others:
        is_list = node["type"] != "pipe" and gives_each(before)
        text = f"{f'({text})' if is_list else text}{_BETWEEN[node['type']]}{_inner(step)}"
        before = step
    return text


def _many(node: "Node") -> str:
    """Return the text of a node that gives a list or an object."""
    kind, children = node["type"], node["children"]
    if kind == "slice":
        numbers: list[int | None] = list(children)  # type: ignore[arg-type] # of a slice they are
        begin, end, step = ("" if one is None else str(one) for one in numbers)
        return f"[{begin}:{end}{step and f':{step}'}]"
    if kind == "multi_select_list":
        return f"[{', '.join(map(unparse, children))}]"
    if kind == "multi_select_dict":
        pairs = (f"{_name(one['value'])}: {unparse(one['children'][0])}" for one in children)
        return f"{{{', '.join(pairs)}}}"
    if kind == "flatten":
        return f"{_inner(children[0])}[]"
    base = _base(children[0])
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
        return _literal(value)
    if kind == "expref":
        return f"&{unparse(node['children'][0])}"
    return {"current": "@", "identity": "", "index": f"[{value}]"}.get(kind, "...")


def _name(text: str) -> str:
    plain = text.isascii() and text.replace("_", "a").isalnum() and not text[:1].isdigit()
    return text if plain else json.dumps(text)


def _literal(value: object) -> str:
    """Return a literal's text; only JSON has a spelling for every backslash."""
    if isinstance(value, str) and "\\" not in value:
        return "'" + value.replace("'", "\\'") + "'"
    return "`" + json.dumps(value).replace("`", "\\`") + "`"


def _inner(node: "Node") -> str:
    text = unparse(node)
    return f"({text})" if node["type"] in _BRACKETED else text


def _base(node: "Node") -> str:
    """Return the text of what a step follows: in brackets, where else each element would take it.

    A list that is flattened or sliced is no such value: its marks follow the list itself.
    """
    return f"({unparse(node)})" if gives_each(node) else _inner(node)


def _rest(node: "Node") -> str:
    text = unparse(node)
    is_list = leading(node)["type"] == "multi_select_list"
    is_step = text and (not text.startswith("[") or is_list)
    return f".{text}" if is_step else text
