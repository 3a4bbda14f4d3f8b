"""Documents: the samples' events as expressions see them, and what expressions give of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import unparse

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

Documents = Sequence[JsonValue]


def values(expression: Expression, documents: Documents) -> list[JsonValue]:
    """Return what an expression gives of the samples, without those that it fails on."""
    found: list[JsonValue] = []
    for document in documents:
        try:
            found.append(expression.search(document))
        except ExpressionError:
            continue
    return found


def part(expression: Expression, node: "Node") -> Expression:
    """Return a part of an expression as an expression of its own."""
    return replace(expression, text=unparse(node), tree=node, written="")
