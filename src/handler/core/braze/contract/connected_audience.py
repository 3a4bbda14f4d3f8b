"""Checks of Braze's connected audience: the filters that narrow who is reached.

Source: braze.com/docs/api/objects_filters/connected_audience. An audience is literal, so all of it
is checked when the file is loaded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from handler.core.braze.contract.predicates import Fits, is_number, is_text, is_truth, one_of
from handler.core.expressions.template import Problem
from handler.core.suggestions import closest

CONNECTIVES: Final = ("AND", "OR")
FILTERS: Final = (
    "custom_attribute",
    "push_subscription_status",
    "email_subscription_status",
    "last_used_app",
)
_STATES: Final = ("opted_in", "subscribed", "unsubscribed")
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)

Place = tuple[str | int, ...]


def is_time(value: object) -> bool:
    """Return whether a value is text of ISO 8601: a day, or a day and a time of it."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)


def _listed(fits: Fits) -> Fits:
    """Return a predicate of one value, or of a list of one at least."""
    return lambda value: (
        bool(value) and all(map(fits, value)) if isinstance(value, list) else fits(value)
    )


_Takes = tuple[Fits, str]
_SCALAR: Final = (_is_scalar, "text, a number, true or false")
_SCALARS: Final = (_listed(_is_scalar), "text, a number, true or false, or a list of these")
_TEXTS: Final = (_listed(is_text), "text, or a list of texts")
_ONE_SCALAR: Final = (_is_scalar, f"{_SCALAR[1]}; a list goes with is_none_of")
_NUMBER: Final = (is_number, "a number")
_DAYS: Final = (is_number, "a number of days")
_MOMENT: Final = (is_time, "a time in ISO 8601, such as 2026-11-20T21:00:00Z")
_PATTERN: Final = (is_text, "text")
# The values that each comparison of a custom attribute takes. Which comparisons fit depends on the
# type of the attribute, which only Braze knows.
COMPARISONS: Final[Mapping[str, _Takes]] = {
    **dict.fromkeys(("equals", "not_equal"), _SCALAR),
    "does_not_equal": (is_truth, "true or false; text and numbers go with not_equal"),
    **dict.fromkeys(("is_any_of", "is_none_of"), _TEXTS),
    "matches_regex": _PATTERN,
    "does_not_match_regex": _PATTERN,
    "includes_value": _SCALARS,
    "does_not_include_value": _ONE_SCALAR,
    **dict.fromkeys(("greater_than", "greater_than_or_equal_to"), _NUMBER),
    **dict.fromkeys(("less_than", "less_than_or_equal_to"), _NUMBER),
    **dict.fromkeys(("less_than_x_days_ago", "greater_than_x_days_ago"), _DAYS),
    **dict.fromkeys(("less_than_x_days_in_the_future", "greater_than_x_days_in_the_future"), _DAYS),
    **dict.fromkeys(("after", "before"), _MOMENT),
    **dict.fromkeys(("exists", "does_not_exist"), _SCALAR),
}
# Comparisons that Braze's page had, and has no longer, with those that took their place.
RETIRED: Final = {"does_not_equal": "not_equal"}
_VALUELESS: Final = ("exists", "does_not_exist")
_STATE: Final = (one_of(*_STATES), f"one of {', '.join(_STATES)}")
_STATUS: Final[Mapping[str, _Takes]] = {"is": _STATE, "is_not": _STATE}
_LAST_USED: Final[Mapping[str, _Takes]] = {"after": _MOMENT, "before": _MOMENT}
FILTER_COMPARISONS: Final = dict(
    zip(FILTERS, (COMPARISONS, _STATUS, _STATUS, _LAST_USED), strict=True)
)


def check_audience(audience: object, place: Place = ("audience",)) -> Iterator[Problem]:
    """Yield the problems of a connected audience, each with its path."""
    known = (*CONNECTIVES, *FILTERS)
    if not isinstance(audience, dict) or len(audience) != 1:
        yield place, f"{_at(place)} takes an object with exactly one of {', '.join(known)}"
        return
    ((key, inner),) = audience.items()
    below = (*place, key)
    if key in CONNECTIVES:
        if not isinstance(inner, list) or not inner:
            yield below, f"{_at(below)} takes a list of one filter at least"
            return
        for index, part in enumerate(inner):
            yield from check_audience(part, (*below, index))
    elif key in FILTERS:
        yield from _check_filter(inner, key, below)
    else:
        yield below, f"{_at(place)} has no filter {key}{_near(key, known)}"


def retired(audience: object, place: Place = ("audience",)) -> Iterator[Problem]:
    """Yield the comparisons of an audience that Braze's page no longer has."""
    if isinstance(audience, list):
        for index, part in enumerate(audience):
            yield from retired(part, (*place, index))
    elif isinstance(audience, dict):
        for key, inner in audience.items():
            if key == "comparison" and inner in RETIRED:
                text = f"Braze's page no longer has {inner}; write {RETIRED[inner]}"
                yield (*place, key), f"{_at((*place, key))}: {text}"
            yield from retired(inner, (*place, key))


def _check_filter(block: object, name: str, place: Place) -> Iterator[Problem]:
    is_custom = name == "custom_attribute"
    keys = (*(["custom_attribute_name"] if is_custom else []), "comparison", "value")
    if not isinstance(block, dict):
        yield place, f"{_at(place)} takes an object with {', '.join(keys)}"
        return
    for key in block.keys() - set(keys):
        yield (*place, key), f"{_at(place)} has no {key}{_near(key, keys)}"
    if is_custom and not _is_name(block.get("custom_attribute_name")):
        yield place, f"{_at(place)} needs the custom_attribute_name, as text"
    yield from _check_comparison(block, FILTER_COMPARISONS[name], place)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_comparison(
    block: Mapping[str, object], known: Mapping[str, _Takes], place: Place
) -> Iterator[Problem]:
    comparison = block.get("comparison")
    if not isinstance(comparison, str) or comparison not in known:
        text = f"{_at((*place, 'comparison'))} takes one of {', '.join(known)}"
        yield (*place, "comparison") if "comparison" in block else place, text
        return
    if "value" not in block and comparison in _VALUELESS:
        return
    fits, takes = known[comparison]
    if not fits(block.get("value")):
        where = (*place, "value")
        yield where if "value" in block else place, f"{_at(where)}: {comparison} takes {takes}"


def _near(key: str, known: Iterable[str]) -> str:
    near = closest(key, known)
    return f"; did you mean {near}?" if near else f" (there are: {', '.join(known)})"


def _at(place: Place) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")
