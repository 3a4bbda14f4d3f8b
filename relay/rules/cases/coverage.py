"""Coverage of the rules' branches by the cases.

A branch: a `when` that is true, and one that is false; an optional value that is sent, and one that
is left out; each alternative of a `||`, of coalesce(), not_null() or if(). Parts inside a filter or
projection are not told apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.defines import DEFINE, label_of
from handler.core.expressions.evaluation import is_true
from handler.core.expressions.expression import Expression
from handler.core.expressions.form import MISSING, Evaluated
from handler.core.expressions.syntax_tree import all_nodes
from handler.core.expressions.template import Text, Whole, expressions
from handler.core.models import Event
from handler.core.rules.source import Rule, Source
from relay.rules.explain.fields import Field, documents, fields, filled
from relay.rules.explain.trace import all_choices, choices, may_be_missing


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a rule; of a name of `define`, `rule` is `define.NAME`."""

    source: str
    rule: str
    what: str


def branches(source: Source) -> list[Branch]:
    """Return all branches of a source's rules that are enabled.

    Those within a name of `define` are the name's: they count once, whatever uses it.
    """
    found = [
        branch
        for rule in source.rules
        if rule.enabled
        for branch in _branches(_Counted(source.name, rule))
    ]
    return list(dict.fromkeys(found))


def reached(event: Event, source: Source) -> set[Branch]:
    """Return the branches that an event takes."""
    found = set()
    for rule in source.rules:
        if rule.enabled and rule.takes(event.type):
            found |= set(_reached(_Counted(source.name, rule), event, source))
    return found


@dataclass(frozen=True, slots=True)
class _Counted:
    """A rule whose branches are counted."""

    source: str
    rule: Rule

    def branch(self, what: str) -> Branch:
        return Branch(self.source, self.rule.name, what)

    def taken(self, path: str, options: Sequence[str], at: int, expression: Expression) -> Branch:
        what = f"takes {options[at]} ({at + 1} of {len(options)})"
        name = _names(expression).get(tuple(options))
        if name is not None:
            return Branch(self.source, f"{DEFINE}.{name}", what)
        return self.branch(f"{path} {what}")


def _names(expression: Expression) -> dict[tuple[str, ...], str]:
    """Return the choices within the names of an expression, each with the innermost name."""
    return {
        options: list(label.names())[-1].name
        for node in all_nodes(expression.tree)
        if (label := label_of(node))
        for options in all_choices(Expression("", node))
    }


def _branches(counted: _Counted) -> Iterator[Branch]:
    rule = counted.rule
    if rule.when is None:
        yield counted.branch("it is wanted")
    else:
        yield counted.branch("when is true")
        yield counted.branch("when is false")
        yield from _options("when", rule.when, counted)
    for field in fields(rule):
        if isinstance(field.template, Whole | Text):
            yield from _field_branches(field, counted)


def _field_branches(field: Field, counted: _Counted) -> Iterator[Branch]:
    found = list(expressions(field.template))
    if field.is_optional(counted.rule) and any(may_be_missing(one.tree) for one in found):
        yield counted.branch(f"{field.path} is sent")
        yield counted.branch(f"{field.path} is left out")
    for expression in found:
        yield from _options(field.path, expression, counted)


def _options(path: str, expression: Expression, counted: _Counted) -> Iterator[Branch]:
    for options in all_choices(expression):
        yield from (counted.taken(path, options, at, expression) for at in range(len(options)))


def _reached(counted: _Counted, event: Event, source: Source) -> Iterator[Branch]:
    rule, document = counted.rule, source.document(event)
    try:
        if rule.when is None:
            yield counted.branch("it is wanted")
        else:
            step = rule.when.record(document)
            yield from _chosen("when", (rule.when, step), counted)
            yield counted.branch(f"when is {'true' if is_true(step.value) else 'false'}")
            if not is_true(step.value):
                return
        for inner in documents(rule, document):
            yield from _filled(counted, inner)
    except (ExpressionError, Unrenderable):
        return  # the case's outcome shows it


def _filled(counted: _Counted, document: JsonValue) -> Iterator[Branch]:
    for field in fields(counted.rule):
        seen: list[Evaluated] = []
        sent = filled(field, counted.rule, document, seen)[0] is not MISSING
        for evaluation in seen:
            yield from _chosen(field.path, evaluation, counted)
        yield counted.branch(f"{field.path} is {'sent' if sent else 'left out'}")


def _chosen(path: str, evaluation: Evaluated, counted: _Counted) -> Iterator[Branch]:
    expression, outcome = evaluation
    if isinstance(outcome, ExpressionError):
        return  # the field is left out, or the case's outcome shows it
    for choice in choices(outcome):
        if choice.taken is not None:
            yield counted.taken(path, choice.options, choice.taken, expression)
