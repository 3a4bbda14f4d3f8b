"""Checks of custom attributes: scalars, lists, objects, and Braze's operators.

Sources: braze.com/docs/api/objects_filters/user_attributes_object and
braze.com/docs/user_guide/data/custom_data/custom_attributes/nested_custom_attribute_support
(and array_of_objects, beside it).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from handler.core.braze.contract.predicates import (
    Fits,
    is_day,
    is_open,
    is_whole_number,
    like,
    list_of,
    open_or,
    record,
)
from handler.core.braze.profile_writes import ADDING
from handler.core.braze.request import encode_request
from handler.core.expressions.template import Template, literal_part

MAX_TEXT: Final = 255
MAX_ITEMS: Final = 500
MAX_NESTED_BYTES: Final = 100 * 1024
# ISO 8601, and the other forms that Braze lists: MM/dd/yyyy, and ddd MM dd HH:mm:ss.TZD YYYY.
_TIME: Final = re.compile(
    r"(?P<iso>\d{4}-\d{2}-\d{2})([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.:]\d{1,9})?)?"
    r"( ?(Z|[+-]\d{2}:?\d{2}))?)?"
    r"|(?P<month>\d{2})/(?P<day>\d{2})/(?P<year>\d{4})"
    r"|[A-Z][a-z]{2} (?P<month_>\d{2}) (?P<day_>\d{2}) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\S{1,6}"
    r" (?P<year_>\d{4})",
    re.ASCII,
)
_NO_NAME: Final = frozenset("$. ")


def is_moment(value: object) -> bool:
    """Return whether a value is a date in one of the forms that Braze lists, and in the calendar.

    Braze silently drops an attribute with a date in another form.
    """
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return False
    parts = found.group("year", "month", "day", "year_", "month_", "day_")
    return is_day(found["iso"] or "-".join(filter(None, parts)))


def custom_breach(value: object, *, may_add: bool = False) -> str | None:
    """Return the rule of Braze's that a custom attribute breaks, or None.

    What adds to a value is a breach too, unless it `may_add`: a retry would add again.
    """
    if not may_add and (key := _adding(value)):
        return f"{key} is not repeatable: a retry adds again; send the whole value"
    if isinstance(value, dict):
        return _operation(value) if _is_operation(value) else _object(value)
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return _object(value)
    return _nested(value)


def is_adding(value: object) -> bool:
    """Return whether a value adds to what the profile has, so that a repeat adds again."""
    return _adding(value) is not None


def _adding(value: object) -> str | None:
    if not isinstance(value, dict) or not _is_operation(value):
        return None
    return next((key for key in ADDING if key in value), None)


def null_within(value: object) -> str | None:
    """Return why a null that is written within an object does nothing; None where there is none.

    Braze, "Nested custom attributes": null is none of the types that an object holds, and removes
    an attribute as a whole. A null of the event's own is sent where `keep_empty` says so.
    """
    if isinstance(value, list):
        return next(filter(None, map(null_within, value)), None)
    if not isinstance(value, dict):
        return None
    inner = {key: one for key, one in value.items() if key != "$identifier_value"}
    if any(one is None for one in inner.values()):
        return "an object holds no null: leave the key out, or write null for the whole attribute"
    return null_within([*inner.values()])


def _scalar(value: object) -> str | None:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"text has {MAX_TEXT} characters at most"
    return None


def _list(items: Sequence[object]) -> str | None:
    known = [one for one in items if not is_open(one)]
    objects = [one for one in known if isinstance(one, dict)]
    if objects and len(objects) < len(known):
        return "a list holds objects, or text, numbers and booleans, and not both"
    if any(isinstance(one, list | None) for one in known):
        return "a list holds objects, or text, numbers and booleans"
    if not objects and len(items) > MAX_ITEMS:
        return f"a list has {MAX_ITEMS} items at most"
    return _first(known)


def _first(values: Sequence[object]) -> str | None:
    return next(filter(None, map(_nested, values)), None)


def _object(value: Template) -> str | None:
    if text := _nested(value):
        return text
    if len(encode_request(literal_part(value))) > MAX_NESTED_BYTES:
        return f"objects and lists of them have {MAX_NESTED_BYTES:,} bytes at most"
    return None


def _nested(value: object) -> str | None:
    if isinstance(value, list):
        return _list(value)
    if not isinstance(value, dict):
        return _scalar(value)
    if "$time" in value:
        text = "$time stands alone, with a date such as 2026-11-20T21:00:00Z"
        return None if record({"$time": is_moment})(value) else text
    if any(not key or len(key) > MAX_TEXT or _NO_NAME & set(key) for key in value):
        return f"names in an object have 1 to {MAX_TEXT} characters, and no $, dot or blank"
    return _first([*value.values()])


def _is_list(value: object) -> bool:
    return isinstance(value, list) and not custom_breach(value)


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and not _object(value)


def _any(_value: object) -> bool:
    return True


_FOUND: Final[Mapping[str, Fits]] = {
    "$identifier_key": like(re.compile(".+")),
    "$identifier_value": _any,
}
# Braze's operators, which change a value; those of one line may be combined.
_OPERATORS: Final[Sequence[Mapping[str, Fits]]] = (
    {"inc": is_whole_number},
    {"add": _is_list, "remove": _is_list},
    {
        "$add": list_of(_is_object),
        "$remove": list_of(record(_FOUND)),
        "$update": list_of(record({**_FOUND, "$new_object": _is_object})),
    },
)
_TAKES: Final = {
    "inc": "a whole number",
    **dict.fromkeys(("add", "remove"), "a list of values, as an attribute does"),
    "$add": "a list of objects",
    "$remove": "a list of objects, each of $identifier_key and $identifier_value",
    "$update": "a list of objects, each of $identifier_key, $identifier_value and $new_object",
}


def _is_operation(value: Mapping[str, object]) -> bool:
    return bool(value) and any(value.keys() <= known.keys() for known in _OPERATORS)


def _operation(value: Mapping[str, object]) -> str | None:
    known = {key: fits for one in _OPERATORS for key, fits in one.items()}
    bad = next((key for key, each in value.items() if not open_or(known[key], each)), None)
    return f"{bad} takes {_TAKES[bad]}{_mend(bad, value[bad])}" if bad else None


def _mend(operator: str, value: object) -> str:
    if operator == "inc" and isinstance(value, str):
        return ", and text is none: to_number() makes one"
    if operator == "inc" and isinstance(value, float):
        return ": round(number, `0`) makes one"
    return ""
