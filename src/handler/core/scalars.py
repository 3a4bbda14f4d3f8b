"""Scalars of JSON as text: one number has one text, however its sender has written it.

1, 1.0 and 1e0 are "1"; there are no exponents. Text is taken as it is.
"""

import json
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

_INTEGERS: Final = 2.0**63  # beyond it no integer is read, and a float says no more than its digits


def written(value: str | float | None) -> str:
    """Return a scalar as text."""
    if isinstance(value, str):
        return value
    if not isinstance(value, float):
        return json.dumps(value)
    if value.is_integer() and abs(value) <= _INTEGERS:
        return str(int(value))
    return f"{Decimal(repr(value)):f}"


def integral(value: JsonValue) -> JsonValue:
    """Return a value whose whole numbers are integers, at every depth."""
    if isinstance(value, dict):
        return {key: integral(part) for key, part in value.items()}
    if isinstance(value, list):
        return [integral(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
