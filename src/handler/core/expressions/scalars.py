"""Scalars of JSON as text: one number has one text, however its sender has written it.

1, 1.0 and 1e0 are "1"; there are no exponents. Text is taken as it is.
"""

import json
from decimal import Decimal
from math import inf, isinf, nextafter
from typing import Final

from handler.core.errors import Malformed
from handler.core.json_types import JsonValue

INT64: Final = range(-(2**63), 2**63)
BEYOND: Final = "an integer beyond 64 bits"


def exact(text: str) -> float:
    """Return a number written with a point or an exponent; raise Malformed where none holds it.

    Two numbers must not become one id. A whole number that a float would change becomes an integer.
    A fraction whose float is whole (9.99...9 with more digits than a float has) becomes the next
    float beside it.
    """
    value = float(text)
    if isinf(value):
        raise Malformed("a number that overflows")
    if not value or not value.is_integer():
        return value
    number = Decimal(text)
    if number == Decimal(repr(value)):
        return value
    whole = int(number)
    if whole != number:
        return _beside(value, inf if number > Decimal(value) else -inf)
    if whole not in INT64:
        raise Malformed(BEYOND)
    return whole


def _beside(value: float, side: float) -> float:
    """Return the next float on one side, which is not whole."""
    found = nextafter(value, side)
    if found.is_integer():
        raise Malformed("a fraction that no float holds")
    return found


def written(value: str | int | float | None) -> str:  # noqa: PYI041 - mypy tells them apart
    """Return a scalar as text."""
    if isinstance(value, str):
        return value
    if not isinstance(value, float):
        # Most ids are integers, and JSON's own way takes a microsecond for each.
        return str(value) if type(value) is int else json.dumps(value)
    return str(_integer(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"


def integral(value: JsonValue) -> JsonValue:
    """Return a value whose whole numbers are integers, at every depth."""
    if isinstance(value, dict):
        return {key: integral(part) for key, part in value.items()}
    if isinstance(value, list):
        return [integral(part) for part in value]
    return _integer(value) if isinstance(value, float) and value.is_integer() else value


def _integer(value: float) -> int:
    """Return a whole float as the number that its digits say: 1e23 is a 1 and 23 zeros."""
    return int(Decimal(repr(value)))
