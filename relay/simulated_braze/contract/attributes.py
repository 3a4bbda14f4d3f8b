"""Attributes of a recipient: what Braze accepts, and what it leaves out without a word.

After Braze's pages on user attributes, nested attributes, arrays of objects and /users/track
(whose texts for errors these are: the trigger endpoints' own are not documented).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final, TypeGuard

from pydantic_core import to_json

from relay.simulated_braze.contract.audience import attribute_time

NESTED: Final = ("$add", "$remove", "$update")
_NAMED: Final = frozenset({"$identifier_key", "$identifier_value"})
_NEEDED: Final = {"$add": frozenset(), "$remove": _NAMED, "$update": _NAMED | {"$new_object"}}
MAX_TEXT: Final = 255  # characters, of a key and of a text
MAX_ITEMS: Final = 500
MAX_NESTED: Final = 100 * 1024  # bytes; a larger object is dropped, the attribute unchanged
IDENTIFIERS: Final = frozenset(
    {
        *("external_id", "external_user_id", "braze_id", "user_alias", "alias_name"),
        *("alias_label", "_update_existing_only", "push_token_import"),
    }
)
_GONE: Final = "bio"  # "removed and not processed"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NESTED: Final = re.compile(r"[^.$ ]+")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_STATES: Final = ("opted_in", "subscribed", "unsubscribed")
# Names with a dollar that nested objects may have: a date, and parts of the operators.
_DOLLARED: Final = ("$time", "$identifier_key", "$identifier_value", "$new_object")
_DEVICE: Final = range(8, 256)  # bytes
_BAD_TEXT: Final = f"must be text of at most {MAX_TEXT} characters"
_NAMES: Final = ("first_name", "last_name", "home_city", "country", "language", "phone")
_MAX_LINK: Final = 1024  # characters of a profile's image
_FLAGS: Final = ("email_open_tracking_disabled", "email_click_tracking_disabled", "_merge_objects")
_DATES: Final = ("date_of_first_session", "date_of_last_session", "marked_email_as_spam_at")


def is_operator(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether an attribute's value is an operator: an object with operators' keys only."""
    if not isinstance(value, Mapping) or not value:
        return False
    keys = value.keys()
    return keys == {"inc"} or keys <= {"add", "remove"} or keys <= set(NESTED)


def operator_problems(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with an operator."""
    for key, operand in value.items():
        if key == "inc":
            if type(operand) is not int:  # exact, for a bool is an int to isinstance
                yield "inc takes a whole number"
        elif not isinstance(operand, list):
            yield f"{key} takes a list"
        elif key in _NEEDED:
            for one in operand:
                if not isinstance(one, dict) or not _NEEDED[key] <= one.keys():
                    yield f"{key} takes objects, which name what is meant"


def kept(value: Any) -> Any:
    """Return a value as Braze stores it: an array of plain values has each of them once."""
    is_plain = isinstance(value, list) and not any(isinstance(one, dict) for one in value)
    return _unique(value) if is_plain else value


def changed(old: Any, value: Any, *, merge: bool) -> Any:
    """Return an attribute's value after it was given this one."""
    if is_operator(value):
        if "inc" in value:
            return (old if isinstance(old, int) else 0) + value["inc"]
        had = old if isinstance(old, list) else []
        if value.keys() <= {"add", "remove"}:
            return _listed(had, value.get("add", []), value.get("remove", []))
        return _objects(had, value, merge=merge)
    return _merged(old, value) if merge else value


def _merged(old: Any, value: Any) -> Any:
    """Return an object with another merged into it, at any depth."""
    if isinstance(value, Mapping) and isinstance(old, Mapping):
        return {**old, **{key: _merged(old.get(key), one) for key, one in value.items()}}
    return value


def _listed(old: list[Any], added: list[Any], removed: list[Any]) -> list[Any]:
    """Return an array of plain values: what is added again moves to the end."""
    gone = {_value(one) for one in (*added, *removed)}
    return [one for one in old if _value(one) not in gone] + _unique(added)


def _unique(values: list[Any]) -> list[Any]:
    """Return the values of an array, each once: Braze stores no value twice."""
    return list({_value(one): one for one in reversed(values)}.values())[::-1]


def _value(one: Any) -> Any:
    """Return what makes a value another one: in JSON true is not 1, and 1.0 is."""
    return one if type(one) in (str, int, float) else to_json(one)


def _objects(old: list[Any], value: Mapping[str, Any], *, merge: bool) -> list[Any]:
    """Return an array of objects after `$remove`, `$update` and `$add`."""
    left = [
        each for each in old if not any(_is_meant(each, one) for one in value.get("$remove", []))
    ]
    for one in value.get("$update", []):
        new = one["$new_object"]
        left = [
            ({**each, **new} if merge else new) if _is_meant(each, one) else each for each in left
        ]
    return [*left, *value.get("$add", [])]


def _is_meant(item: Any, one: Mapping[str, Any]) -> bool:
    key = one["$identifier_key"]
    return isinstance(item, Mapping) and key in item and item[key] == one["$identifier_value"]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_link(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_LINK


def is_email(value: object) -> bool:
    """Return whether a value is an e-mail address."""
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def is_uuid(value: object) -> bool:
    """Return whether a value is a UUID, as the id of a subscription group is."""
    return _UUID.fullmatch(str(value)) is not None


def _is_birthday(value: object) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_place(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"longitude", "latitude"}
        and all(
            isinstance(one, int | float) and not isinstance(one, bool) for one in value.values()
        )
        and abs(value["longitude"]) <= 180  # noqa: PLR2004 - degrees
        and abs(value["latitude"]) <= 90  # noqa: PLR2004 - degrees
    )


def _is_token(value: object) -> bool:
    if not isinstance(value, dict) or not {"app_id", "token"} <= value.keys():
        return False
    device = value.get("device_id", "x" * _DEVICE.start)
    return (
        value.keys() <= {"app_id", "token", "device_id"}
        and all(isinstance(one, str) and one for one in value.values())
        and len(device.encode()) in _DEVICE
    )


def _is_group(value: object) -> bool:
    needed = {"subscription_group_id", "subscription_state"}
    return (
        isinstance(value, dict)
        and needed <= value.keys() <= needed | {"use_double_opt_in_logic"}
        and is_uuid(value["subscription_group_id"])
        and value["subscription_state"] in ("subscribed", "unsubscribed")
        and isinstance(value.get("use_double_opt_in_logic", True), bool)
    )


def _all(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(fits(one) for one in value)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


# By field of Braze's own: the test of a value, and Braze's text where it fails.
_RESERVED: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    **dict.fromkeys((*_NAMES, "time_zone"), (_is_text, _BAD_TEXT)),
    "image_url": (_is_link, f"must be text of at most {_MAX_LINK} characters"),
    **dict.fromkeys(_FLAGS, (_is_flag, "must be true or false")),
    **dict.fromkeys(_DATES, (lambda value: attribute_time(value) is not None, "must be a date")),
    "email": (is_email, "The value provided for the 'email' field is not a valid email."),
    "email_subscribe": (_STATES.__contains__, "BAD_EMAIL_SUBSCRIPTION_STATE"),
    "push_subscribe": (_STATES.__contains__, "BAD_PUSH_SUBSCRIPTION_STATE"),
    "email_subscription_info": (
        lambda _: False,
        "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO",
    ),
    "gender": (("M", "F", "O", "N", "P").__contains__, "must be one of M, F, O, N, P"),
    "dob": (_is_birthday, "must be YYYY-MM-DD"),
    "current_location": (_is_place, "BAD_LOCATION_UPDATE"),
    "push_tokens": (_all(_is_token), "BAD_PUSH_TOKEN_VALUE"),
    "subscription_groups": (_all(_is_group), "BAD_SUBSCRIPTION_GROUP_HASH"),
    "facebook": (lambda value: isinstance(value, dict), "must be an object"),
    "twitter": (lambda value: isinstance(value, dict), "must be an object"),
}


def problem(name: str, value: object) -> str | None:
    """Return why Braze refuses an attribute; None where it accepts it. Null removes any."""
    if len(name) > MAX_TEXT or not name:
        return f"the name must have 1 to {MAX_TEXT} characters"
    if value is None:
        return None
    if name in _RESERVED:
        fits, why = _RESERVED[name]
        return None if fits(value) else why
    found = operator_problems(value) if is_operator(value) else _custom(value, "")
    return next(found, None)


def _custom(value: object, path: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        yield f"{path}a text is over {MAX_TEXT} characters"
    elif isinstance(value, list):
        yield from _array_problems(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not _NESTED.fullmatch(key) and key not in _DOLLARED:
                yield f"{path}a nested name is blank, or has a dot, a dollar or a blank in it"
            if len(key) > MAX_TEXT:
                yield f"{path}a nested name is over {MAX_TEXT} characters"
            yield from _custom(item, f"{path}{key}: ")


def _array_problems(value: list[object], path: str) -> Iterator[str]:
    for item in value:
        yield from _custom(item, path)
    kinds = {isinstance(item, dict) for item in value}
    if len(kinds) > 1 or any(isinstance(item, list | None) for item in value):
        yield f"{path}an array holds plain values, or objects, and nothing else"
    if kinds == {False} and len(value) > MAX_ITEMS:
        yield f"{path}an array has more than {MAX_ITEMS} elements"


def is_dropped(name: str, value: object, size: int) -> bool:
    """Return whether Braze leaves the attribute, of `size` bytes, unchanged and says nothing.

    A null within an object is none of the types that the page has, and what becomes of one is not
    said: the strict reading is that of a `$time` that is none.
    """
    nested = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, dict) for item in value)
    )
    is_bad = size > MAX_NESTED or _is_untimely(value) or _has_null(value)
    return name == _GONE or (nested and is_bad)


def _has_null(value: Any) -> bool:
    """Return whether an object within a value has a null, but for the value of an identifier."""
    if isinstance(value, list):
        return any(map(_has_null, value))
    if not isinstance(value, dict):
        return False
    inner = [one for key, one in value.items() if key != "$identifier_value"]
    return None in inner or any(map(_has_null, inner))


def _is_untimely(value: Any) -> bool:
    """Return whether a nested value has a `$time` that is no time."""
    if isinstance(value, list):
        return any(_is_untimely(item) for item in value)
    if not isinstance(value, dict):
        return False
    return ("$time" in value and attribute_time(value["$time"]) is None) or any(
        _is_untimely(item) for item in value.values()
    )
