"""Values of the samples that a rule takes for something else: numbers as text, and 0 as an id.

Such a rule works as written. What a sample shows may be true of every event, or of one sender.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.braze.contract.attributes import FIELDS
from handler.core.braze.identifiers import IDENTIFIERS
from handler.core.errors import ExpressionError
from handler.core.expressions.blanks import names_nothing
from handler.core.expressions.expression import Expression
from handler.core.expressions.scalars import written
from handler.core.expressions.syntax_tree import event_nodes, paths_of, unparse
from handler.core.expressions.template import Problem, Template, Whole, expressions
from handler.core.json_types import kind
from handler.core.rules.compiler import leaves
from handler.core.rules.source import Rule, Source

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

Documents = Sequence[JsonValue]
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_AMOUNT: Final = re.compile(
    r"(?:total|amount|price|spen[dt]|revenue|value|balance|sum|count|quantity|points|score)",
    re.IGNORECASE,
)


def number_notes(source: Source, documents: Mapping[str, Documents]) -> Iterator[Problem]:
    """Yield notes on attributes and identifiers that Braze could not use as meant."""
    yield from _of_rules(source, documents, _notes)


def number_warnings(source: Source, documents: Mapping[str, Documents]) -> Iterator[Problem]:
    """Yield warnings on comparisons of a number with text, which are never true."""
    yield from _of_rules(source, documents, _comparisons)


def _of_rules(
    source: Source,
    documents: Mapping[str, Documents],
    of_rule: Callable[[Rule, Documents], Iterator[Problem]],
) -> Iterator[Problem]:
    for at, rule in enumerate(source.rules):
        fitting = [
            one for type_, all_of in documents.items() if rule.takes(type_) for one in all_of
        ]
        if fitting and rule.for_each is None:  # without the items nothing is known of `item`
            yield from ((("rules", at, *path), text) for path, text in of_rule(rule, fitting))


def _notes(rule: Rule, documents: Documents) -> Iterator[Problem]:
    for at, recipient in enumerate(rule.recipients):
        place = ("send", "recipients", at)
        attributes = recipient.get("attributes")
        for name, template in attributes.items() if isinstance(attributes, dict) else ():
            for text in _number_as_text(name, template, documents):
                yield (*place, "attributes", name), text
        for name in IDENTIFIERS:
            for text in _nobody(recipient.get(name), documents):
                yield (*place, name), text


def _number_as_text(name: str, template: Template, documents: Documents) -> Iterator[str]:
    if name in FIELDS or not isinstance(template, Whole):
        return
    found = [one for one in _values(template.expression, documents) if one is not None]
    texts = [one for one in found if isinstance(one, str) and _NUMBER.fullmatch(one)]
    is_amount = any("." in one for one in texts) or _AMOUNT.search(name)
    if texts and len(texts) == len(found) and is_amount:
        text = template.expression.text
        yield (
            f"{text} is a number written as text in every sample, and Braze compares no text by"
            f" size; write to_number({text})"
        )


def _nobody(template: Template, documents: Documents) -> Iterator[str]:
    for expression in expressions(template):
        found = _values(expression, documents)
        if any(_is_zero(one) for one in found):
            path = next(map(unparse, paths_of(expression.tree)), expression.text)
            yield (
                f"{expression.text} is 0 in a sample event, which is nobody's id (a guest?): that"
                f" event becomes a dead letter; write if({path} == `0`, concat('guest-', ...), ...)"
            )


def _is_zero(value: JsonValue) -> bool:
    """Return whether a value is there, and is nobody's id; a boolean is a mistake of its own."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    return value != "" and names_nothing(written(value))


def _comparisons(rule: Rule, documents: Documents) -> Iterator[Problem]:
    if rule.when is not None:
        yield from ((("when",), text) for text in _compared(rule.when, documents))
    sent = [(("send", *path), leaf) for path, leaf in leaves(dict(rule.varying))]
    for at, recipient in enumerate(rule.recipients):
        sent += [(("send", "recipients", at, *path), one) for path, one in leaves(dict(recipient))]
    for path, leaf in sent:
        for expression in expressions(leaf):
            yield from ((path, text) for text in _compared(expression, documents))


def _compared(expression: Expression, documents: Documents) -> Iterator[str]:
    for node in event_nodes(expression.tree):
        if node["type"] != "comparator" or node["value"] not in ("eq", "ne"):
            continue
        for value, other in (node["children"], node["children"][::-1]):
            if value["type"] == "literal" and other["type"] != "literal":
                yield from _unequal(node, value["value"], other, expression, documents)


def _unequal(
    node: "Node", literal: object, other: "Node", expression: Expression, documents: Documents
) -> Iterator[str]:
    side = replace(expression, text=unparse(other), tree=other)
    kinds = {kind(one) for one in _values(side, documents) if one is not None}
    never = "always" if node["value"] == "ne" else "never"
    if kinds == {"number"} and isinstance(literal, str):
        mend = f"; write `{literal}`" if _NUMBER.fullmatch(literal) else ""
        yield f"{side.text} is a number in every sample: {unparse(node)} is {never} true{mend}"
    elif kinds == {"string"} and kind(literal) in ("number", "boolean"):
        mend = f"'{str(literal).lower()}'"
        yield f"{side.text} is text in every sample: {unparse(node)} is {never} true; write {mend}"
    elif kinds == {"boolean"} and literal in ("true", "false"):
        yield f"{side.text} is true or false: {unparse(node)} is {never} true; write `{literal}`"


def _values(expression: Expression, documents: Documents) -> list[JsonValue]:
    """Return what an expression gives of the samples, without those that it fails on."""
    found: list[JsonValue] = []
    for document in documents:
        try:
            found.append(expression.search(document))
        except ExpressionError:
            continue
    return found
