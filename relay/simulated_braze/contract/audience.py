"""Connected audiences: Braze's grammar, and whether a profile is in one.

After Braze's page "Connected audience object". Nothing else is accepted.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

_DAY: Final = 86_400
_STATUS: Final = {
    "push_subscription_status": "push_subscribe",
    "email_subscription_status": "email_subscribe",
}
_STATES: Final = ("opted_in", "subscribed", "unsubscribed")
_EXISTENCE: Final = ("exists", "does_not_exist")
# Each negative comparison, with the one that it negates.
_CONTRARY: Final = {
    "not_equal": "equals",
    "does_not_equal": "equals",  # of an earlier state of the page, for booleans
    "does_not_match_regex": "matches_regex",
    "does_not_include_value": "includes_value",
    "is_none_of": "is_any_of",
}
# By the days since the attribute's time: those of the future are negative.
_DAYS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "less_than_x_days_ago": lambda since, days: 0 <= since < days,
    "greater_than_x_days_ago": lambda since, days: since > days,
    "less_than_x_days_in_the_future": lambda since, days: 0 <= -since < days,
    "greater_than_x_days_in_the_future": lambda since, days: -since > days,
}
_MOMENT: Final = ("after", "before")
# Forms of attributes beside ISO 8601: MM/dd/yyyy, and ddd MM dd HH:mm:ss.TZD YYYY less its zone.
_FORMS: Final = ("%m/%d/%Y", "%a %m %d %H:%M:%S %Y")
_ZONE: Final = re.compile(r"(?<=:\d\d)\.\S{1,6} ")


def problems(node: object, path: str = "audience") -> Iterator[str]:
    """Yield what is wrong with a connected audience, each with its place."""
    if not isinstance(node, dict) or len(node) != 1:
        yield f"{path} needs exactly one filter, AND or OR"
        return
    ((key, value),) = node.items()
    if key in ("AND", "OR"):
        if not isinstance(value, list) or not value:
            yield f"{path}.{key} needs a list of filters"
            return
        for index, one in enumerate(value):
            yield from problems(one, f"{path}.{key}[{index}]")
    elif key in ("custom_attribute", "last_used_app", *_STATUS):
        yield from _filter_problems(key, value, f"{path}.{key}")
    else:
        yield f"{path} has an unknown filter {key}"


def _filter_problems(key: str, value: object, path: str) -> Iterator[str]:
    names = {"comparison", "value"} | ({"custom_attribute_name"} & _names(key))
    if not isinstance(value, dict) or not value.keys() <= names or "comparison" not in value:
        yield f"{path} takes {', '.join(sorted(names))}"
    elif not _fits(key, value):
        yield f"{path} has a comparison or value that Braze does not know"


def _names(key: str) -> set[str]:
    return {"custom_attribute_name"} if key == "custom_attribute" else set()


def _fits(key: str, one: Mapping[str, Any]) -> bool:
    comparison, value = one["comparison"], one.get("value")
    if key in _STATUS:
        return comparison in ("is", "is_not") and value in _STATES
    if key == "last_used_app":
        return comparison in _MOMENT and moment(value) is not None
    name = one.get("custom_attribute_name")
    return isinstance(name, str) and bool(name.strip()) and _VALUES.get(comparison, _never)(value)


def moment(value: object) -> float | None:
    """Return the time of an ISO 8601 text in epoch seconds, UTC without a zone; None for none."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def attribute_time(value: object) -> float | None:
    """Return the time of a date attribute, in any of the forms that Braze lists; None for none."""
    found = moment(value)
    if found is None and isinstance(value, str):
        for form in _FORMS:
            with suppress(ValueError):
                plain = _ZONE.sub(" ", value)
                return datetime.strptime(plain, form).replace(tzinfo=UTC).timestamp()
    return found


def _never(_: object) -> bool:
    return False


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)


def _is_filled(value: object, fits: Callable[[object], bool]) -> bool:
    """Return whether a value is a list of one fitting item at least."""
    return isinstance(value, list) and bool(value) and all(map(fits, value))


def _is_same(own: object, value: object) -> bool:
    """Return whether two values are one in JSON, where true is no number."""
    return isinstance(own, bool) is isinstance(value, bool) and own == value


def _has_one(own: list[Any], value: Any) -> bool:
    """Return whether one of some values is the one asked for, or one of those asked for."""
    asked = value if isinstance(value, list) else [value]
    return any(_is_same(one, each) for one in own for each in asked)


def _is_pattern(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    return lambda own, value: _is_number(own) and compare(own, value)


_ORDER: Final = {
    "greater_than": _ordered(operator.gt),
    "greater_than_or_equal_to": _ordered(operator.ge),
    "less_than": _ordered(operator.lt),
    "less_than_or_equal_to": _ordered(operator.le),
}
_PLAIN: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    **_ORDER,
    "equals": _is_same,
    "includes_value": lambda own, value: isinstance(own, list) and _has_one(own, value),
    "is_any_of": lambda own, value: _has_one(own if isinstance(own, list) else [own], value),
    "matches_regex": lambda own, value: isinstance(own, str) and bool(re.search(value, own)),
}
# By comparison of a custom attribute: the test of its value.
_VALUES: Final[Mapping[object, Callable[[object], bool]]] = {
    **dict.fromkeys(_EXISTENCE, lambda _: True),
    **dict.fromkeys(_MOMENT, lambda value: moment(value) is not None),
    **dict.fromkeys((*_ORDER, *_DAYS), _is_number),
    **dict.fromkeys(("matches_regex", "does_not_match_regex"), _is_pattern),
    **dict.fromkeys(("equals", "not_equal", "does_not_include_value"), _is_scalar),
    "includes_value": lambda value: _is_scalar(value) or _is_filled(value, _is_scalar),
    **dict.fromkeys(
        ("is_any_of", "is_none_of"), lambda value: _is_text(value) or _is_filled(value, _is_text)
    ),
    "does_not_equal": lambda value: isinstance(value, bool),
}


def includes(node: Mapping[str, Any], profile: Mapping[str, Any], now: float, absent: str) -> bool:
    """Return whether a profile is in an audience; `absent` is the switch of that name's value."""
    ((key, value),) = node.items()
    if key == "AND":
        return all(includes(one, profile, now, absent) for one in value)
    if key == "OR":
        return any(includes(one, profile, now, absent) for one in value)
    if key in _STATUS:
        is_so = profile.get(_STATUS[key], "subscribed") == value["value"]
        return is_so is (value["comparison"] == "is")
    if key == "last_used_app":
        return _holds(value, profile.get("date_of_last_session"), now)
    own = profile.get(value["custom_attribute_name"])
    if own is None and value["comparison"] in _CONTRARY:
        # The page says so of is_none_of alone.
        return value["comparison"] == "is_none_of" or absent == "differs"
    return _holds(value, own, now)


def _holds(one: Mapping[str, Any], own: Any, now: float) -> bool:
    comparison, value = one["comparison"], one.get("value")
    if comparison in _EXISTENCE:
        return (own is not None) is (comparison == "exists")
    if comparison in _CONTRARY:
        return not _PLAIN[_CONTRARY[comparison]](own, value)
    if comparison in _PLAIN:
        return _PLAIN[comparison](own, value)
    return _timely(comparison, value, attribute_time(own), now)


def _timely(comparison: str, value: Any, own: float | None, now: float) -> bool:
    if own is None:
        return False
    if comparison in _DAYS:
        return _DAYS[comparison]((now - own) / _DAY, value)
    than = moment(value) or 0.0
    return own > than if comparison == "after" else own < than
