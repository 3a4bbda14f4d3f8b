"""Renders the attributes and events of one user: a rule's `track`."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from handler.core.braze.contract import ecommerce, events
from handler.core.braze.contract.breaches import Place, dotted
from handler.core.braze.contract.track import ATTRIBUTES, EVENTS, MAX_TRACK_BYTES, adding
from handler.core.braze.contract.user_objects import PRIMARY, SECONDARY, UPDATE, named_by
from handler.core.braze.endpoints import TRACK
from handler.core.braze.identifiers import REACHING_ATTRIBUTES
from handler.core.braze.request import encode_request
from handler.core.errors import Unrenderable
from handler.core.expressions.form import Filled, Filling
from handler.core.expressions.template import Template, as_template
from handler.core.json_types import JsonValue
from handler.core.planning.attributes import kept_attributes
from handler.core.planning.identity import (
    Recipient,
    compared,
    find_nobody,
    identifier,
    take_signed,
)
from handler.core.planning.required import has, is_required, is_written
from handler.core.rules.source import RecipientForm, Rule, Scope

# Of an object, what decides who is reached: the signed values alone.
_REACHING: Final = (*PRIMARY, *REACHING_ATTRIBUTES)


class _Object(NamedTuple):
    """An object of an array: as it is written, filled from the event, and from its signed part."""

    array: str
    template: Mapping[str, Template]
    filled: Recipient
    signed: Recipient


def fill_track(rule: Rule, scope: Scope, warnings: list[str]) -> Recipient:
    """Return the attributes and events of one user; raise Unrenderable.

    Who is reached, and consent, come from `scope.signed` alone. What is left out, because its
    expression fails on the event's types or because Braze would not take it, is added to
    `warnings`. An event that Braze would drop is not sent.
    """
    (form,) = rule.recipient_forms
    known = len(warnings)
    objects = list(_objects(form, rule, scope, warnings))
    made = [(one, _made(one, rule, scope, warnings)) for one in objects]
    _find_another_user(made)
    for one, thing in made:
        _find_lacking(one, thing, rule)
    body: Recipient = {}
    for array in TRACK.arrays:
        kept: list[JsonValue] = [
            thing for one, thing in made if one.array == array and _writes(one, thing)
        ]
        body |= {array: kept} if kept else {}
    if not body:
        raise _nothing(rule, warnings[known:])
    # One object alone is less than a queue message, and to write it took as long as to check it.
    if len(made) > 1 and len(encode_request(body)) > MAX_TRACK_BYTES:
        raise Unrenderable("", f"it is larger than {MAX_TRACK_BYTES:,} bytes")
    return body


def _nothing(rule: Rule, warnings: list[str]) -> Unrenderable:
    """Return what is wrong with a body that holds nothing, by what was left out of it."""
    if not warnings:
        text = "all of them are missing: there is nothing to write"
        return Unrenderable(ATTRIBUTES, text)
    left_out = "; ".join(one.removeprefix(f"{rule.name}: ") for one in warnings)
    return Unrenderable(ATTRIBUTES, f"there is nothing to write: {left_out}")


def _objects(
    form: RecipientForm, rule: Rule, scope: Scope, warnings: list[str]
) -> Iterator[_Object]:
    filling = Filling(scope.document)
    body, who = form.whole.fill(filling), form.who.fill(Filling(scope.signed))
    warnings += [f"{rule.name}: {one.path} is left out: {one.detail}" for one in filling.lost]
    for array in TRACK.arrays:
        templates = form.template.get(array)
        for at, template in enumerate(templates if isinstance(templates, list) else ()):
            if isinstance(template, dict):
                yield _Object(array, template, _part(body, array, at), _part(who, array, at))


def _part(body: Filled, array: str, at: int) -> Recipient:
    """Return an object of a filled body: each is written down, so none is left out of its list."""
    listed = body.get(array) if isinstance(body, dict) else None
    part = listed[at] if isinstance(listed, list) else None
    return part if isinstance(part, dict) else {}


def _made(one: _Object, rule: Rule, scope: Scope, warnings: list[str]) -> Recipient:
    """Return an object as it is sent."""
    thing = take_signed(_REACHING, one.filled, one.signed)
    found_by = named_by(one.template) or ""
    path = f"{one.array}.{found_by}"
    find_nobody(path, one.template.get(found_by), scope.signed)
    who = {found_by: identifier(found_by, one.signed.get(found_by), path), UPDATE: thing[UPDATE]}
    own = {
        name: _whole(value)
        for name, value in thing.items()
        if name not in who and not _is_emptied(value, one.template.get(name))
    }
    if one.array == ATTRIBUTES:
        return {**who, **kept_attributes(own, rule, warnings, adding=adding(one.template))}
    given: Recipient = {name: own.pop(name) for name in SECONDARY if name in own}
    given = kept_attributes(given, rule, warnings, EVENTS) if given else given
    return {**who, **given, **_event(own, rule, warnings)}


def _is_emptied(value: JsonValue, template: Template) -> bool:
    """Return whether all that is written in an object is missing: `{inc: ...}` without a number.

    Braze would write an empty object over what the profile has, or add one to it. Where an
    expression brings an empty list or object, that is a value.
    """
    return isinstance(template, dict) and template != {} and _holds_nothing(value, template)


def _holds_nothing(value: JsonValue, template: Template) -> bool:
    if isinstance(value, dict) and isinstance(template, dict):
        return all(_holds_nothing(one, template.get(name)) for name, one in value.items())
    if isinstance(value, list) and isinstance(template, list):  # what is missing has no place
        return all(any(_holds_nothing(one, each) for each in template) for one in value)
    return False


def _whole(value: JsonValue) -> JsonValue:
    """Return an attribute as it is sent: 5.0 to add is 5, for Braze adds whole numbers."""
    added = value["inc"] if isinstance(value, dict) and value.keys() == {"inc"} else None
    return {"inc": int(added)} if isinstance(added, float) and added.is_integer() else value


def _event(event: Recipient, rule: Rule, warnings: list[str]) -> Recipient:
    """Return an event without what Braze would not take; raise Unrenderable for one it drops."""
    made = _normal(event)
    for breach in events.breaches(as_template(made)):
        path = dotted((EVENTS, *breach.place))
        if breach.is_vital:
            raise Unrenderable(path, breach.text)
        if is_required(".".join((EVENTS, *_keys(breach.place))), rule):
            raise Unrenderable(path, f"it is required: {breach.text}")
        warnings.append(f"{rule.name}: {path} is left out: {breach.text}")
        made = _without(made, breach.place)
    if text := events.oversize(made.get("properties")):
        raise Unrenderable(dotted((EVENTS, "properties")), text)
    return made


def _normal(event: Recipient) -> Recipient:
    """Return an event in the forms that Braze takes; PHP's JSON has [] for an empty map."""
    properties = event.get("properties")
    if properties == []:
        return {**event, "properties": {}}
    if event.get("name") in ecommerce.EVENTS and isinstance(properties, dict):
        return {**event, "properties": ecommerce.normal(properties)}
    return event


def _keys(place: Place) -> Iterator[str]:
    return (step for step in place if isinstance(step, str))


def _without(value: Recipient, place: Place) -> Recipient:
    """Return an object without the value at a place; of what is in a list, without the list.

    An object in a list stays, without its part.
    """
    key, *rest = place
    inner = value.get(str(key))
    if not rest:
        return {name: one for name, one in value.items() if name != key}
    if isinstance(inner, dict):
        return {**value, str(key): _without(inner, tuple(rest))}
    at, *within = rest
    if isinstance(inner, list) and isinstance(at, int) and within:
        item = inner[at]
        if isinstance(item, dict):
            items = [*inner[:at], _without(item, tuple(within)), *inner[at + 1 :]]
            return {**value, str(key): items}
    return {name: one for name, one in value.items() if name != key}


def _find_another_user(made: list[tuple[_Object, Recipient]]) -> None:
    """Raise Unrenderable where two objects are about two users: Braze would write to both."""
    named = [(one.array, key, thing[key]) for one, thing in made if (key := named_by(thing))]
    for array, key, value in named[1:]:
        first = named[0][1:]
        if (key, compared(key, value)) != (first[0], compared(*first)):
            text = f"it is another user than that of the first object of {named[0][0]}"
            raise Unrenderable(f"{array}.{key}", f"{text}: a request is about one")


def _find_lacking(one: _Object, thing: Recipient, rule: Rule) -> None:
    for path in rule.required:
        array, _, inner = path.partition(".")
        if array == one.array and is_written(one.template, inner) and not has(thing, inner):
            raise Unrenderable(path, "it is required, and missing")


def _writes(one: _Object, thing: Recipient) -> bool:
    """Return whether an object says anything: an event, an attribute, or that a profile is made."""
    if one.array == EVENTS or not thing[UPDATE]:
        return True
    return not thing.keys() <= {named_by(thing), UPDATE}
