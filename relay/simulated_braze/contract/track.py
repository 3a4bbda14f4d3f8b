"""Objects of /users/track: which requests Braze refuses, and which objects it drops. Pure.

After Braze's pages "Create and update users", "User attributes object", "Event object", "Purchase
object" and "Recommended events". A bad object is dropped within a success; Braze's words are used
where a page has them.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from relay.simulated_braze.contract import ecommerce
from relay.simulated_braze.contract.attributes import MAX_TEXT, problem
from relay.simulated_braze.contract.audience import attribute_time
from relay.simulated_braze.contract.body import bad_attributes, misfits
from relay.simulated_braze.contract.endpoints import DATA, TRACK
from relay.simulated_braze.contract.identifiers import NAMING, SECONDARY, naming_problems
from relay.simulated_braze.contract.sizes import Path
from relay.simulated_braze.switches import Switches

Json = dict[str, Any]
Place = tuple[str, int]  # an array of the request, and an index within it

ARRAYS: Final = DATA[TRACK].arrays
MAX_OBJECTS: Final = 75  # of all arrays together; on legacy contracts of each
MAX_EVENT_PROPERTIES: Final = 102_400  # bytes
MAX_PURCHASE_PROPERTIES: Final = 50 * 1024  # bytes
MAX_QUANTITY: Final = 100
NO_DATA: Final = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
_TOO_MANY: Final = "Max Input Length Exceeded"
_IMPORT: Final = "push_token_import"
# Keys of an attributes object that are no attributes.
CONTROL: Final = frozenset({*NAMING, _IMPORT})
# By key of an object: its type; `object` is looked at apart.
_OBJECT: Final = {**NAMING, **dict.fromkeys(SECONDARY, object), "app_id": str}
EVENT: Final = {**_OBJECT, "name": str, "time": str, "properties": dict}
PURCHASE: Final = {
    **_OBJECT,
    "product_id": str,
    "currency": str,
    "price": object,
    "quantity": int,
    "time": str,
    "properties": dict,
}
_RESERVED: Final[Mapping[str, frozenset[str]]] = {
    "events": frozenset({"time", "event_name"}),
    "purchases": frozenset(
        {"time", "product_id", "quantity", "event_name", "price", "currency"},
    ),
}
_MOST_BYTES: Final = {"events": MAX_EVENT_PROPERTIES, "purchases": MAX_PURCHASE_PROPERTIES}
# ISO 8601, and Braze's own form of it with a colon before the milliseconds.
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.:]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_FRACTION: Final = re.compile(r"(?<=:\d\d:\d\d)[.:](\d{1,6})\d*")
# The forms of a date in the properties of an event: other texts that could be one are text.
_DATED: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?|\d\d/\d\d/\d{4}"
    r"|[A-Z][a-z]{2} \d\d \d\d \d\d:\d\d:\d\d\.\S+ \d{4}",
    re.ASCII,
)


def moment(value: object) -> float | None:
    """Return the time of an event in epoch seconds, UTC without a zone; None for none."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r".\1", value))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def refusal(body: Json, switches: Switches) -> str | None:
    """Return why Braze refuses a request as a whole; None where it accepts it."""
    return next(_refusals(body, switches), None)


def _refusals(body: Json, switches: Switches) -> Iterator[str]:
    yield from misfits(body, dict.fromkeys(ARRAYS, list), switches)
    sizes = [len(body.get(name, [])) for name in ARRAYS]
    if not any(sizes):
        yield NO_DATA
    if (max(sizes) if switches.track_objects == "each_array" else sum(sizes)) > MAX_OBJECTS:
        yield _TOO_MANY


def objects(body: Json) -> Iterator[tuple[Place, Any]]:
    """Yield the objects of a request in the order in which Braze takes them, with their places."""
    for name in ARRAYS:
        for index, one in enumerate(body.get(name, [])):
            yield (name, index), one


def dropped(body: Json, found: Mapping[Path, int], switches: Switches) -> dict[Place, str]:
    """Return the objects that Braze drops, each with the reason; `found` are the bytes of parts."""
    reasons = {
        place: next(_problems(place, one, found, switches), None) for place, one in objects(body)
    }
    return {place: why for place, why in reasons.items() if why}


def _problems(
    place: Place, one: Any, found: Mapping[Path, int], switches: Switches
) -> Iterator[str]:
    """Yield what is wrong with an object; each check relies on those before it."""
    if not isinstance(one, dict):
        yield "must be an object"
    elif place[0] == "attributes":
        yield from _attributes_problems(one, switches)
    else:
        yield from _record_problems(place, one, found, switches)


def _attributes_problems(one: Json, switches: Switches) -> Iterator[str]:
    if one.get(_IMPORT) is True:
        if one.keys() & {"external_id", "braze_id"} or not one.get("push_tokens"):
            yield "BAD_PUSH_TOKEN_IMPORT"
        if why := problem("push_tokens", one["push_tokens"]):
            yield why  # without a token there is no profile: no switch lets it through
    else:
        yield from naming_problems(one)
    if type(one.get(_IMPORT, False)) is not bool:
        yield f"'{_IMPORT}' has the wrong type"
    if switches.bad_attributes != "ignored":
        yield from bad_attributes(attributes_in("attributes", one)).values()


def attributes_in(array: str, one: Json) -> Json:
    """Return what an object of an array writes to the profile: of an event, address and number."""
    if array == "attributes":
        return {name: value for name, value in one.items() if name not in CONTROL}
    return {name: one[name] for name in SECONDARY if name in one}


def _record_problems(
    place: Place, one: Json, found: Mapping[Path, int], switches: Switches
) -> Iterator[str]:
    """Yield what is wrong with an event or a purchase."""
    array = place[0]
    types: Mapping[str, type] = EVENT if array == "events" else PURCHASE
    given = {name: value for name, value in one.items() if types.get(name) is not object}
    yield from naming_problems(one)
    yield from misfits(given, types, switches)
    needed = ("name",) if array == "events" else ("product_id", "currency", "price")
    for name in (*needed, "time"):
        if name not in one:
            yield f"'{name}' is required"
    if moment(one["time"]) is None:
        yield "'time' must be a time in ISO 8601"
    yield from (_name_problems(one["name"]) if array == "events" else _sale_problems(one))
    yield from _properties_problems(array, one.get("properties", {}))
    if found.get((*place, "properties"), 0) > _MOST_BYTES[array]:
        yield f"'properties' are over {_MOST_BYTES[array]} bytes"
    if array == "events":
        yield from ecommerce.problems(one["name"].strip(), one.get("properties", {}))


def _name_problems(name: str) -> Iterator[str]:
    """Yield what is wrong with a name of an event, whose blanks around it Braze takes away."""
    if not 0 < len(name.strip()) <= MAX_TEXT or name.strip().startswith("$"):
        yield f"'name' must have 1 to {MAX_TEXT} characters and no leading dollar sign"


def _sale_problems(one: Json) -> Iterator[str]:
    if not 0 < len(one["product_id"]) <= MAX_TEXT:
        yield f"'product_id' must have 1 to {MAX_TEXT} characters"
    if not ecommerce.is_currency(one["currency"]):
        yield "'currency' must be an ISO 4217 currency"
    if type(one["price"]) not in (int, float):
        yield "'price' is not valid"
    if not 1 <= one.get("quantity", 1) <= MAX_QUANTITY:
        yield "'quantity' is not valid"


def _properties_problems(array: str, properties: Json) -> Iterator[str]:
    for name, value in properties.items():
        if not 0 < len(name) <= MAX_TEXT or name.startswith("$") or name in _RESERVED[array]:
            yield "Invalid 'properties' field"
        yield from _value_problems(name, value)


def _value_problems(name: str, value: object) -> Iterator[str]:
    """Yield what is wrong with a property's value, at any depth."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        yield f"'{name}' has a text over {MAX_TEXT} characters"
    elif isinstance(value, dict):
        for one in value.values():
            yield from _value_problems(name, one)
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, str) and _DATED.fullmatch(one) and attribute_time(one) is not None:
                yield f"'{name}' has a time within an array"
            yield from _value_problems(name, one)
