"""Checks of a rule's `track`: Braze's body of users/track, about one user.

Sources: braze.com/docs/api/endpoints/user_data/post_user_track,
braze.com/docs/api/objects_filters/user_attributes_object and
braze.com/docs/api/objects_filters/event_object.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from handler.core.braze.contract import ecommerce, events, user_objects
from handler.core.braze.contract.attributes import FORBIDDEN, check_attributes
from handler.core.braze.contract.breaches import Breach, Place, problems
from handler.core.braze.contract.custom_attributes import is_adding
from handler.core.braze.contract.user_objects import IDENTITY, SECONDARY, UPDATE, named_by
from handler.core.braze.contract.visible import visible
from handler.core.braze.endpoints import MAX_OBJECTS, TRACK
from handler.core.braze.request import encode_request
from handler.core.expressions.template import Problem, Template, literal_part
from handler.core.suggestions import unknown_key

ATTRIBUTES: Final = "attributes"
EVENTS: Final = "events"
MAX_TRACK_BYTES: Final = 4_000_000  # 4 MB, of a whole request
_IN_EACH: Final = "it stands in each object of attributes and events"
_OF_SEND: Final = "it is for send; a rule has one of send, track and subscribe"
_NO_KEY: Final = "the relay adds the API key itself; it never stands in a rules file"
_NO_PARTNER: Final = "Braze's page has none"
MISPLACED: Final = {
    "purchases": (
        "Braze keeps them for old customers only: send an event ecommerce.order_placed, with"
        " total_value, currency and products"
    ),
    **dict.fromkeys((*IDENTITY, "external_user_id", UPDATE), _IN_EACH),
    **dict.fromkeys(("campaign_id", "canvas_id", "recipients", "trigger_properties"), _OF_SEND),
    "subscription_groups": "under track it stands among attributes; alone it is for subscribe",
    "app_id": "it stands in each object of events",
    "api_key": _NO_KEY,
    "partner": _NO_PARTNER,
}
# Names that no attribute can have here, and where they belong.
NO_ATTRIBUTE: Final = {
    **{name: why for name, why in FORBIDDEN.items() if name not in (*IDENTITY, UPDATE)},
    **dict.fromkeys(("alias_name", "alias_label"), "it stands below user_alias"),
    "external_user_id": "it is called external_id here",
    "send_to_existing_only": "_update_existing_only says it here",
    "prioritization": "users/track has none; it finds the profile that was updated last",
    "attributes": "under track, attributes stand in the object itself, beside who it is about",
    "trigger_properties": _OF_SEND,
    "app_id": "Braze takes it in each of push_tokens, and in events",
    "api_key": _NO_KEY,
    "partner": _NO_PARTNER,
}


def check_track(track: Mapping[str, Template]) -> list[Problem]:
    """Return what Braze would refuse, drop or misunderstand in the template of `track`."""
    found = [_unknown(key) for key in track if key not in TRACK.arrays]
    found += _check_lists(track)
    objects = list(objects_of(track))
    for place, thing in objects:
        found += problems(_breaches(place, thing), thing, *place)
        check = _check_attributes if place[0] == ATTRIBUTES else _check_addresses
        found += [((*place, *path), text) for path, text in check(thing)]
    found += _check_one_user(objects)
    if len(encode_request(literal_part(dict(track)))) > MAX_TRACK_BYTES:
        found.append(((), f"track: it is larger than {MAX_TRACK_BYTES:,} bytes"))
    return list(dict.fromkeys(found))


def objects_of(track: Mapping[str, Template]) -> Iterator[tuple[Place, dict[str, Template]]]:
    """Yield the objects of a body of users/track, written or rendered, with their places."""
    for array in TRACK.arrays:
        listed = track.get(array)
        for at, thing in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(thing, dict):
                yield (array, at), thing


def adding(thing: Mapping[str, Template]) -> list[str]:
    """Return the attributes of an object that are not absolute: a repeat adds to them again."""
    return [name for name, value in thing.items() if any(map(is_adding, visible(value)))]


def counts(track: Mapping[str, Template]) -> bool:
    """Return whether a repeat of `track` counts again: it has events, or attributes that add."""
    return any(place[0] == EVENTS or adding(thing) for place, thing in objects_of(track))


def needed_paths(track: Mapping[str, Template]) -> Iterator[str]:
    """Yield the paths in `track` without whose value an event does not leave."""
    for place, thing in objects_of(track):
        name = thing.get("name")
        if place[0] == EVENTS and isinstance(name, str) and name in ecommerce.EVENTS:
            yield from (f"events.properties.{one}" for one in ecommerce.needed_paths(name))


def _unknown(key: str) -> Problem:
    return (key,), unknown_key(key, TRACK.arrays, MISPLACED.get(key, ""))


def _check_lists(track: Mapping[str, Template]) -> Iterator[Problem]:
    number = 0
    for array in TRACK.arrays:
        listed = track.get(array, [])
        if not isinstance(listed, list):
            text = f"{array} takes a list that is written down: begin each object with a dash"
            yield (array,), text
            continue
        number += len(listed)
        for at, thing in enumerate(listed):
            if not isinstance(thing, dict):
                text = f"{array} takes objects that are written down; ${{...}} stands inside them"
                yield (array, at), text
    if not any(track.get(array) for array in TRACK.arrays):
        yield (), f"track needs {' or '.join(TRACK.arrays)}: it has no object"
    if number > MAX_OBJECTS:
        yield (), f"track has {number} objects; Braze takes {MAX_OBJECTS} in one request"


def _breaches(place: Place, thing: Mapping[str, Template]) -> Iterator[Breach]:
    yield from user_objects.breaches(thing)
    if place[0] == EVENTS:
        yield from events.breaches(thing)
        if text := events.oversize(literal_part(thing.get("properties"))):
            yield Breach(("properties",), text)


def _check_attributes(thing: Mapping[str, Template]) -> Iterator[Problem]:
    found_by = named_by(thing)
    attributes: dict[str, Template] = {
        name: one
        for name, one in thing.items()
        if name not in (*user_objects.PRIMARY, UPDATE, found_by)
    }
    yield from check_attributes(attributes, NO_ATTRIBUTE, may_add=True)
    if {"name", "time"} <= attributes.keys():
        yield ("name",), "with a name and a time this is an event: it stands under events"
    if not attributes and thing.get(UPDATE) is True:
        yield (), "it has no attributes, and with _update_existing_only: true it does nothing"


def _check_addresses(event: Mapping[str, Template]) -> Iterator[Problem]:
    """Yield the problems of what an event writes to its profile, beside what finds that."""
    found_by = named_by(event)
    written = {name: event[name] for name in SECONDARY if name in event and name != found_by}
    yield from check_attributes(written)


def _check_one_user(objects: list[tuple[Place, dict[str, Template]]]) -> Iterator[Problem]:
    named = [(place, key) for place, thing in objects if (key := named_by(thing))]
    for place, key in named[1:]:
        first, known = named[0]
        if key != known:
            text = (
                f"one request is about one user: {first[0]}[{first[1]}] names its {known}, and this"
                f" object its {key}; take the same, or write two rules"
            )
            yield (*place, key), text
