"""Money of two currencies in one text: the amount of one, and the name of the other.

Sources: Shopify, "MoneyBag" (`shop_money` and `presentment_money`); Stripe, "Adaptive Pricing"
(`presentment_details`).
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import all_nodes, paths_of, unparse
from handler.core.expressions.template import Problem, Text, Whole, expressions
from handler.core.rules.source import Rule
from relay.rules.check.paths import templates

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_WORD: Final = re.compile(r"\w+")
_CURRENCIES: Final = frozenset({"currency", "currency_code", "presentment_currency"})
# Steps of a path that say whose money it is; in all others of these it is the shop's.
_PAID: Final = {
    "shopify": frozenset({"presentment_money", "presentment_currency"}),
    "stripe": frozenset({"presentment_details"}),
}
# Shopify's order has each amount as it was ordered, and most as they are after refunds and edits.
_OF_AN_ORDER: Final = frozenset(
    {
        *("total_price", "subtotal_price", "total_tax", "total_discounts"),
        *("total_line_items_price", "total_outstanding"),
    }
)
_NOW: Final = frozenset(
    f"current_{one}" for one in ("total_price", "subtotal_price", "total_tax", "total_discounts")
)
_AMOUNTS: Final = {
    "shopify": frozenset({"amount", "price", "total_discount", *_OF_AN_ORDER, *_NOW}),
    "stripe": frozenset({"amount", "amount_total", "amount_subtotal", "presentment_amount"}),
}
_MENDS: Final = {
    "shopify": "take both from presentment_money, which is what the customer paid, or both from"
    " shop_money",
    "stripe": "take both from presentment_details, which is what the buyer paid, or neither",
}
_JOINING: Final = frozenset({"concat", "money"})
_Part = tuple[Literal["amount", "currency"], Literal["paid", "shop"], str]


def mixed_money(rule: Rule, preset: str) -> Iterator[Problem]:
    """Yield the texts and calls of a rule that name an amount by another money's currency."""
    if preset not in _PAID:
        return
    for path, template in templates(rule):
        if isinstance(template, Text):
            yield from _mixed(path, [one.tree for one in expressions(template)], preset)
        elif isinstance(template, Whole):
            for call in _calls(template.expression):
                yield from _mixed(path, [call], preset)


def _calls(expression: Expression) -> "Iterator[Node]":
    nodes = all_nodes(expression.tree)
    yield from (
        one for one in nodes if one["type"] == "function_expression" and one["value"] in _JOINING
    )


def _mixed(path: tuple[str | int, ...], trees: "list[Node]", preset: str) -> Iterator[Problem]:
    found = [part for tree in trees for one in paths_of(tree) for part in _part(one, preset)]
    amounts, currencies = (
        {whose: text for kind, whose, text in found if kind == wanted}
        for wanted in ("amount", "currency")
    )
    if len(amounts) == len(currencies) == 1 and amounts.keys() != currencies.keys():
        amount, currency = *amounts.values(), *currencies.values()
        yield path, f"{amount} is no amount in {currency}: {_MENDS[preset]}"


def _part(node: "Node", preset: str) -> Iterator[_Part]:
    """Yield what a path is of money, if it is."""
    text = unparse(node)
    steps = _WORD.findall(text)
    kind: Literal["amount", "currency"] = "currency" if steps[-1] in _CURRENCIES else "amount"
    if kind == "currency" or steps[-1] in _AMOUNTS[preset]:
        yield kind, "shop" if _PAID[preset].isdisjoint(steps) else "paid", text
