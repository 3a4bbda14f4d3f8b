"""Renders a letter anew: the event that it carries, by the rules as they are now.

Whatever is wrong is Unrenderable, in words for the terminal; then the letter stays.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as attributes
from typing import Any, Final

from handler.core import message
from handler.core.braze.identifiers import IDENTIFIERS
from handler.core.errors import RulesError, Unrenderable
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.template import Template, expressions
from handler.core.models import Delivery, Event, Parked, Plan
from handler.core.planning.match import match
from handler.core.planning.render import Packed, render
from handler.core.rules.compiler import root_names
from handler.core.rules.source import Rule, Source
from relay.letters.raw import planned_anew

Sources = Mapping[str, Source | RulesError]
_WHOLE: Final = compile_expression("body")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the rules make of a letter now; `failures` say of the rest why it is not sent."""

    deliveries: tuple[Delivery, ...]
    failures: tuple[str, ...] = ()


def rendered(content: Delivery | Parked, sources: Sources) -> Rendered:
    """Return what the rules make of a letter's event now; raise Unrenderable.

    Of a delivery that is one delivery: the same wish, perhaps under another id.
    """
    source, fields = _source(content.source, sources), _fields(content)
    if "raw" in fields:
        return _of_plans(planned_anew(content, fields, source), sources)
    event = _event(content.source, fields)
    if isinstance(content, Delivery):
        made = _made_of(content, event, fields, source)
        return Rendered((_counterpart(content, made),))
    rule = _wanting(str(content.rule), event, source)
    return Rendered(_fit(render(rule, Packed(event, content.event), source)))


def _of_plans(plans: Sequence[Plan], sources: Sources) -> Rendered:
    deliveries = [it for one in plans for it in one.deliveries]
    parked = [it for one in plans for it in one.parked]
    for late in [it for it in parked if it.reason == "expired"]:  # whether it goes is not for here
        deliveries += rendered(late, sources).deliveries
        parked.remove(late)
    if not deliveries and not parked:
        raise Unrenderable("", _unwanted(plans))
    return Rendered(tuple(deliveries), tuple(_why(it) for it in parked))


def _why(parked: Parked) -> str:
    return ": ".join(it for it in (parked.rule, parked.reason, parked.detail) if it)


def _unwanted(plans: Sequence[Plan]) -> str:
    if any(one.shadow for one in plans):
        return "its rules are in shadow, so nothing of it is sent"
    why = {f"{it.rule}: {it.why}" for one in plans for it in one.unmatched}
    return f"no rule wants it now: {'; '.join(sorted(why)) or 'there is none'}"


def _made_of(
    delivery: Delivery, event: Event, fields: Mapping[str, Any], source: Source
) -> tuple[Delivery, ...]:
    """Return all that a delivery's rule makes of what it carries of its event."""
    if "item" not in fields:
        rule = _wanting(delivery.rule, event, source)
        return _fit(render(rule, Packed(event, delivery.event), source))
    rule = _by_item(delivery.rule, source)
    alone = replace(event, body=[fields["item"]])
    packed = message.pack({**fields, "body": alone.body})
    return _fit(render(replace(rule, for_each=_WHOLE), Packed(alone, packed), source))


def _wanting(name: str, event: Event, source: Source) -> Rule:
    """Return the rule of this name, which must want the event."""
    found = match(event, source)
    rule = next((it for it in found.wanted if it.name == name), None)
    if rule is not None:
        return _in_force(rule)
    for failed, why in found.failed:
        if failed.name == name:
            raise why
    why_not = next((it.why for it in found.unmatched if it.rule == name), None)
    if why_not is None:
        raise Unrenderable("", f"{source.name} has no rule {name} any more")
    raise Unrenderable("", f"the rule does not want it now: {why_not}")


def _by_item(name: str, source: Source) -> Rule:
    """Return the rule of this name, which must get by with one element of its `for_each`."""
    rule = next((it for it in source.rules if it.name == name and it.enabled), None)
    if rule is None:
        raise Unrenderable("", f"{source.name} has no rule {name} in force any more")
    if rule.for_each is None:
        raise Unrenderable("", "it was made of one element of a list, and the rule has no for_each")
    if not rule.once_per_item:
        words = "its rule tells elements apart by their place, which the letter does not keep"
        raise Unrenderable("", f"{words}: redrive it without --rendered")
    templates: list[Template] = [rule.once, *rule.send.values(), *rule.folded.values()]
    templates += [it for recipient in rule.recipients for it in recipient.values()]
    if any(_reads_body(it) for it in templates):
        words = "it carries only its own element of for_each, and the rule reads body too"
        raise Unrenderable("", f"{words}: redrive it without --rendered")
    return _in_force(rule)


def _reads_body(template: Template) -> bool:
    found = list(expressions(template))
    return any("body" in root_names(it) or "root(" in it.text for it in found)


def _in_force(rule: Rule) -> Rule:
    if rule.shadow:
        raise Unrenderable("", "its rule is in shadow, so nothing of it is sent")
    return rule


def _counterpart(delivery: Delivery, made: tuple[Delivery, ...]) -> Delivery:
    """Return of all that a rule makes the delivery that has taken this one's place."""
    for it in made:
        if it.id == delivery.id:
            return it
    same = [it for it in made if _who(it) == _who(delivery)]
    if len(made) == 1 or len(same) == 1:
        return (same or list(made))[0]
    raise Unrenderable("", "nothing that the rule makes now is for the same recipient")


def _who(delivery: Delivery) -> list[Any]:
    return [(delivery.recipient or {}).get(name) for name in IDENTIFIERS]


def _fit(made: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
    if not made:
        raise Unrenderable("", "the rule makes nothing of it now: its for_each gives an empty list")
    if max(len(message.encode(it)) for it in made) > message.MAX_BYTES:
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
    """Return the event; raise Unrenderable where it is none."""
    known = {it.name for it in attributes(Event)} - {"source"}
    try:
        return Event(source=source, **{name: it for name, it in fields.items() if name in known})
    except TypeError:  # one of them is missing
        raise Unrenderable("", "it carries no whole event") from None
