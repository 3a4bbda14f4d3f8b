"""Coverage of the rules' branches by the cases.

A branch: a `when` that is true, and one that is false; an optional value that is sent, and one that
is left out; each alternative of a `||`, of coalesce(), not_null() or if(). Parts inside a filter or
projection are not told apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.expression import Expression
from handler.core.expressions.interpreter import Step, is_true
from handler.core.expressions.template import MISSING, Evaluation, Text, Whole, expressions
from handler.core.models import Event
from handler.core.rules.source import Rule, Source
from relay.rules.explain.fields import Field, documents, fields, filled
from relay.rules.explain.trace import all_choices, choices, may_be_missing


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a rule."""

    source: str
    rule: str
    what: str


def branches(source: Source) -> list[Branch]:
    """Return all branches of a source's rules that are enabled."""
    return [
        Branch(source.name, rule.name, what)
        for rule in source.rules
        if rule.enabled
        for what in dict.fromkeys(_branches(rule))
    ]


def reached(event: Event, source: Source) -> set[Branch]:
    """Return the branches that an event takes."""
    found = set()
    for rule in source.rules:
        if rule.enabled and rule.takes(event.type):
            found |= {Branch(source.name, rule.name, one) for one in _reached(rule, event, source)}
    return found


def _branches(rule: Rule) -> Iterator[str]:
    if rule.when is None:
        yield "it is wanted"
    else:
        yield "when is true"
        yield "when is false"
        yield from _options("when", rule.when)
    for field in fields(rule):
        if isinstance(field.template, Whole | Text):
            yield from _field_branches(field, rule)


def _field_branches(field: Field, rule: Rule) -> Iterator[str]:
    found = list(expressions(field.template))
    if field.is_optional(rule) and any(may_be_missing(one.tree) for one in found):
        yield f"{field.path} is sent"
        yield f"{field.path} is left out"
    for expression in found:
        yield from _options(field.path, expression)


def _options(path: str, expression: Expression) -> Iterator[str]:
    for options in all_choices(expression):
        yield from (_taken(path, options, at) for at in range(len(options)))


def _taken(path: str, options: Sequence[str], at: int) -> str:
    return f"{path} takes {options[at]} ({at + 1} of {len(options)})"


def _reached(rule: Rule, event: Event, source: Source) -> Iterator[str]:
    document = source.document(event)
    try:
        if rule.when is None:
            yield "it is wanted"
        else:
            step = rule.when.record(document)
            yield from _chosen("when", step)
            yield f"when is {'true' if is_true(step.value) else 'false'}"
            if not is_true(step.value):
                return
        for inner in documents(rule, document):
            yield from _filled(rule, inner)
    except (ExpressionError, Unrenderable):
        return  # the case's outcome shows it


def _filled(rule: Rule, document: JsonValue) -> Iterator[str]:
    for field in fields(rule):
        seen: list[Evaluation] = []
        sent = filled(field, rule, document, seen)[0] is not MISSING
        for _, outcome in seen:
            yield from _chosen(field.path, outcome)
        yield f"{field.path} is {'sent' if sent else 'left out'}"


def _chosen(path: str, outcome: Step | ExpressionError) -> Iterator[str]:
    if isinstance(outcome, ExpressionError):
        return  # the field is left out, or the case's outcome shows it
    for choice in choices(outcome):
        if choice.taken is not None:
            yield _taken(path, choice.options, choice.taken)
