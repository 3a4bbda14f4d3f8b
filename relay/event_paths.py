"""What a rules file's `event` looks for, and no sample webhook has.

Of what a preset says nothing is told: it knows more of its sender than a few samples do.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.errors import ExpressionError, Malformed, NotJson
from handler.core.expressions.expression import Expression
from handler.core.models import Verified
from handler.core.planning.parse import split
from handler.core.rules.source import Source
from handler.core.verification.presets.catalogue import PRESETS
from relay.rules.webhooks import Given, verified
from relay.rules_paths import unseen_of
from relay.unreached import Seen
from relay.webhooks.samples import Sample

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

Document = dict[str, JsonValue]


def _texts(block: object) -> Iterator[str]:
    if isinstance(block, dict):
        for part in block.values():
            yield from _texts(part)
    elif isinstance(block, str):
        yield block


_KNOWN: Final = {text for preset in PRESETS.values() for text in _texts(preset["event"])}


def unseen_event(source: Source, samples: Iterable[Sample]) -> Iterator[str]:
    """Yield the paths of a source's `event` that no sample has, as `source: event.key: why`."""
    own = [verified(Given(one), source) for one in samples if one.source == source.name]
    reader = source.event
    if reader.events is not None:
        yield from _told(source, "events", reader.events, [_document(it) for it in own])
    parts = [it for one in own for it in _parts(one, source)]
    yield from _told(source, "type", reader.type, parts)
    typed = [(str(_found(reader.type, it)), it) for it in parts]
    for key, choices in (
        ("id", reader.ids),
        ("occurred_at", reader.times),
        ("bind", [(glob, _affirmed(it)) for glob, it in reader.binds]),
        ("version", reader.versions),
    ):
        for glob, expression in choices:
            fitting = [it for kind, it in typed if fnmatchcase(kind, glob)]
            yield from _told(source, key, expression, fitting)


def unknown_times(source: Source, seen: Seen) -> Iterator[str]:
    """Yield where a rule counts from a time that a sample does not give in its place."""
    for rule in source.rules:
        for name, event in seen if rule.expires_after else ():
            where = time_of(source, event.type)
            if where and event.occurred_at is None and rule.takes(event.type):
                text = f"{where} gives no time in {name}: it counts from when the webhook came"
                yield f"{source.name}/{rule.name}: expires_after: {text}"


def time_of(source: Source, event_type: str) -> str:
    """Return where the time of an event of this type stands; empty where nobody says."""
    times = source.event.times
    return next((it.text for glob, it in times if fnmatchcase(event_type, glob)), "")


def _told(
    source: Source, key: str, expression: Expression, documents: Sequence[Document]
) -> Iterator[str]:
    if expression.text not in _KNOWN:
        for text in unseen_of(expression, documents):
            yield f"{source.name}: event.{key}: {text}"


def _affirmed(expression: Expression) -> Expression:
    """Return an expression without what it denies: what bodies of a type are not to have."""
    return replace(expression, tree=_without_denials(expression.tree))


def _without_denials(node: "Node") -> "Node":
    if node["type"] == "not_expression":
        return {"type": "identity", "value": None, "children": []}
    if node["type"] == "slice":  # its children are numbers
        return node
    return {**node, "children": [_without_denials(it) for it in node["children"]]}


def _document(webhook: Verified) -> Document:
    return {"headers": dict(webhook.webhook.headers), "body": json.loads(webhook.webhook.body)}


def _parts(webhook: Verified, source: Source) -> list[Document]:
    """Return what expressions see of each event, also of those that are no good."""
    try:
        parts, _ = split(webhook, source)
    except (Malformed, NotJson):
        return []
    return [{"headers": dict(webhook.webhook.headers), "body": it.body} for it in parts]


def _found(expression: Expression, document: Document) -> object:
    try:
        return expression.search(document)
    except ExpressionError:
        return None
