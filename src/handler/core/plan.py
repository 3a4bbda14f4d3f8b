"""The whole of ingest's thinking: from a verified webhook to what is to be enqueued."""

from base64 import b64encode
from typing import Final

from pydantic import JsonValue

from handler.core import message
from handler.core.errors import Malformed, Unrenderable
from handler.core.match import Match, match
from handler.core.models import Delivery, Event, Parked, ParkReason, Plan, Verified
from handler.core.parse import digest, parse
from handler.core.render import Packed, render
from handler.core.source import Rule, Source

MAX_DELIVERIES: Final = 100
MAX_BYTES: Final = 8 * 1024 * 1024


def plan(verified: Verified, source: Source) -> Plan:
    """Return all that becomes of a webhook; the same for the same input, always.

    Raise NotJson if its body is none: the sender must act. Everything else that is wrong is
    parked, for a genuine order must not be lost.
    """
    try:
        event, warnings = parse(verified, source)
    except Malformed as error:
        return Plan(events=1, parked=(_malformed(verified, source, str(error)),))
    packed = Packed(event, message.pack(_fields(event)))
    found = match(event, source)
    deliveries, parked = _render(found, packed, source)
    excess = _excess(deliveries)
    if excess:
        return Plan(1, (), (_park(packed, source, None, "too_many", excess),), (), warnings)
    unmatched = () if deliveries or parked else found.unmatched
    return Plan(1, deliveries, parked, unmatched, warnings)


def _render(
    found: Match, packed: Packed, source: Source
) -> tuple[tuple[Delivery, ...], tuple[Parked, ...]]:
    """Render each wanted rule by itself: one that cannot does not lose the others."""
    deliveries: list[Delivery] = []
    failed = list(found.failed)
    for rule in found.wanted:
        try:
            deliveries += _fit(render(rule, packed, source))
        except Unrenderable as error:
            failed.append((rule, error))
    parked = (_park(packed, source, rule, "unrenderable", str(why)) for rule, why in failed)
    return tuple(deliveries), tuple(parked)


def _fit(deliveries: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
    """Return the deliveries; raise Unrenderable for one that SQS would never take."""
    size = max(len(message.encode(delivery)) for delivery in deliveries)
    if size > message.MAX_BYTES:
        raise Unrenderable("", f"its message has {size:,} bytes, more than SQS takes")
    return deliveries


def _excess(deliveries: tuple[Delivery, ...]) -> str:
    if len(deliveries) > MAX_DELIVERIES:
        return f"{len(deliveries)} deliveries, and at most {MAX_DELIVERIES} are made of one webhook"
    size = sum(len(message.encode(delivery)) for delivery in deliveries)
    return f"{size:,} bytes of messages, and at most {MAX_BYTES:,}" if size > MAX_BYTES else ""


def _park(
    packed: Packed, source: Source, rule: Rule | None, reason: ParkReason, detail: str
) -> Parked:
    return Parked(
        source=source.name,
        rule=rule.name if rule else None,
        rules_version=source.version,
        event_id=packed.event.id,
        event=packed.text,
        accepted_at=packed.event.received_at,
        reason=reason,
        detail=detail,
    )


def _malformed(verified: Verified, source: Source, detail: str) -> Parked:
    webhook = verified.webhook
    raw: JsonValue = {"raw": b64encode(webhook.body).decode("ascii")}
    return Parked(
        source=source.name,
        rule=None,
        rules_version=source.version,
        event_id=digest(webhook.body),
        event=message.pack(raw),
        accepted_at=webhook.received_at,
        reason="malformed",
        detail=detail,
    )


def _fields(event: Event) -> dict[str, JsonValue]:
    return {
        "type": event.type,
        "id": event.id,
        "headers": dict(event.headers),
        "body": event.body,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
    }
