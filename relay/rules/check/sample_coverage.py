"""Rules and paths that no sample event reaches: often a type or a condition is misspelt."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.errors import ExpressionError, Malformed, NotJson
from handler.core.expressions.expression import Expression
from handler.core.expressions.json_values import missing
from handler.core.expressions.template import Problem, is_literal
from handler.core.expressions.times import moment
from handler.core.models import Event, Plan, Verified
from handler.core.planning.match import unmatched
from handler.core.planning.parse import split
from handler.core.rules.compiler import dotted, leaves
from handler.core.rules.source import Rule, Source
from handler.core.suggestions import closest
from handler.core.verification.presets.catalogue import PRESETS
from relay.paths import EVENTS
from relay.rules.check.paths import unseen_of
from relay.rules.webhooks import Given, events, verified
from relay.webhooks.samples import Sample

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_SHOWN: Final = 3  # reasons, or types

Seen = list[tuple[str, Event]]
_EACH: Final = "[]"  # behind a list's path: that of its elements
Document = dict[str, JsonValue]


def seen_events(source: Source, samples: Iterable[Sample]) -> Seen:
    """Return the events of a source's samples, each with its sample's name."""
    return [
        (sample.name, event)
        for sample in samples
        if sample.source == source.name
        for event in events(verified(Given(sample), source), source)
    ]


def unreached(source: Source, seen: Seen) -> Iterator[Problem]:
    """Yield why a rule matches none of the samples' events, at its type or its `when`.

    Without any events, nothing is yielded.
    """
    for at, rule in enumerate(source.rules if seen else ()):
        for key, why in _why(rule, source, seen) if rule.enabled else ():
            yield ("rules", at, key), f"{source.name}/{rule.name}: {why}"


def _why(rule: Rule, source: Source, seen: Seen) -> Iterator[tuple[str, str]]:
    fitting = [one for one in seen if rule.takes(one[1].type)]
    if not fitting:
        yield "type", _no_type(rule, list(dict.fromkeys(event.type for _, event in seen)))
        return
    reasons = {name: _reason(rule, event, source) for name, event in fitting}
    if all(reasons.values()):
        texts = [f"{why} ({name})" for name, why in reasons.items()]
        yield "when", f"no sample is wanted by this rule: {'; '.join(texts[:_SHOWN])}"


def _no_type(rule: Rule, types: list[str]) -> str:
    near = next(filter(None, (_nearest(one, types) for one in rule.types)), None)
    hint = f"; did you mean {near}?" if near else f" (there are: {', '.join(types[:_SHOWN])})"
    return f"no sample in {EVENTS.name}/ has type {' or '.join(rule.types)}{hint}"


def _nearest(name: str, types: list[str]) -> str | None:
    """Return the type that is written otherwise, `orders/create` for `ORDERS_CREATE`, or alike."""
    same = (one for one in types if _bare(one) == _bare(name))
    return next(same, None) or closest(name, types)


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _reason(rule: Rule, event: Event, source: Source) -> str:
    """Return why a rule does not match an event; empty where it does, or where it fails."""
    return next((one.why for one in unmatched(event, source) if one.rule == rule.name), "")


def missing_fields(source: Source, plans: Iterable[Plan]) -> Iterator[str]:
    """Yield the templated fields that are missing in every request made of the samples.

    For a rule that no sample reaches, nothing is yielded.
    """
    made = [one for plan in plans for one in (*plan.deliveries, *plan.shadow)]
    for rule in source.rules:
        # In a broadcast the event fills the request itself.
        recipients = [one.recipient or one.send for one in made if one.rule == rule.name]
        seen = {path for recipient in recipients for path in _present(recipient)}
        for path in dict.fromkeys(_templated(rule)) if recipients else ():
            if path not in seen:
                yield f"{source.name}/{rule.name}: {path.replace(_EACH, '')} is missing"


def _templated(rule: Rule) -> Iterator[str]:
    """Yield the paths, as in the request, of all values that an event decides."""
    for recipient in (*rule.recipients, rule.varying):
        for path, leaf in leaves(dict(recipient)):
            if not is_literal(leaf):
                yield dotted(path, place=_EACH)


def _present(value: JsonValue, path: str = "") -> Iterator[str]:
    """Yield the paths of a value, also of an empty list or object: it is sent."""
    yield path
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _present(part, _join(path, key))
    elif isinstance(value, list):
        for part in value:
            yield from _present(part, f"{path}{_EACH}")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _texts(block: object) -> Iterator[str]:
    if isinstance(block, dict):
        for part in block.values():
            yield from _texts(part)
    elif isinstance(block, str):
        yield block


_KNOWN: Final = {text for preset in PRESETS.values() for text in _texts(preset["event"])}


def unseen_event(source: Source, samples: Iterable[Sample]) -> Iterator[Problem]:
    """Yield the paths of a source's `event` that no sample has, as `source: event.key: why`."""
    own = [verified(Given(one), source) for one in samples if one.source == source.name]
    reader = source.event
    if reader.events is not None:
        yield from _unseen_in(source, "events", reader.events, [_document(each) for each in own])
    parts = [each for one in own for each in _parts(one, source)]
    yield from _unseen_in(source, "type", reader.type, parts)
    typed = [(str(_found(reader.type, each)), each) for each in parts]
    for key, choices in (
        ("id", reader.ids),
        ("occurred_at", reader.times),
        ("bind", [(glob, _affirmed(each)) for glob, each in reader.binds]),
        ("version", reader.versions),
    ):
        for glob, expression in choices:
            fitting = [each for kind, each in typed if fnmatchcase(kind, glob)]
            yield from _unseen_in(source, key, expression, fitting)


def unknown_times(source: Source, seen: Seen) -> Iterator[Problem]:
    """Yield the samples whose time is not known, and from what a rule's expires_after counts."""
    for name, event in seen:
        expression = _time(source, event.type)
        if expression is None or event.occurred_at is not None:
            continue
        value = _found(expression, {"headers": dict(event.headers), "body": event.body})
        text = f"{expression.text} gives no time in {name}"
        mend = _zone_mend(expression, value)
        counting = {
            at: rule
            for at, rule in enumerate(source.rules)
            if rule.expires_after and rule.takes(event.type)
        }
        for at, rule in counting.items():
            why = f"expires_after: {text}: it counts from when the webhook came{mend}"
            yield ("rules", at, "expires_after"), f"{source.name}/{rule.name}: {why}"
        if not counting and not missing(value):
            yield ("event", "occurred_at"), f"{source.name}: event.occurred_at: {text}{mend}"


def _zone_mend(expression: Expression, value: object) -> str:
    """Return how to say the zone of a time that has none; empty for any other value."""
    if not isinstance(value, str) or moment(value, UTC) is None:
        return ""
    return f"; it says no zone: write time({expression.text}, 'UTC'), or the zone that it has"


def time_of(source: Source, event_type: str) -> str:
    """Return the path of the time of an event of this type; empty where there is none."""
    expression = _time(source, event_type)
    return "" if expression is None else expression.text


def _time(source: Source, event_type: str) -> Expression | None:
    times = source.event.times
    return next((one for glob, one in times if fnmatchcase(event_type, glob)), None)


def _unseen_in(
    source: Source, key: str, expression: Expression, documents: Sequence[Document]
) -> Iterator[Problem]:
    if expression.text not in _KNOWN:
        for text in unseen_of(expression, documents):
            yield ("event", key), f"{source.name}: event.{key}: {text}"


def _affirmed(expression: Expression) -> Expression:
    """Return an expression without its denials, whose paths bodies of a type do not have."""
    return replace(expression, tree=_without_denials(expression.tree))


def _without_denials(node: "Node") -> "Node":
    if node["type"] == "not_expression":
        return {"type": "identity", "value": None, "children": []}
    if node["type"] == "slice":  # its children are numbers
        return node
    return {**node, "children": [_without_denials(one) for one in node["children"]]}


def _document(webhook: Verified) -> Document:
    return {"headers": dict(webhook.webhook.headers), "body": json.loads(webhook.webhook.body)}


def _parts(webhook: Verified, source: Source) -> list[Document]:
    """Return the document of each event for expressions, also of events that are not valid."""
    try:
        parts, _ = split(webhook, source)
    except (Malformed, NotJson):
        return []
    return [{"headers": dict(webhook.webhook.headers), "body": one.body} for one in parts]


def _found(expression: Expression, document: Document) -> JsonValue:
    try:
        return expression.search(document)
    except ExpressionError:
        return None
