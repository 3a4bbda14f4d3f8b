"""Scalars of JSON as text: one number has one text, however its sender has written it.

1, 1.0 and 1e0 are "1"; there are no exponents. Text is taken as it is.
"""

import json
from decimal import Decimal

from pydantic import JsonValue


def written(value: str | float | None) -> str:
    """Return a scalar as text."""
    if isinstance(value, str):
        return value
    if not isinstance(value, float):
        return json.dumps(value)
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
