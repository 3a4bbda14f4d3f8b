"""Renders a letter anew: the event that it carries, by the rules as they are now.

Every problem is raised as Unrenderable, with text for the terminal; then the letter stays.
"""

import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as attributes
from pathlib import Path
from typing import Any, Final

from handler.core import message
from handler.core.braze.identifiers import user_of
from handler.core.errors import ExpressionError, Malformed, NotJson, RulesError, Unrenderable
from handler.core.expressions.expression import Expression, compile_expression
from handler.core.expressions.template import Template, expressions
from handler.core.json_types import JsonValue
from handler.core.models import Delivery, Event, Parked, Plan, Verified, Webhook
from handler.core.planning.delivery_id import delivery_id, key_of, part_of
from handler.core.planning.match import match, unmatched
from handler.core.planning.parse import RawEvent, parse, split
from handler.core.planning.plan import plan
from handler.core.planning.render import MAX_DELIVERIES, Packed, event_fields, render
from handler.core.rules.compiler import root_names
from handler.core.rules.source import Rule, Source
from relay.dead_letters.letter import SHORT
from relay.stacks import cloudformation
from relay.stacks.local import NAME
from relay.stacks.selection import Operated
from relay.webhooks.samples import sources_in

Sources = Mapping[str, Source | RulesError]
_WHOLE: Final = compile_expression("body")


def planned_in_pieces(event: Event, source: Source) -> Plan:
    """Return the plan of an event, made in pieces, with the ids of the event as a whole."""
    found, parked = match(event, source), list[Parked]()
    packed = Packed(event, message.pack(event_fields(event) | {"body": event.body}))
    made = list[Delivery]()
    failed = [(rule.name, str(why)) for rule, why in found.failed]
    for rule in (one for one in found.wanted if not one.shadow):
        try:
            made += _rendered(rule, packed, source)
        except Unrenderable as error:
            failed.append((rule.name, str(error)))
    for name, why in failed:
        parked.append(Parked(source.name, name, source.version, "", "", 0, "unrenderable", why))
    return Plan(1, deliveries=tuple(made), parked=tuple(parked))


def _rendered(rule: Rule, packed: Packed, source: Source) -> list[Delivery]:
    if rule.for_each is None:
        return list(render(rule, packed, source))
    made = list[Delivery]()
    for start in _starts(rule.for_each, packed.event, source):
        each = compile_expression(f"({rule.for_each.text}) | [{start}:{start + MAX_DELIVERIES}]")
        made += _piece(replace(rule, for_each=each), packed, source, start)
    if len({one.id for one in made}) < len(made):
        raise Unrenderable("recipients", "two of them are one delivery: items are one")
    return made


def _starts(for_each: Expression, event: Event, source: Source) -> range:
    try:
        items = for_each.search(source.signed(event))
    except ExpressionError as error:
        raise Unrenderable("for_each", str(error)) from None
    return range(0, len(items) if isinstance(items, list) else 1, MAX_DELIVERIES)


def _piece(rule: Rule, packed: Packed, source: Source, start: int) -> Iterator[Delivery]:
    """Yield the deliveries of the elements from `start` on; a place is part of some ids."""
    made = render(rule, packed, source)
    if rule.once_per_item:
        yield from made
        return
    signed = source.signed(packed.event)
    key = key_of(rule, packed.event, signed, type_signed=source.event.type_signed)
    of = len(rule.recipients)
    for at, one in enumerate(made):
        part = part_of(one.recipient or {}, of, start + at // of)
        yield replace(one, id=delivery_id(source.name, rule.name, key, part))


def planned_anew(
    content: Delivery | Parked, fields: Mapping[str, Any], source: Source
) -> list[Plan]:
    """Return the plans of a webhook's bytes, event by event; raise Unrenderable.

    The limits of one webhook do not apply: no sender waits for its answer any more.
    """
    raw = b64decode(fields["raw"])
    webhook = Webhook(source.name, "POST", fields["headers"], "", raw, content.accepted_at)
    single = replace(source, event=replace(source.event, events=None))
    try:
        return list(_planned(_parts(Verified(webhook), source, single), webhook, single))
    except (Malformed, NotJson) as error:
        raise Unrenderable("", f"it still cannot be read: {error}") from None


def _parts(verified: Verified, source: Source, single: Source) -> tuple[RawEvent, ...]:
    """Return the events of a whole webhook, or the one event of a batch that was parked alone."""
    (whole,), _ = split(verified, single)
    return split(verified, source)[0] if _holds_many(whole, verified, source) else (whole,)


def _holds_many(whole: RawEvent, verified: Verified, source: Source) -> bool:
    headers = source.signed_headers(verified.webhook.headers)
    events = source.event.events
    try:
        found = events.search({"headers": headers, "body": whole.body}) if events else None
    except ExpressionError:
        return False
    return isinstance(found, list)


def _planned(parts: tuple[RawEvent, ...], webhook: Webhook, source: Source) -> Iterator[Plan]:
    """Yield the plan of each event; a second one with the same id and other bytes is malformed."""
    known: dict[tuple[str, str], bytes] = {}
    for part in parts:
        verified = Verified(replace(webhook, body=part.raw))
        try:
            event = parse(part, verified, source)
        except Malformed as error:
            yield Plan(1, parked=(_malformed(source, str(error)),))
            continue
        if known.setdefault((event.type, event.id), part.raw) != part.raw:
            yield Plan(1, parked=(_malformed(source, "another event has the same id"),))
            continue
        made = plan(verified, source)
        is_large = any(one.reason == "too_many" for one in made.parked)
        yield planned_in_pieces(event, source) if is_large else made


def _malformed(source: Source, detail: str) -> Parked:
    return Parked(source.name, None, source.version, "", "", 0, "malformed", detail)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Deliveries that the rules make of a letter now; `failures` are the reasons for the rest."""

    deliveries: tuple[Delivery, ...]
    failures: tuple[str, ...] = ()


def rendered(content: Delivery | Parked, sources: Sources) -> Rendered:
    """Return the deliveries that the rules make of a letter's event now; raise Unrenderable.

    A delivery gives one delivery: its counterpart, perhaps under another id.
    """
    _check_frozen(content)
    source, fields = _source(content.source, sources), _fields(content)
    if "raw" in fields:
        return _of_plans(planned_anew(content, fields, source), sources)
    event = _event(content.source, fields)
    if isinstance(content, Delivery):
        made = _made_of(content, event, fields, source)
        return Rendered((_counterpart(content, made),))
    rule = _wanting(str(content.rule), event, source)
    return Rendered(_fit(render(rule, Packed(event, content.event), source)))


def _check_frozen(content: Delivery | Parked) -> None:
    """Raise Unrenderable for refused objects: their event makes the accepted ones as well."""
    if isinstance(content, Delivery) and content.refused_of:
        words = f"these objects were refused, and the others of {content.refused_of[:SHORT]} were"
        raise Unrenderable("", f"{words} accepted: redrive it as it is, without --rendered")


def _of_plans(plans: Sequence[Plan], sources: Sources) -> Rendered:
    deliveries = [each for one in plans for each in one.deliveries]
    parked = [each for one in plans for each in one.parked]
    for late in [each for each in parked if each.reason == "expired"]:  # expiry is judged later
        deliveries += rendered(late, sources).deliveries
        parked.remove(late)
    if not deliveries and not parked:
        raise Unrenderable("", _unwanted(plans))
    return Rendered(tuple(deliveries), tuple(_why(each) for each in parked))


def _why(parked: Parked) -> str:
    return ": ".join(one for one in (parked.rule, parked.reason, parked.detail) if one)


def _unwanted(plans: Sequence[Plan]) -> str:
    if any(one.shadow for one in plans):
        return "its rules are in shadow, so nothing of it is sent"
    why = {f"{each.rule}: {each.why}" for one in plans for each in one.unmatched}
    return f"no rule wants it now: {'; '.join(sorted(why)) or 'there is none'}"


def _made_of(
    delivery: Delivery, event: Event, fields: Mapping[str, Any], source: Source
) -> tuple[Delivery, ...]:
    """Return all deliveries that a letter's rule makes of the event that it carries."""
    if "item" not in fields:
        rule = _wanting(delivery.rule, event, source)
        return _fit(render(rule, Packed(event, delivery.event), source))
    rule = _by_item(delivery.rule, source)
    alone = replace(event, body=[fields["item"]])
    packed = message.pack({**fields, "body": alone.body})
    return _fit(render(replace(rule, for_each=_WHOLE), Packed(alone, packed), source))


def _wanting(name: str, event: Event, source: Source) -> Rule:
    """Return the rule of this name; raise Unrenderable where it does not match the event."""
    found = match(event, source)
    rule = next((one for one in found.wanted if one.name == name), None)
    if rule is not None:
        return _in_force(rule)
    for failed, why in found.failed:
        if failed.name == name:
            raise why
    why_not = next((one.why for one in unmatched(event, source) if one.rule == name), None)
    if why_not is None:
        raise Unrenderable("", f"{source.name} has no rule {name} any more")
    raise Unrenderable("", f"the rule does not want it now: {why_not}")


def _by_item(name: str, source: Source) -> Rule:
    """Return the rule of this name, which must need only one element of its `for_each`."""
    rule = next((one for one in source.rules if one.name == name and one.enabled), None)
    if rule is None:
        raise Unrenderable("", f"{source.name} has no rule {name} in force any more")
    if rule.for_each is None:
        raise Unrenderable("", "it was made of one element of a list, and the rule has no for_each")
    if not rule.once_per_item:
        words = "its rule tells elements apart by their place, which the letter does not keep"
        raise Unrenderable("", f"{words}: redrive it without --rendered")
    templates: list[Template] = [rule.once, *rule.send.values(), *rule.varying.values()]
    templates += [one for recipient in rule.recipients for one in recipient.values()]
    if any(_reads_body(one) for one in templates):
        words = "it carries only its own element of for_each, and the rule reads body too"
        raise Unrenderable("", f"{words}: redrive it without --rendered")
    return _in_force(rule)


def _reads_body(template: Template) -> bool:
    found = list(expressions(template))
    return any("body" in root_names(one) or "root(" in one.text for one in found)


def _in_force(rule: Rule) -> Rule:
    if rule.shadow:
        raise Unrenderable("", "its rule is in shadow, so nothing of it is sent")
    return rule


def _counterpart(delivery: Delivery, made: tuple[Delivery, ...]) -> Delivery:
    """Return the one of a rule's deliveries that corresponds to this delivery."""
    for one in made:
        if one.id == delivery.id:
            return one
    same = [one for one in made if _who(one) == _who(delivery)]
    if len(made) == 1 or len(same) == 1:
        return (same or list(made))[0]
    raise Unrenderable("", "nothing that the rule makes now is for the same recipient")


def _who(delivery: Delivery) -> list[JsonValue] | None:
    return user_of(delivery)


def _fit(made: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
    if not made:
        raise Unrenderable("", "the rule makes nothing of it now: its for_each gives an empty list")
    if max(len(message.encode(one)) for one in made) > message.MAX_BYTES:
        raise Unrenderable("", "its message has more bytes than SQS takes")
    return made


def _source(name: str, sources: Sources) -> Source:
    source = sources.get(name)
    if source is None:
        raise Unrenderable("", f"these rules have no source {name}; --rules names another folder")
    if isinstance(source, RulesError):
        raise Unrenderable("", f"its rules do not load: {source}")
    return source


def _fields(content: Delivery | Parked) -> Mapping[str, Any]:
    try:
        fields = message.unpack(content.event)
    except (ValueError, zlib.error):
        fields = None
    if not isinstance(fields, dict) or not ({"raw", "body"} & fields.keys()):
        raise Unrenderable("", "it carries no event")
    return fields


def _event(source: str, fields: Mapping[str, Any]) -> Event:
    """Return the event; raise Unrenderable where a part of it is missing."""
    known = {one.name for one in attributes(Event)} - {"source"}
    try:
        return Event(source=source, **{name: one for name, one in fields.items() if name in known})
    except TypeError:  # a field is missing
        raise Unrenderable("", "it carries no whole event") from None


def sources_of(stack: Operated, rules: Path, stage: str | None) -> Sources:
    """Return the sources of a rules folder, for the stage of a stack or for a given one."""
    given = _parameters(stack)
    applies = stage or given.get("RulesStage") or given.get("Stage", "dev")
    return sources_in(rules, applies, broadcasts=given.get("AllowBroadcast") == "true")


def _parameters(stack: Operated) -> Mapping[str, str]:
    if stack.endpoint is None:
        return cloudformation.parameters(stack.name)
    (found,) = stack.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}
