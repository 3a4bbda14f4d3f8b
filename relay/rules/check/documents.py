"""Documents: the samples' events as expressions see them, and what expressions give of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import unparse
from handler.core.rules.source import ITEM, Rule

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


def items(rule: Rule, documents: Iterable[JsonValue]) -> list[JsonValue]:
    """Return what recipients see: the documents, of `for_each` one with each element as `item`."""
    if rule.for_each is None:
        return list(documents)
    return [
        {**document, ITEM: item}
        for document in documents
        for found in values(rule.for_each, [document])
        for item in (found if isinstance(found, list) else ())
        if isinstance(document, dict)
    ]


def part(expression: Expression, node: "Node") -> Expression:
    """Return a part of an expression as an expression of its own."""
    return replace(expression, text=unparse(node), tree=node, written="")
