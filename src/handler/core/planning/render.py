"""Renders a rule for an event: one delivery for each recipient, of each element of `for_each`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from handler.core import message
from handler.core.braze.endpoints import SUBSCRIBE, TRACK
from handler.core.braze.identifiers import traced
from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.defines import Roots
from handler.core.json_types import JsonValue
from handler.core.models import Delivery, Event
from handler.core.planning.delivery_id import delivery_id, key_of, part_of
from handler.core.planning.identity import Recipient
from handler.core.planning.recipient import (
    check_recipient,
    fill_object,
    fill_recipient,
    leave_out,
    merged_properties,
)
from handler.core.planning.subscribe import fill_subscribe
from handler.core.planning.track import fill_track
from handler.core.rules.creation import is_creation
from handler.core.rules.source import ITEM, Rule, Scope, Source

MAX_DELIVERIES: Final = 100  # of one webhook


@dataclass(frozen=True, slots=True)
class Packed:
    """An event with its packed form (`message.pack_with_body`), which all its deliveries carry.

    `scope` is what expressions see of it, where other rules are to find what was evaluated.
    """

    event: Event
    text: str
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class _Occasion:
    """The event, or one element of `for_each`: what expressions see, and what deliveries carry."""

    scope: Scope
    index: int | None
    packed: Packed


def render(
    rule: Rule, packed: Packed, source: Source, warnings: list[str] | None = None
) -> tuple[Delivery, ...]:
    """Return the deliveries of an event that the rule matches; raise Unrenderable.

    There is at least one, except under `for_each`, whose list may be empty. Each field that is left
    out is added to `warnings`.
    """
    told: list[str] = [] if warnings is None else warnings
    made = [
        delivery
        for occasion in _occasions(rule, packed, source)
        for delivery in _of_occasion(rule, occasion, source, told)
    ]
    if len({delivery.id for delivery in made}) < len(made):  # one would be a duplicate
        what = "recipients have the same identifier" if rule.for_each is None else "items are one"
        raise Unrenderable("recipients", f"two of them are one delivery: {what}")
    return tuple(made)


def _occasions(rule: Rule, packed: Packed, source: Source) -> Iterator[_Occasion]:
    scope = packed.scope or source.scope(packed.event)
    if rule.for_each is None:
        yield _Occasion(scope, None, packed)
        return
    whole = {**event_fields(packed.event), "body": None}
    # One more than a webhook may make is enough to see that there are too many.
    for index, item in enumerate(_items(rule, scope.signed)[: MAX_DELIVERIES + 1]):
        # Of the event's body, a delivery carries its own item alone.
        kept = message.pack({**whole, ITEM: item})
        yield _Occasion(scope.of_item(item), index, replace(packed, text=kept))


def _items(rule: Rule, signed: Roots) -> list[JsonValue]:
    try:
        found = rule.for_each.search(signed) if rule.for_each else None
    except ExpressionError as error:
        raise Unrenderable("for_each", str(error)) from None
    if found == {}:  # PHP's JSON may have {} for an empty list
        return []
    if not isinstance(found, list | None):
        raise Unrenderable("for_each", "it gives no list")
    return found or []


def _of_occasion(
    rule: Rule, occasion: _Occasion, source: Source, warnings: list[str]
) -> list[Delivery]:
    """Return the deliveries of an occasion; of an element that has none, say which one it is."""
    try:
        return _deliveries(rule, occasion, source, warnings)
    except Unrenderable as error:
        if occasion.index is None:
            raise
        text = f"{error.detail}, in for_each[{occasion.index}]"
        raise Unrenderable(error.path, text) from None


def _deliveries(
    rule: Rule, occasion: _Occasion, source: Source, warnings: list[str]
) -> list[Delivery]:
    event = occasion.packed.event
    key = key_of(rule, event, occasion.scope.signed, type_signed=source.event.type_signed)
    _find_uncounted(rule, event, key)
    _find_unordered(rule, event, source)
    if rule.is_broadcast:
        return [_broadcast(rule, key, occasion, source, warnings)]
    shared = _unaddressed(rule, key, occasion, source)
    recipients = _recipients(rule, occasion.scope, shared.send, warnings)
    index = None if rule.once_per_item else occasion.index
    return [
        replace(
            shared,
            id=delivery_id(source.name, rule.name, key, part_of(recipient, len(recipients), index)),
            recipient=recipient,
        )
        for recipient in recipients
    ]


def _find_uncounted(rule: Rule, event: Event, key: str) -> None:
    """Raise Unrenderable for what is counted by the digest of a body: it comes in other bytes, too.

    Braze would count it again. An id that is only a digest is the event's `again_after`.
    """
    if event.again_after is not None and event.id in key and rule.is_counted:
        text = "the event has no id but the digest of its body, which nothing is counted by"
        raise Unrenderable("once", text)


def _find_unordered(rule: Rule, event: Event, source: Source) -> None:
    """Raise Unrenderable for a change of consent that nothing orders: it could undo a newer one.

    Consent among attributes may stand in a file that orders nothing: `relay rules check` warns.
    """
    if event.version is not None or is_creation(event.type) or not rule.changes_consent:
        return
    globs = (glob for glob, _ in source.event.versions)
    if rule.kind == SUBSCRIBE.key or any(fnmatchcase(event.type, one) for one in globs):
        text = "it is missing in this event, and without it a late change could undo a newer one"
        raise Unrenderable("event.version", text)


def _recipients(
    rule: Rule, scope: Scope, send: dict[str, JsonValue], warnings: list[str]
) -> list[Recipient]:
    """Return the part of the request of each recipient: of other kinds than `send`, of one user."""
    if rule.kind == TRACK.key:
        return [fill_track(rule, scope, warnings)]
    if rule.kind == SUBSCRIBE.key:
        return [fill_subscribe(rule, scope, warnings)]
    filled = [fill_recipient(one, rule, scope, warnings) for one in rule.recipient_forms]
    recipients = [leave_out(one, rule, warnings) for one in filled]
    if not recipients:
        raise Unrenderable("recipients", "there are none")
    for recipient in recipients:
        check_recipient(recipient, send, rule)
    return recipients


def _broadcast(
    rule: Rule, key: str, occasion: _Occasion, source: Source, warnings: list[str]
) -> Delivery:
    """Return the one delivery to a whole audience, with the varying properties at its top."""
    shared = _unaddressed(rule, key, occasion, source)
    varying = fill_recipient(rule.recipient_form({}), rule, occasion.scope, warnings)
    check_recipient(varying, shared.send, rule)
    send = {**shared.send, **dict(merged_properties(varying, shared.send))}
    return replace(shared, id=delivery_id(source.name, rule.name, key, ""), send=send)


def _unaddressed(rule: Rule, key: str, occasion: _Occasion, source: Source) -> Delivery:
    """Return a delivery with all that a rule's deliveries share: all but recipient and id."""
    event = occasion.packed.event
    send = fill_object(rule.send_form, occasion.scope.document)
    return Delivery(
        id="",
        source=source.name,
        rule=rule.name,
        rules_version=source.version,
        workspace=rule.workspace,
        path=rule.path,
        send=send,
        recipient=None,
        event_id=event.id,
        event=occasion.packed.text,
        accepted_at=event.received_at,
        expires_at=_expires_at(rule, event),
        on_unknown="hold" if rule.is_broadcast else rule.on_unknown,
        once=None if rule.once is None else traced(key),
        surge=rule.surge,
        event_version=event.version,
        arrived_ms=event.arrived_ms,
        # Only a key that holds the event's id, also through `once`, depends on its digest.
        again_after=event.again_after if event.id in key else None,
        priority="low" if rule.priority == "low" else None,
        guard=rule.guard,
        delay=rule.delay,
    )


def _expires_at(rule: Rule, event: Event) -> int | None:
    if rule.expires_after is None:
        return None
    begun = event.received_at if event.occurred_at is None else event.occurred_at
    return begun + rule.expires_after


def event_fields(event: Event) -> dict[str, JsonValue]:
    """Return the fields of an event that its deliveries carry beside its body.

    Optional ones are there where they are set.
    """
    only_some = {
        "version": event.version,
        "arrived_ms": event.arrived_ms,
        "again_after": event.again_after,
    }
    return {
        "type": event.type,
        "id": event.id,
        "headers": dict(event.headers),
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        **{name: value for name, value in only_some.items() if value is not None},
    }
