"""What is wrong with a parsed expression whatever the event: its calls, and where `&` stands."""

import json
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from handler.core.errors import ExpressionError
from handler.core.expressions.arguments import arity_problem, kind_problem, literal_problem
from handler.core.expressions.functions import Functions, signature_of
from handler.core.expressions.json_values import Budget

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DEPTH: Final = 100  # far above what people write, far below what Python's stack takes


def check(node: "Node", *, strict: bool, argument: bool = False, depth: int = 0) -> None:
    """Raise ExpressionError for what would else fail on an event only, or silently give null.

    `argument` says that the node is one of a call; `strict`, that values written down are checked.
    """
    if depth > _DEPTH:
        raise ExpressionError("it is nested too deeply")
    called = node["value"] if node["type"] == "function_expression" else None
    if called is not None:
        _check_call(called, node["children"], strict=strict)
    if node["type"] == "expref" and not argument:
        raise ExpressionError("`&` stands only before an argument, as in sort_by(items, &price)")
    if node["type"] == "literal":
        Budget().weigh(node["value"])  # NaN is Python's, not JSON's
    if _SURROGATE.search(_written(node)):
        raise ExpressionError("half of a surrogate pair is no character: write both, or none")
    for child in _children(node):
        is_argument = called not in (None, "if")
        check(child, strict=strict, argument=is_argument, depth=depth + 1)


def _written(node: "Node") -> str:
    """Return what of a node's own is text of the file: a literal, or the name of a field or key."""
    value = node.get("value")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _check_call(name: str, children: "list[Node]", *, strict: bool) -> None:
    known = Functions.FUNCTION_TABLE
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}()?" if near else ""
        raise ExpressionError(f"there is no function {name}(){hint}")
    arguments = signature_of(name)
    problem = arity_problem(name, arguments, len(children))
    written = [(at, it) for at, it in enumerate(children) if strict and it["type"] == "literal"]
    for at, literal in written:
        given = (name, arguments, at, literal["value"])
        problem = problem or kind_problem(*given) or literal_problem(*given)
    if problem:
        raise ExpressionError(problem)


def _children(node: "Node") -> "list[Node]":
    return [] if node["type"] == "slice" else node["children"]  # a slice's are its three numbers
