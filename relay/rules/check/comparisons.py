"""Comparisons that no sample makes true: with a value of another type, or in other letters."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import event_nodes, unparse
from handler.core.json_types import kind
from relay.rules.check.documents import Documents, part, values

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)


class _Compared(NamedTuple):
    """A value of the event, and what it is compared with: each of a list in `contains`."""

    node: "Node"
    side: "Node"
    literals: tuple[object, ...]


def comparison_warnings(expression: Expression, documents: Documents) -> Iterator[str]:
    """Yield the comparisons of an expression, also in filters, that no sample makes true."""
    yield from _within(expression.tree, expression, documents)


def _within(tree: "Node", expression: Expression, documents: Documents) -> Iterator[str]:
    compared = list(_compared(tree))
    for one in compared:
        side = part(expression, one.side)
        if one.node["type"] == "comparator":
            yield from _of_type(one, side, documents)
        same = [each.literals for each in compared if unparse(each.side) == side.text]
        yield from _of_letters(one, side, documents, {each for those in same for each in those})
    for node in event_nodes(tree):
        if node["type"] == "filter_projection":
            base, _, condition = node["children"]
            lists = values(part(expression, base), documents)
            elements = [each for one in lists if isinstance(one, list) for each in one]
            yield from _within(condition, expression, elements)


def _compared(tree: "Node") -> Iterator[_Compared]:
    for node in event_nodes(tree):
        if node["type"] == "comparator" and node["value"] in ("eq", "ne"):
            for value, other in (node["children"], node["children"][::-1]):
                if value["type"] == "literal" and other["type"] != "literal":
                    yield _Compared(node, other, (value["value"],))
        elif node["type"] == "function_expression" and node["value"] == "contains":
            where, what = node["children"]
            if what["type"] != "literal" and (listed := _listed(where)):
                yield _Compared(node, what, listed)


def _listed(node: "Node") -> tuple[object, ...]:
    """Return the elements of a list that is written down; none of any other value."""
    value = node.get("value") if node["type"] == "literal" else None
    if node["type"] == "multi_select_list":
        value = [one["value"] for one in node["children"] if one["type"] == "literal"]
    return tuple(value) if isinstance(value, list) else ()


def _of_type(compared: _Compared, side: Expression, documents: Documents) -> Iterator[str]:
    node, (literal,) = compared.node, compared.literals
    kinds = {kind(one) for one in values(side, documents) if one is not None}
    never = "always" if node["value"] == "ne" else "never"
    if kinds == {"number"} and isinstance(literal, str):
        mend = f"; write `{literal}`" if _NUMBER.fullmatch(literal) else ""
        yield f"{side.text} is a number in every sample: {unparse(node)} is {never} true{mend}"
    elif kinds == {"string"} and kind(literal) in ("number", "boolean"):
        mend = f"'{str(literal).lower()}'"
        yield f"{side.text} is text in every sample: {unparse(node)} is {never} true; write {mend}"
    elif kinds == {"boolean"} and literal in ("true", "false"):
        yield f"{side.text} is true or false: {unparse(node)} is {never} true; write `{literal}`"


def _of_letters(
    compared: _Compared, side: Expression, documents: Documents, known: set[object]
) -> Iterator[str]:
    """Yield the texts that samples have in capitals or small letters alone; `known` are told."""
    found = dict.fromkeys(one for one in values(side, documents) if isinstance(one, str))
    for literal in compared.literals:
        if not isinstance(literal, str) or literal in found:
            continue
        alike = (one for one in found if one.casefold() == literal.casefold())
        if (near := next(alike, None)) is not None and near not in known:
            has, none = (unparse(_literal(one)) for one in (near, literal))
            yield f"{side.text} is {has} in a sample event, and none has {none}; write {has}"


def _literal(text: str) -> "Node":
    return {"type": "literal", "value": text, "children": []}
