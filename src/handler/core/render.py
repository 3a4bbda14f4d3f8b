"""Renders a rule for an event: one delivery for each recipient."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from pydantic import JsonValue

from handler.core.budget import missing
from handler.core.errors import Unrenderable
from handler.core.models import Delivery, Event
from handler.core.source import Rule, Source
from handler.core.template import Template, fill, fill_text
from handler.core.trigger import (
    ALIAS_KEYS,
    IDENTIFIERS,
    MAX_IDENTIFIER_BYTES,
    MAX_PROPERTIES_BYTES,
    PROPERTIES,
)

_IDENTITY_VERSION: Final = 1
_WORKSPACE: Final = "default"
# What other systems make of a missing id on its way into text. Nobody is called that.
_NOBODY: Final = frozenset({"0", "null", "None", "undefined"})

Recipient = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Packed:
    """An event with its packed form (see `message.pack`), which all its deliveries carry."""

    event: Event
    text: str


def render(rule: Rule, packed: Packed, source: Source) -> tuple[Delivery, ...]:
    """Return the deliveries of a wanted event, at least one; raise Unrenderable."""
    document = source.document(packed.event)
    key = _key(rule, packed.event, source)
    recipients = [_recipient(it, rule, document) for it in rule.recipients]
    if not recipients:
        raise Unrenderable("recipients", "there are none")
    parts = [_part(it, len(recipients)) for it in recipients]
    if len(set(parts)) < len(parts):  # one delivery id would swallow the second
        raise Unrenderable("recipients", "two of them have the same identifier")
    unaddressed = _unaddressed(rule, packed, source)
    for recipient in recipients:
        _check(recipient, unaddressed.send, rule)
    return tuple(
        replace(
            unaddressed,
            id=delivery_id(source.name, rule.name, key, part),
            recipient=recipient,
        )
        for recipient, part in zip(recipients, parts, strict=True)
    )


def _unaddressed(rule: Rule, packed: Packed, source: Source) -> Delivery:
    """Return what a rule's deliveries of an event share: all but recipient and id."""
    send = _object(rule.send, source.document(packed.event), rule.keep_empty)
    return Delivery(
        id="",
        source=source.name,
        rule=rule.name,
        rules_version=source.version,
        workspace=_WORKSPACE,
        path=rule.path,
        send=send,
        recipient=None,
        event_id=packed.event.id,
        event=packed.text,
        accepted_at=packed.event.received_at,
        expires_at=_expires_at(rule, packed.event),
        on_unknown="hold" if send.get("broadcast") else rule.on_unknown,
    )


def delivery_id(source: str, rule: str, key: str, part: str) -> str:
    """Return the idempotency key: what a delivery means, as SHA-256 in hex."""
    meaning = [_IDENTITY_VERSION, source, rule, key, part]
    return sha256(json.dumps(meaning, separators=(",", ":")).encode("ascii")).hexdigest()


def _key(rule: Rule, event: Event, source: Source) -> str:
    if rule.once is None:
        # An unsigned type never enters an id: whoever plays a webhook again could choose it.
        signed = source.event.type_signed
        return json.dumps([event.type, event.id]) if signed else event.id
    once = fill_text(rule.once, source.proven(event), "once")
    if once is None:
        raise Unrenderable("once", "it is missing, so nothing says what is to happen only once")
    return once


def _recipient(template: Mapping[str, Template], rule: Rule, document: JsonValue) -> Recipient:
    recipient = _object(template, document, rule.keep_empty)
    for name, properties in _object(rule.folded, document, rule.keep_empty).items():
        own = recipient.get(name, {})
        if not isinstance(properties, dict) or not isinstance(own, dict):
            raise Unrenderable(name, "it is not an object")
        if properties or own:
            recipient[name] = {**properties, **own}
    for name in IDENTIFIERS:
        if name in template:
            recipient[name] = _identifier(name, recipient.get(name))
    return recipient


def _object(
    template: Mapping[str, Template], document: JsonValue, keep: frozenset[str]
) -> dict[str, JsonValue]:
    filled = fill(dict(template), document, keep)
    return filled if isinstance(filled, dict) else {}


def _identifier(name: str, value: JsonValue) -> JsonValue:
    if name == "user_alias":
        alias = value if isinstance(value, dict) else {}
        return {key: _identity(f"{name}.{key}", alias.get(key)) for key in ALIAS_KEYS}
    return _identity(name, value)


def _identity(path: str, value: JsonValue) -> str:
    """Return an identifier as text; raise Unrenderable where it names nobody."""
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise Unrenderable(path, "an identifier is text or a whole number")
    text = "" if value is None else str(value)
    if missing(text) or text.strip() in _NOBODY:
        raise Unrenderable(path, "it is missing, and without it nobody can be reached")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_IDENTIFIER_BYTES:
        raise Unrenderable(path, f"it is longer than {MAX_IDENTIFIER_BYTES} bytes")
    return text


def _part(recipient: Recipient, of: int) -> str:
    """Return what tells a rule's recipients apart: nothing where there is only one."""
    if of == 1:
        return ""
    identifier = next(recipient[name] for name in IDENTIFIERS if name in recipient)
    if isinstance(identifier, dict):
        return json.dumps([identifier[key] for key in ALIAS_KEYS], separators=(",", ":"))
    return str(identifier)


def _check(recipient: Recipient, send: Mapping[str, JsonValue], rule: Rule) -> None:
    """Refuse what Braze would refuse, or accept and not send."""
    for path in rule.required:
        if not (_has(recipient, path) or _has(send, path)):
            raise Unrenderable(path, "it is required, and missing")
    attributes = recipient.get("attributes", {})
    if not isinstance(attributes, dict):
        raise Unrenderable("attributes", "it is not an object")
    existing_only = recipient.get("send_to_existing_only", True)
    if not isinstance(existing_only, bool):
        raise Unrenderable("send_to_existing_only", "it is neither true nor false")
    if not existing_only and not attributes:
        raise Unrenderable("attributes", "there are none, and Braze creates no profile without")
    for name, properties in _properties(recipient, send):
        if (
            len(json.dumps(properties, ensure_ascii=False).encode("utf-8", "replace"))
            > MAX_PROPERTIES_BYTES
        ):
            raise Unrenderable(name, f"it is larger than {MAX_PROPERTIES_BYTES:,} bytes")


def _properties(
    recipient: Recipient, send: Mapping[str, JsonValue]
) -> Iterator[tuple[str, JsonValue]]:
    for name in PROPERTIES:
        shared, own = send.get(name, {}), recipient.get(name, {})
        if not isinstance(own, dict) or not isinstance(shared, dict):
            raise Unrenderable(name, "it is not an object")
        yield name, {**shared, **own}


def _has(value: JsonValue | Mapping[str, JsonValue], path: str) -> bool:
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return not missing(value) and value not in ([], {})


def _expires_at(rule: Rule, event: Event) -> int | None:
    if rule.expires_after is None:
        return None
    begun = event.received_at if event.occurred_at is None else event.occurred_at
    return begun + rule.expires_after
