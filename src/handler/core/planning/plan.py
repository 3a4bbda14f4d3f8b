"""The plan of a webhook: split into events, matched with rules, rendered as messages to enqueue."""

from base64 import b64encode
from dataclasses import replace
from itertools import islice
from typing import Final

from handler.core import message
from handler.core.errors import Malformed, Unrenderable
from handler.core.json_types import JsonValue
from handler.core.models import (
    Delivery,
    Event,
    LoggedEvent,
    Parked,
    ParkReason,
    Plan,
    Verified,
)
from handler.core.planning.match import Match, match, unmatched
from handler.core.planning.parse import MAX_EVENTS, RawEvent, carried, digest, parse, split
from handler.core.planning.render import MAX_DELIVERIES, Packed, event_fields, render
from handler.core.rules.source import Rule, Scope, Source

MAX_BYTES: Final = 8 * 1024 * 1024

_Message = tuple[Delivery, str]  # a delivery, and the body of its queue message


def plan(
    verified: Verified, source: Source, oldest: int | None = None, most_told: int | None = None
) -> Plan:
    """Return the plan of a webhook; the same input always gives the same plan.

    An event that happened more than `oldest` seconds ago is parked as expired: the ledger may have
    forgotten that it was sent. Of an event that no rule wants, at most `most_told` rules are told
    with their reasons, or all of them. Raise NotJson where the body is not JSON: the sender must
    act. Everything else that is wrong is parked, for a genuine order must not be lost.
    """
    try:
        parts, warnings = split(verified, source)
    except Malformed as error:
        return _of_parked(_malformed(verified, verified.webhook.body, source, str(error)))
    if len(parts) > MAX_EVENTS:
        return _too_many(verified, source, len(parts), f"{len(parts)} events in one webhook")
    planning = _Planning(verified, source, oldest, most_told)
    plans: list[Plan] = []
    made, size = 0, 0
    for part in parts:
        one = planning.planned(part)
        plans.append(one)
        made += len(one.deliveries) + len(one.shadow) + len(one.parked)
        size += one.size
        if excess := _excess(made, size):
            return _too_many(verified, source, len(parts), excess)
    return Plan(
        events=len(parts),
        wanted=sum(one.wanted for one in plans),
        deliveries=tuple(each for one in plans for each in one.deliveries),
        bodies=tuple(each for one in plans for each in one.bodies),
        parked=tuple(parked for one in plans for parked in one.parked),
        shadow=tuple(each for one in plans for each in one.shadow),
        unmatched=next((one.unmatched for one in plans if one.unmatched), ()),
        more_unmatched=next((one.more_unmatched for one in plans if one.unmatched), 0),
        warnings=(*warnings, *dict.fromkeys(each for one in plans for each in one.warnings)),
        matched=tuple(each for one in plans for each in one.matched),
        rendered=tuple(each for one in plans for each in one.rendered),
        size=size,
        logged=tuple(each for one in plans for each in one.logged),
    )


class _Planning:
    """The planning of one webhook.

    `known` are its events so far, by type and id, with their bytes. `is_told` says that the reasons
    of an event that no rule wanted are worked out: only those of the first one are shown.
    """

    def __init__(
        self, verified: Verified, source: Source, oldest: int | None, most_told: int | None
    ) -> None:
        self.verified = verified
        self.source = source
        self.oldest = oldest
        self.most_told = most_told
        self.known: dict[tuple[str, str], bytes] = {}
        self.is_told = False

    def planned(self, part: RawEvent) -> Plan:
        """Return the plan of one event: a bad event does not lose the others."""
        source, warnings = self.source, list[str]()
        try:
            event = parse(part, self.verified, source, warnings)
        except Malformed as error:
            return self._malformed(part, str(error))
        if self.known.setdefault((event.type, event.id), part.raw) != part.raw:
            return self._malformed(part, "another event of this webhook has the same id")
        scope = source.scope(event)
        found = match(event, source, scope)
        if not (found.wanted or found.failed):
            return self._unwanted(event, scope, warnings)
        packed = Packed(event, message.pack_with_body(event_fields(event), part.text), scope)
        if self.oldest is not None and _age(event) > self.oldest:
            found = replace(found, wanted=(), late=found.wanted)
        return _rendered(found, packed, source, warnings)

    def _unwanted(self, event: Event, scope: Scope, warnings: list[str]) -> Plan:
        if self.is_told:
            return Plan(1, warnings=tuple(warnings), logged=_logged(event))
        self.is_told = True
        told = tuple(islice(unmatched(event, self.source, scope), self.most_told))
        more = len(self.source.rules) - len(told)
        return Plan(
            1,
            unmatched=told,
            warnings=tuple(warnings),
            more_unmatched=more,
            logged=_logged(event),
        )

    def _malformed(self, part: RawEvent, why: str) -> Plan:
        return _of_parked(_malformed(self.verified, part.raw, self.source, why))


def _rendered(found: Match, packed: Packed, source: Source, warnings: list[str]) -> Plan:
    """Return the plan of an event that a rule matches."""
    messages, parked, rendered = _render(found, packed, source, warnings)
    shadows = {rule.name for rule in found.wanted if rule.shadow}
    sent = [each for each in messages if each[0].rule not in shadows]
    return Plan(
        events=1,
        wanted=1,
        deliveries=tuple(made for made, _ in sent),
        bodies=tuple(body for _, body in sent),
        parked=parked,
        shadow=tuple(made for made, _ in messages if made.rule in shadows),
        warnings=tuple(warnings),
        matched=tuple(
            one.name for one in (*found.wanted, *found.late, *(rule for rule, _ in found.failed))
        ),
        rendered=rendered,
        size=sum(len(body) for _, body in messages) + _size(parked),
        logged=_logged(packed.event),
    )


def _logged(event: Event) -> tuple[LoggedEvent]:
    return (LoggedEvent(event.id, event.type, event.reference),)


def _of_parked(parked: Parked, events: int = 1) -> Plan:
    logged = (LoggedEvent(parked.event_id),)
    return Plan(events, parked=(parked,), size=_size((parked,)), logged=logged)


def _size(parked: tuple[Parked, ...]) -> int:
    return sum(len(message.encode(one)) for one in parked)


def _render(
    found: Match, packed: Packed, source: Source, warnings: list[str]
) -> tuple[list[_Message], tuple[Parked, ...], tuple[str, ...]]:
    """Render each matching rule by itself: one that fails does not lose the others."""
    messages: list[_Message] = []
    rendered: list[str] = []
    parked = [_park(packed, source, rule, ("unrenderable", str(why))) for rule, why in found.failed]
    why_late = "it is so old that the ledger may have forgotten it"
    parked += [_park(packed, source, rule, ("expired", why_late)) for rule in found.late]
    for rule in found.wanted:
        try:
            made = _encoded(render(rule, packed, source, warnings))
        except Unrenderable as error:
            parked.append(_park(packed, source, rule, ("unrenderable", str(error))))
            continue
        if any(_is_late(one) for one, _ in made):
            parked.append(_park(packed, source, rule, ("expired", "it came too late to be sent")))
        else:
            messages += made
            rendered.append(rule.name)
    return messages, tuple(parked), tuple(rendered)


def _age(event: Event) -> int:
    return 0 if event.occurred_at is None else event.received_at - event.occurred_at


def _is_late(delivery: Delivery) -> bool:
    return delivery.expires_at is not None and delivery.expires_at <= delivery.accepted_at


def _encoded(deliveries: tuple[Delivery, ...]) -> list[_Message]:
    """Return the deliveries' messages; raise Unrenderable for one that SQS would never take."""
    messages = [(one, message.encode(one)) for one in deliveries]
    size = max((len(body) for _, body in messages), default=0)
    if size > message.MAX_BYTES:
        raise Unrenderable("", f"its message has {size:,} bytes, more than SQS takes")
    return messages


def _excess(letters: int, size: int) -> str:
    if letters > MAX_DELIVERIES:
        return f"more than {MAX_DELIVERIES} deliveries of one webhook"
    return f"{size:,} bytes of messages, and at most {MAX_BYTES:,}" if size > MAX_BYTES else ""


def _park(packed: Packed, source: Source, rule: Rule, why: tuple[ParkReason, str]) -> Parked:
    reason, detail = why
    return Parked(
        source=source.name,
        rule=rule.name,
        rules_version=source.version,
        event_id=packed.event.id,
        event=packed.text,
        accepted_at=packed.event.received_at,
        reason=reason,
        detail=detail,
    )


def _too_many(verified: Verified, source: Source, events: int, detail: str) -> Plan:
    parked = _raw(verified, verified.webhook.body, source, ("too_many", detail))
    return _of_parked(parked, events)


def _malformed(verified: Verified, raw: bytes, source: Source, detail: str) -> Parked:
    return _raw(verified, raw, source, ("malformed", detail))


def _raw(verified: Verified, raw: bytes, source: Source, why: tuple[ParkReason, str]) -> Parked:
    reason, detail = why
    packed: JsonValue = {
        "raw": b64encode(raw).decode("ascii"),
        "headers": dict(carried(verified.webhook, source)),
    }
    return Parked(
        source=source.name,
        rule=None,
        rules_version=source.version,
        event_id=digest(raw),
        event=message.pack(packed),
        accepted_at=verified.webhook.received_at,
        reason=reason,
        detail=detail,
    )
