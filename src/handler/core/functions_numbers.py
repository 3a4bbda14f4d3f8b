"""Functions of numbers, exact in decimal: 0.1 and 0.2 are 0.3.

Halves are rounded up (away from zero), as on a receipt. A whole result is an integer, so that no
text says "3.0". Text is no number here: `to_number()` makes one of it.
"""

import math
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Final

from handler.core.expressions.arguments import NUMBER, takes

_DIGITS: Final = 50
_PLACES: Final = range(16)
_WHOLE: Final = 2.0**53  # no float from here on has a fraction
# Without traps: what cannot be calculated is NaN or Infinity, and becomes null at the end.
EXACT: Final = Context(prec=_DIGITS, rounding=ROUND_HALF_UP, traps=[])


class NumberFunctions:
    """Functions of numbers."""

    @takes(
        NUMBER,
        {
            "types": ["number", "null"],
            "fits": lambda places: places in _PLACES,
            "says": "a number of places from 0 to 15",
        },
    )
    def _func_round(self, number: float | None, places: float | None) -> float | None:
        """Return a number rounded to n places: ``round(body.weight, `1`)``."""
        if number is None or places is None or places not in _PLACES:
            return None
        if isinstance(number, int) or abs(number) >= _WHOLE:
            return _number(decimal(number))
        return _number(EXACT.quantize(decimal(number), Decimal(1).scaleb(-int(places))))

    @takes(NUMBER, NUMBER)
    def _func_multiply(self, left: float | None, right: float | None) -> float | None:
        """Return a product: `multiply(body.price, body.quantity)`."""
        if left is None or right is None:
            return None
        return _number(EXACT.multiply(decimal(left), decimal(right)))

    @takes({"types": ["number", "null"], "variadic": True})
    def _func_add(self, *numbers: float | None) -> float | None:
        """Return a sum, null if a part is: `add(body.subtotal, body.shipping)`."""
        known = [decimal(number) for number in numbers if number is not None]
        return _number(reduce(EXACT.add, known)) if len(known) == len(numbers) else None


def decimal(number: float) -> Decimal:
    """Return a number as it was written: of 19.9 the decimal 19.9."""
    return Decimal(number if isinstance(number, int) else repr(number))


def _number(value: Decimal) -> float | None:
    if not value.is_finite():
        return None
    if value == value.to_integral_value() and value.adjusted() < _DIGITS:
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else None
