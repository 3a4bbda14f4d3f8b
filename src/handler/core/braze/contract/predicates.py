"""Predicates of values, of which the tables of Braze's fields are made.

A value is as rendered, or as written in a rules file, where an expression fits.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeGuard

from handler.core.expressions.template import Text, Whole

Fits = Callable[[object], bool]
# A tuple: to make the union `int | float` takes longer than to ask for it.
_NUMBERS: Final = (int, float)


def is_open(value: object) -> bool:
    """Return whether a value is an expression, or text with one: only an event decides it."""
    return isinstance(value, Whole | Text)


def is_text(value: object) -> bool:
    """Return whether a value is text, blank or not."""
    return isinstance(value, str)


def is_truth(value: object) -> bool:
    """Return whether a value is true or false."""
    return isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number in JSON: true and false are none."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def is_whole_number(value: object) -> bool:
    """Return whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_day(value: object) -> bool:
    """Return whether a value is a day of the calendar, YYYY-MM-DD."""
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def between(low: float, high: float) -> Fits:
    """Return a predicate of numbers within bounds."""
    return lambda value: is_number(value) and low <= value <= high


def like(pattern: re.Pattern[str]) -> Fits:
    """Return a predicate of text of a pattern."""
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def one_of(*values: object) -> Fits:
    """Return a predicate of some values."""
    return lambda value: value in values


def open_or(fits: Fits, value: object) -> bool:
    """Return whether a value fits, as far as it is known."""
    return is_open(value) or fits(value)


def record(needed: Mapping[str, Fits], more: Mapping[str, Fits] | None = None) -> Fits:
    """Return a predicate of objects with all keys of `needed`, and no others than `more`."""
    known = {**needed, **(more or {})}
    return lambda value: (
        isinstance(value, dict)
        and needed.keys() <= value.keys() <= known.keys()
        and all(open_or(known[key], part) for key, part in value.items())
    )


def list_of(fits: Fits) -> Fits:
    """Return a predicate of lists whose items all fit."""
    return lambda value: isinstance(value, list) and all(open_or(fits, one) for one in value)
