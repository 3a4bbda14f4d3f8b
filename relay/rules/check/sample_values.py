"""Values of the samples that a rule takes for something else: numbers as text, and 0 as an id.

Such a rule works as written. What a sample shows may be true of every event, or of one sender.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.braze.contract.attributes import FIELDS
from handler.core.braze.identifiers import IDENTIFIERS
from handler.core.expressions.blanks import names_nothing
from handler.core.expressions.expression import Expression
from handler.core.expressions.scalars import written
from handler.core.expressions.syntax_tree import event_nodes, paths_of, unparse
from handler.core.expressions.template import Problem, Template, Whole, expressions
from handler.core.json_types import kind
from handler.core.rules.compiler import leaves
from handler.core.rules.source import Rule, Source
from relay.rules.check.amounts import amount_warnings
from relay.rules.check.documents import Documents, part, values

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_PERSON: Final = re.compile(r"customer|user|contact|profile|member|subscriber")
_AMOUNT: Final = re.compile(
    r"(?:total|amount|price|spen[dt]|revenue|value|balance|sum|count|quantity|points|score)",
    re.IGNORECASE,
)


def number_notes(source: Source, documents: Mapping[str, Documents]) -> Iterator[Problem]:
    """Yield notes on attributes and identifiers that Braze could not use as meant."""
    yield from _of_rules(source, documents, _notes)


def number_warnings(source: Source, documents: Mapping[str, Documents]) -> Iterator[Problem]:
    """Yield warnings on comparisons of a number with text, amounts and ids that are none."""
    yield from _of_rules(source, documents, _comparisons)
    yield from _of_rules(source, documents, _events_for_persons)


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
            for text in (
                *_number_as_text(name, template, documents),
                *_list_of_one(template, documents),
            ):
                yield (*place, "attributes", name), text
        for name in IDENTIFIERS:
            for text in _nobody(recipient.get(name), documents):
                yield (*place, name), text


def _number_as_text(name: str, template: Template, documents: Documents) -> Iterator[str]:
    if name in FIELDS or not isinstance(template, Whole):
        return
    found = [one for one in values(template.expression, documents) if one is not None]
    texts = [one for one in found if isinstance(one, str) and _NUMBER.fullmatch(one)]
    is_amount = any("." in one for one in texts) or _AMOUNT.search(name)
    if texts and len(texts) == len(found) and is_amount:
        text = template.expression.text
        yield (
            f"{text} is a number written as text in every sample, and Braze compares no text by"
            f" size; write to_number({text})"
        )


def _list_of_one(template: Template, documents: Documents) -> Iterator[str]:
    """Yield a filter that finds one element in every sample, where its value may be meant."""
    if not isinstance(template, Whole) or not _filters(template.expression.tree):
        return
    found = [one for one in values(template.expression, documents) if one is not None]
    sizes = [len(one) for one in found if isinstance(one, list) and not any(map(_is_many, one))]
    if found and len(sizes) == len(found) and max(sizes) == 1:
        text = template.expression.in_file
        yield f"{text} is a list; for the first of it write {text} | [0]"


def _filters(tree: "Node") -> bool:
    """Return whether an expression gives what is left of a list by a filter."""
    while tree["type"] in ("subexpression", "index_expression", "pipe"):
        tree = tree["children"][-1]
    return tree["type"] == "filter_projection"


def _is_many(value: JsonValue) -> bool:
    return isinstance(value, list | dict)


def _nobody(template: Template, documents: Documents) -> Iterator[str]:
    for expression in expressions(template):
        found = values(expression, documents)
        if any(_is_zero(one) for one in found):
            path = next(map(unparse, paths_of(expression.tree)), expression.text)
            yield (
                f"{expression.text} is 0 in a sample event, which is nobody's id (a guest?): that"
                f" event becomes a dead letter; write if({path} == `0`, concat('guest-', ...), ...)"
            )


def _events_for_persons(rule: Rule, documents: Documents) -> Iterator[Problem]:
    """Yield an identifier that is the very id of `once`, beside a person that samples have."""
    person = next(filter(None, map(_person, documents)), None)
    once = rule.once.expression.text if isinstance(rule.once, Whole) else None
    for at, recipient in enumerate(rule.recipients):
        for name in IDENTIFIERS:
            given = recipient.get(name)
            is_same = isinstance(given, Whole) and given.expression.text == once
            if is_same and person and not _PERSON.search(once or ""):
                text = (
                    f"{once} is what happens once, and most likely no person; write ${{{person}}}"
                )
                yield ("send", "recipients", at, name), text


def _person(document: JsonValue) -> str | None:
    """Return the path of a person's id in the body of an event, or None."""
    body = document.get("body") if isinstance(document, dict) else None
    for key, value in body.items() if isinstance(body, dict) else ():
        if _PERSON.fullmatch(key) and isinstance(value, dict) and value.get("id") is not None:
            return f"body.{key}.id"
    return None


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
    yield from amount_warnings(expression, documents)
    for node in event_nodes(expression.tree):
        if node["type"] != "comparator" or node["value"] not in ("eq", "ne"):
            continue
        for value, other in (node["children"], node["children"][::-1]):
            if value["type"] == "literal" and other["type"] != "literal":
                yield from _unequal(node, value["value"], other, expression, documents)


def _unequal(
    node: "Node", literal: object, other: "Node", expression: Expression, documents: Documents
) -> Iterator[str]:
    side = part(expression, other)
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
