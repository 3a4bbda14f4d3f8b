"""Amounts in the samples: prices that are compared as text, and cents that are sent as units."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.expressions.expression import Expression, compile_expression
from handler.core.expressions.syntax_tree import event_nodes, unparse
from relay.rules.check.documents import Documents, part, values

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_SORTING: Final = ("max", "min", "sort")
_SORTING_BY: Final = ("max_by", "min_by", "sort_by")
_DECIMALS: Final = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
# One unit of a currency with two decimals: below it an amount is hardly one of cents.
_CENTS: Final = 100


def amount_warnings(expression: Expression, documents: Documents) -> Iterator[str]:
    """Yield the calls of an expression that take the samples' amounts for something else."""
    for node in event_nodes(expression.tree):
        if node["type"] != "function_expression":
            continue
        if node["value"] in (*_SORTING, *_SORTING_BY):
            yield from _ordered_texts(node, expression, documents)
        elif node["value"] == "money":
            yield from _cents(node, expression, documents)
            yield from _null(node, expression, documents)
        elif node["value"] == "minor_units":
            yield from _units(node, expression, documents)
            yield from _null(node, expression, documents)


def _ordered_texts(node: "Node", expression: Expression, documents: Documents) -> Iterator[str]:
    lists = [one for one in values(part(expression, node["children"][0]), documents) if one]
    elements = [each for one in lists if isinstance(one, list) for each in one]
    by = node["children"][1]["children"][0] if node["value"] in _SORTING_BY else None
    if by is not None:
        elements = values(part(expression, by), elements)
    texts = [one for one in elements if isinstance(one, str) and _NUMBER.fullmatch(one)]
    if not texts or len(texts) < len(elements):
        return
    listed = unparse(node["children"][0])
    call = f"{node['value']}(map(&to_number(@), {listed}))"
    if by is not None:
        call = f"{node['value']}({listed}, &to_number({unparse(by)}))"
    yield (
        f"{unparse(node)} compares text in every sample, and '9.00' comes behind '36.30'; write"
        f" {call}"
    )


def _cents(node: "Node", expression: Expression, documents: Documents) -> Iterator[str]:
    amount, currency = node["children"]
    found = [one for one in values(part(expression, amount), documents) if one is not None]
    if not found or not all(type(one) is int and abs(one) >= _CENTS for one in found):
        return
    currencies = values(part(expression, currency), documents)
    if any(map(_has_decimals, currencies)):
        meant = f"minor_units({unparse(amount)}, {unparse(currency)})"
        yield (
            f"{unparse(amount)} is a whole number in every sample; write {meant}, if these are"
            " cents, or money(text(...), ...) if they are not"
        )


def _units(node: "Node", expression: Expression, documents: Documents) -> Iterator[str]:
    """Yield an amount of minor units that is written with decimals: 10.00 is no number of cents."""
    amount, currency = node["children"][:2]
    found = [one for one in values(part(expression, amount), documents) if one is not None]
    if found and all(map(_is_fraction, found)):
        yield (
            f"{unparse(amount)} has decimals in every sample, and minor_units() takes cents; write"
            f" money({unparse(amount)}, {unparse(currency)})"
        )


def _is_fraction(amount: JsonValue) -> bool:
    """Return whether an amount is written with decimals, as no amount of minor units is."""
    if isinstance(amount, str):
        return _DECIMALS.fullmatch(amount) is not None
    return isinstance(amount, float) and not amount.is_integer()


def _null(node: "Node", expression: Expression, documents: Documents) -> Iterator[str]:
    """Yield an amount and a currency that stand in each other's place in every sample."""
    amount, currency, *rest = node["children"]
    turned: Node = {**node, "children": [currency, amount, *rest]}
    as_written, as_meant = (
        any(one is not None for one in values(part(expression, call), documents))
        for call in (node, turned)
    )
    if as_meant and not as_written:
        yield f"{unparse(node)} is null in every sample; write {unparse(turned)}"


def _has_decimals(currency: JsonValue) -> bool:
    """Return whether a currency has decimals: 1 of it is written 1.00."""
    return "." in str(values(_WRITTEN, [currency]))


_WRITTEN: Final = compile_expression("money(`1`, @)")
