"""Values of the samples that a rule takes for something else: numbers as text, and 0 as an id.

Such a rule works as written. What a sample shows may be true of every event, or of one sender.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.braze.contract.attributes import FIELDS
from handler.core.expressions.blanks import names_nothing
from handler.core.expressions.expression import Expression
from handler.core.expressions.scalars import written
from handler.core.expressions.syntax_tree import paths_of, unparse
from handler.core.expressions.template import Problem, Template, Whole, expressions
from handler.core.rules.source import Rule, Source
from handler.core.rules.users import profiles, properties
from relay.rules.check.amounts import amount_warnings
from relay.rules.check.comparisons import comparison_warnings
from relay.rules.check.documents import Documents, items, values
from relay.rules.check.paths import templates

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_PERSON: Final = re.compile(r"customer|user|contact|profile|member|subscriber")
_AMOUNT: Final = re.compile(
    r"(?:total|amount|price|spen[dt]|revenue|value|balance|sum|count|quantity|points|score)",
    re.IGNORECASE,
)


def number_notes(source: Source, documents: Mapping[str, Documents]) -> Iterator[Problem]:
    """Yield notes on attributes, properties and identifiers that Braze could not use as meant."""
    yield from _of_rules(source, documents, _notes)


def number_warnings(source: Source, documents: Mapping[str, Documents]) -> Iterator[Problem]:
    """Yield warnings on comparisons that no sample makes true, amounts, and ids that are none."""
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
        if fitting:
            yield from ((("rules", at, *path), text) for path, text in of_rule(rule, fitting))


def _notes(rule: Rule, of_events: Documents) -> Iterator[Problem]:
    documents = items(rule, of_events)
    for body, template in rule.bodies:
        for place, values_of in (*profiles(template, rule.kind), *properties(template, rule.kind)):
            for name, one in values_of.items():
                for text in (
                    *_number_as_text(name, one, documents),
                    *_list_of_one(one, documents),
                ):
                    yield (*body, *place, name), text
    for place, identifier in rule.identifiers:
        for text in _nobody(identifier, documents):
            yield place, text


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
    """Yield an identifier that is the very id of `once`, beside a person that samples have.

    Not of a rule with `for_each`, whose elements may be the persons.
    """
    if rule.for_each is not None:
        return
    person = next(filter(None, map(_person, documents)), None)
    once = rule.once.expression.text if isinstance(rule.once, Whole) else None
    for place, given in rule.identifiers:
        is_same = isinstance(given, Whole) and given.expression.text == once
        if is_same and person and not _PERSON.search(once or ""):
            text = f"{once} is what happens once, and most likely no person; write ${{{person}}}"
            yield place, text


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
    for key, expression in (("for_each", rule.for_each), ("when", rule.when)):
        if expression is not None:
            yield from (((key,), text) for text in _compared(expression, documents))
    seen = items(rule, documents)
    for path, template in templates(rule):
        for expression in expressions(template):
            yield from ((path, text) for text in _compared(expression, seen))


def _compared(expression: Expression, documents: Documents) -> Iterator[str]:
    yield from amount_warnings(expression, documents)
    yield from comparison_warnings(expression, documents)
