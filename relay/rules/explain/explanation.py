"""Explanation of a webhook: why each rule matches or not, and where each field comes from.

The outcome is that of `plan`; the rest is traced in the same expressions.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from handler.core.braze.contract.attributes import shown
from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.defines import defined_in
from handler.core.expressions.evaluation import EvaluatedNode
from handler.core.expressions.expression import Expression
from handler.core.expressions.form import MISSING, Evaluated
from handler.core.expressions.json_values import missing
from handler.core.expressions.syntax_tree import unparse
from handler.core.expressions.template import Template, Text, Whole, expressions, is_literal
from handler.core.json_types import kind
from handler.core.models import Delivery, Event, Parked, Plan, Verified
from handler.core.planning.match import unmatched
from handler.core.rules.source import ITEM, Rule, Source
from relay.rules.explain.fields import Field, documents, fields, filled
from relay.rules.explain.trace import Choice, choices, evaluated, operands, reads
from relay.rules.plan_document import delivered, parked
from relay.rules.webhooks import Given, events, planned, verified

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

JsonObject = dict[str, Any]


def condition(when: Expression, document: JsonValue) -> JsonObject:
    """Return a condition with each of its operands: the value, and the fields that it read.

    An operand that the rest of the condition makes needless is not evaluated: it is `skipped`.
    """
    steps: list[EvaluatedNode] = []
    with suppress(ExpressionError):
        steps += evaluated(when.record(document))
    return {
        "expression": when.in_file,
        "operands": [_operand(one, steps, when, document) for one in operands(when)],
    }


def described_field(field: Field, rule: Rule, document: JsonValue) -> JsonObject:
    """Return a field: its value, or why it is left out, and where it came from."""
    described: JsonObject = {"field": field.path, "template": written(field.template)}
    if is_literal(field.template):
        return {**described, "status": "sent", "value": field.template, "literal": True}
    seen: list[Evaluated] = []
    try:
        value, failure = filled(field, rule, document, seen)
    except Unrenderable as error:
        parts = _parts(field.template, seen, document)
        return {**described, "parts": parts, "status": "wrong", "because": str(error)}
    described["parts"] = parts = _parts(field.template, seen, document)
    if value is MISSING:
        because = failure or _because(field.template, parts)
        return {**described, "status": "left out", "because": because}
    left_out = [one for part in parts for one in _gaps(part.get("value"), value)]
    return {
        **described,
        "status": "sent",
        "value": value,
        **({"without": left_out} if left_out else {}),
    }


def written(template: Template) -> JsonValue:
    """Return a template as written in the rules file."""
    if isinstance(template, Whole):
        return f"${{{template.expression.in_file}}}"
    if isinstance(template, Text):
        return "".join(
            one if isinstance(one, str) else f"${{{one.in_file}}}" for one in template.parts
        )
    return template  # type: ignore[return-value]  # what holds no expression is JSON


def part(expression: Expression, document: JsonValue) -> JsonObject:
    """Return an expression's value, the fields that it read, and the alternatives that it took."""
    try:
        return _described(expression, expression.record(document))
    except ExpressionError as error:
        return _described(expression, error)


def _parts(template: Template, seen: Sequence[Evaluated], document: JsonValue) -> list[JsonObject]:
    """Return the evaluations that filled a template, and the expressions that it did without."""
    others = list(expressions(template))[len(seen) :]
    return [
        *(_described(*one) for one in seen),
        *(_needless(one, document) for one in others),
    ]


def _operand(
    node: "Node", steps: Sequence[EvaluatedNode], when: Expression, document: JsonValue
) -> JsonObject:
    """Return an operand of a condition, as its evaluation found it."""
    expression = replace(when, text=unparse(node), tree=node, written="")
    step = next((one for one in steps if one.node is node), None)
    if step is not None:
        return _described(expression, step)
    # Without any step the condition has failed, perhaps here.
    return _needless(expression, document) if steps else part(expression, document)


def _needless(expression: Expression, document: JsonValue) -> JsonObject:
    """Return an expression that sending does not evaluate: if it fails, nothing comes of that."""
    found = part(expression, document)
    found.pop("error", None)
    return {**found, "skipped": True}


def _described(expression: Expression, outcome: EvaluatedNode | ExpressionError) -> JsonObject:
    names = [
        {"name": one.name, "template": one.text} for one in defined_in(expression.tree).values()
    ]
    described: JsonObject = {"expression": expression.text, **({"define": names} if names else {})}
    if isinstance(outcome, ExpressionError):
        return {**described, "error": str(outcome)}
    took = [_took(one) for one in choices(outcome)]
    seen = [{"path": path, "value": value} for path, value in reads(outcome)]
    read = [one for at, one in enumerate(seen) if one not in seen[:at]]
    described |= {"value": outcome.value, "reads": read}
    return {**described, "took": took} if took else described


def _took(choice: Choice) -> JsonObject:
    """Return the alternative that a value was taken from, and why not those before it."""
    return {
        "option": None if choice.taken is None else choice.options[choice.taken],
        "number": None if choice.taken is None else choice.taken + 1,
        "of": len(choice.options),
        "passed": [{"option": one.text, "because": _lack(one.value)} for one in choice.passed],
    }


def _because(template: Template, parts: list[JsonObject]) -> str:
    found = [one for one in parts if "value" in one]
    if isinstance(template, Whole):
        return _lack(found[0]["value"])
    lacking = [one for one in found if missing(one["value"])]
    return ", ".join(f"{one['expression']} is {_lack(one['value'])}" for one in lacking)


def _lack(value: JsonValue) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "false"
    return "blank" if isinstance(value, str) else "empty"


def _gaps(found: JsonValue, sent: JsonValue, path: str = "") -> Iterator[str]:
    """Yield the paths in an object or list that were found, and are not sent: null or blank."""
    if isinstance(found, dict) and isinstance(sent, dict):
        for key, value in found.items():
            inner = f"{path}.{key}" if path else key
            if key not in sent:
                yield inner
            else:
                yield from _gaps(value, sent[key], inner)
    elif isinstance(found, list) and isinstance(sent, list):
        there = [one for one in enumerate(found) if not missing(one[1])]
        yield from (f"{path}[{at}]" for at, one in enumerate(found) if missing(one))
        for (at, value), kept in zip(there, sent, strict=False):
            yield from _gaps(value, kept, f"{path}[{at}]")


@dataclass(frozen=True, slots=True)
class _Asked:
    """An event, and the plan of its webhook."""

    event: Event
    source: Source
    plan: Plan

    def is_of(self, made: Delivery | Parked, rule: Rule) -> bool:
        return made.rule == rule.name and made.event_id == self.event.id


def explained(given: Given, source: Source) -> JsonObject:
    """Return the explanation of a webhook; raise RulesError if its body is not JSON."""
    return explained_plan(verified(given, source), source, planned(given, source))


def explained_plan(webhook: Verified, source: Source, made: Plan) -> JsonObject:
    """Return the explanation of a webhook, of which this plan was made."""
    found = events(webhook, source)
    return {
        "source": source.name,
        "events": [_event(_Asked(event, source, made)) for event in found],
        "parked": [parked(one) for one in made.parked if one.rule is None],
    }


def _event(asked: _Asked) -> JsonObject:
    event = asked.event
    why = {one.rule: one.why for one in unmatched(event, asked.source)}
    return {
        "type": event.type,
        "id": event.id,
        "reference": event.reference,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        **({} if event.again_after is None else {"again_after": event.again_after}),
        "rules": [_rule(rule, why.get(rule.name), asked) for rule in asked.source.rules],
    }


def _rule(rule: Rule, why_not: str | None, asked: _Asked) -> JsonObject:
    document = asked.source.document(asked.event)
    described: JsonObject = {"rule": rule.name, "wanted": why_not is None, "why_not": why_not}
    if rule.when is not None and rule.enabled and rule.takes(asked.event.type):
        described["when"] = condition(rule.when, document)
    if why_not is not None:
        return described
    described["failures"] = [parked(one) for one in asked.plan.parked if asked.is_of(one, rule)]
    if rule.for_each is not None:
        described["for_each"] = part(rule.for_each, document)
    described["requests"] = list(_requests(rule, asked))
    return described


def _requests(rule: Rule, asked: _Asked) -> Iterator[JsonObject]:
    """Yield each request of a rule with its fields, also one that could not be made."""
    event, source, plan = asked.event, asked.source, asked.plan
    made = [one for one in (*plan.deliveries, *plan.shadow) if asked.is_of(one, rule)]
    deliveries = iter(made)
    try:
        seen = list(documents(rule, source.document(event)))
    except ExpressionError:
        return  # the failure says so
    for document in seen:
        for at in range(len(rule.recipients) or 1):  # one of a broadcast
            delivery = next(deliveries, None)
            yield {
                "delivery": None if delivery is None else delivered(delivery),
                "shadow": rule.shadow,
                "priority": rule.priority,
                **({"delay": rule.delay} if rule.delay else {}),
                "once": _once(rule, document, asked),
                "fields": [
                    _sent(one, described_field(one, rule, document), delivery, plan.warnings)
                    for one in fields(rule)
                    if one.recipient in (None, at)
                ],
            }


def _once(rule: Rule, document: JsonValue, asked: _Asked) -> JsonObject | None:
    """Return the explanation of `once`; None where the event's id is used."""
    if rule.once is None or not isinstance(document, dict):
        return None
    item = {ITEM: document[ITEM]} if ITEM in document else {}
    return described_field(
        Field("once", "once", rule.once), rule, {**asked.source.signed(asked.event), **item}
    )


def _sent(
    field: Field, described: JsonObject, delivery: Delivery | None, warnings: Iterable[str]
) -> JsonObject:
    """Return a field as it was sent: identifiers become text, and Braze's formats are kept."""
    if delivery is None or described["status"] != "sent" or field.is_item:
        return described
    sent: Any = delivery.send if field.recipient is None else delivery.recipient
    for key in field.keys:
        if not _holds(sent, key):
            return {**described, "status": "left out", "because": _refused(field, warnings)}
        sent = sent[key]
    if json.dumps(sent) == json.dumps(described["value"]):
        return described
    before, after = kind(described["value"]), kind(sent)
    same_kind = "trimmed" if before == "string" else "what Braze does not take is left out"
    cast = same_kind if before == after else f"{before} to {after}"
    return {**described, "value": sent, "cast": cast}


def _holds(value: Any, key: str | int) -> bool:
    if isinstance(key, int):
        return isinstance(value, list) and key < len(value)
    return isinstance(value, Mapping) and key in value


def _refused(field: Field, warnings: Iterable[str]) -> str:
    """Return why a value that was filled is not sent: Braze takes no such attribute."""
    name = next((one for one in field.keys[1:] if isinstance(one, str)), "")
    beginning = f"{shown(name)} is left out: "
    told = (one.partition(": ")[2] for one in warnings)
    found = (one.removeprefix(beginning) for one in told if one.startswith(beginning))
    return next(found, "Braze does not take it")
