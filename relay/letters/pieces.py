"""One event of which more is to be made than a webhook may: rendered a piece at a time."""

from collections.abc import Iterator
from dataclasses import replace

from handler.core import message
from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.expression import Expression, compile_expression
from handler.core.models import Delivery, Event, Parked, Plan
from handler.core.planning.delivery_id import delivery_id, key_of, part_of
from handler.core.planning.match import match
from handler.core.planning.plan import event_fields
from handler.core.planning.render import MAX_DELIVERIES, Packed, render
from handler.core.rules.source import Rule, Source


def planned_in_pieces(event: Event, source: Source) -> Plan:
    """Return what the rules make of an event, with the ids that it would have in one piece."""
    found, parked = match(event, source), list[Parked]()
    packed = Packed(event, message.pack(event_fields(event)))
    made = list[Delivery]()
    failed = [(rule.name, str(why)) for rule, why in found.failed]
    for rule in (it for it in found.wanted if not it.shadow):
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
    if len({it.id for it in made}) < len(made):
        raise Unrenderable("recipients", "two of them are one delivery: items are one")
    return made


def _starts(for_each: Expression, event: Event, source: Source) -> range:
    try:
        items = for_each.search(source.proven(event))
    except ExpressionError as error:
        raise Unrenderable("for_each", str(error)) from None
    return range(0, len(items) if isinstance(items, list) else 1, MAX_DELIVERIES)


def _piece(rule: Rule, packed: Packed, source: Source, start: int) -> Iterator[Delivery]:
    """Yield the deliveries of the elements from a place on; by it some of them are told apart."""
    made = render(rule, packed, source)
    if rule.once_per_item:
        yield from made
        return
    proven = source.proven(packed.event)
    key = key_of(rule, packed.event, proven, type_signed=source.event.type_signed)
    of = len(rule.recipients)
    for at, it in enumerate(made):
        part = part_of(it.recipient or {}, of, start + at // of)
        yield replace(it, id=delivery_id(source.name, rule.name, key, part))
