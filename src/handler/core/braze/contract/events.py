"""Checks of the events of users/track: what Braze refuses, drops, or stores as something else.

Sources: braze.com/docs/api/objects_filters/event_object and
braze.com/docs/api/endpoints/user_data/post_user_track.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from handler.core.braze.contract import ecommerce
from handler.core.braze.contract.breaches import Breach, shown
from handler.core.braze.contract.custom_attributes import MAX_TEXT, is_moment
from handler.core.braze.contract.predicates import is_open, is_text
from handler.core.braze.contract.property_values import is_plain, value_breaches
from handler.core.braze.contract.user_objects import IDENTITY, UPDATE
from handler.core.braze.contract.visible import kind_of, visible
from handler.core.braze.identifiers import OTHER_IDS
from handler.core.braze.request import encode_request
from handler.core.expressions.template import Template, Whole
from handler.core.json_types import JsonValue
from handler.core.suggestions import unknown_key

MAX_EVENT_BYTES: Final = 102_400  # of the properties of one event
KEYS: Final = (*IDENTITY, UPDATE, "app_id", "name", "time", "properties")
RESERVED: Final = ("time", "event_name")
MISPLACED: Final = {
    **dict.fromkeys(("external_user_id", *OTHER_IDS), "it is called external_id here"),
    "event_name": "it is called name here",
    "event_properties": "they are called properties here",
    "trigger_properties": "they are called properties here",
    "timestamp": "it is called time here",
    "send_to_existing_only": "_update_existing_only says it here",
    "prioritization": "users/track has none; it finds the profile that was updated last",
    "attributes": "they stand beside events, in objects of their own",
    "partner": "Braze's page has none",
    "api_key": "the relay adds the API key itself; it never stands in a rules file",
}
_ZONED: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\S*(Z|[+-]\d{2}:?\d{2})", re.ASCII)
_TIME: Final = "a time with its zone, such as 2026-11-20T21:00:00Z"


def is_event_time(value: object) -> bool:
    """Return whether a value is a time of ISO 8601 that says where its clock stands."""
    return is_moment(value) and isinstance(value, str) and bool(_ZONED.fullmatch(value))


def breaches(event: Mapping[str, Template]) -> Iterator[Breach]:
    """Yield what is wrong in an event, written or rendered, but for its user and its size."""
    for key in event:
        if key not in KEYS:
            told = MISPLACED.get(key, "")
            hint = "" if told else _is_property(key)
            yield Breach((key,), f"{unknown_key(key, KEYS, told)}{hint}")
    yield from _of_name(event)
    yield from _of_time(event)
    if "app_id" in event and not (is_open(event["app_id"]) or is_text(event["app_id"])):
        yield Breach(("app_id",), "app_id takes text", is_vital=False)
    name = event.get("name")
    for given in visible(event.get("properties", {})):
        for breach in _of_properties(name if isinstance(name, str) else "", given):
            yield breach.below("properties")


def oversize(properties: JsonValue) -> str | None:
    """Return why the properties of an event are too large, or None."""
    if len(encode_request(properties)) > MAX_EVENT_BYTES:
        return f"properties: they are larger than {MAX_EVENT_BYTES:,} bytes"
    return None


def property_breaches(properties: Mapping[str, Template]) -> Iterator[Breach]:
    """Yield what is wrong in the properties of a custom event."""
    for name, value in properties.items():
        if text := misnamed(name):
            yield Breach((name,), text)
        for given in () if text or is_plain(value) else visible(value):
            yield from (one.below(name) for one in value_breaches(shown(name), given))


def misnamed(name: str) -> str | None:
    """Return why no property of an event can have this name, or None."""
    if name in RESERVED:
        mend = "the event's own time stands beside properties" if name == "time" else "rename it"
        return f"{name} is Braze's own name, and no property has it: {mend}"
    if not name.strip() or len(name) > MAX_TEXT or name.startswith("$"):
        return f"names of properties have 1 to {MAX_TEXT} characters, and no $ in front"
    return None


def _is_property(key: str) -> str:
    is_meant = shown(key) == key
    return "; what an event holds stands below properties" if is_meant else ""


def _of_name(event: Mapping[str, Template]) -> Iterator[Breach]:
    name = event.get("name")
    if is_open(name):
        text = "the name of an event is written down, or ${vars.x}: no webhook chooses it"
        yield Breach(("name",), f"name: {text}")
    elif not isinstance(name, str) or not name.strip():
        yield Breach(("name",), "name is missing: an event has one, as text")
    elif len(name) > MAX_TEXT or name.startswith("$"):
        yield Breach(("name",), f"name has 1 to {MAX_TEXT} characters, and no $ in front")
    elif text := ecommerce.misnamed(name) or "":
        yield Breach(("name",), f"name: {text}")


def _of_time(event: Mapping[str, Template]) -> Iterator[Breach]:
    if "time" not in event:
        mend = "write ${time(body.created_at)}, or ${time(occurred_at)}"
        yield Breach(("time",), f"time is missing: Braze takes no event without; {mend}")
        return
    for given in visible(event["time"]):
        if isinstance(given, Whole) and kind_of(given) not in (None, "text"):
            made = given.expression.text
            yield Breach(("time",), f"time takes {_TIME}: write ${{time({_of_epoch(made)})}}")
        elif not is_open(given) and not is_event_time(given):
            text = f"time takes {_TIME}: time() makes one of any time, as in ${{time(body.at)}}"
            yield Breach(("time",), text)


def _of_epoch(text: str) -> str:
    """Return the moment of an expression that makes a number of seconds of it."""
    found = re.fullmatch(r"epoch(?:_ms)?\((.+)\)", text)
    return found[1] if found else text


def _of_properties(name: str, properties: Template) -> Iterator[Breach]:
    if isinstance(properties, Whole):
        text = (
            "the names of properties are written down: give an object, or an expression that"
            " writes them, such as ${body.{order_id: text(id)}}"
        )
        yield Breach((), f"properties: {text}")
    elif not isinstance(properties, dict):
        yield Breach((), "properties takes an object")
    elif name in ecommerce.EVENTS:
        yield from ecommerce.breaches(name, properties)
    else:
        yield from property_breaches(properties)
