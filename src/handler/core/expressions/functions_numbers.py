"""Functions of numbers and of money: amounts of senders, as text with their currency's decimals.

No grouping and no symbol: the notation of the reader's country is for Braze's template.
"""

import math
import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Final

from handler.core.expressions.arguments import AMOUNT, NUMBER, Argument, takes
from handler.core.json_types import JsonValue

_DIGITS: Final = 50
_PLACES: Final = range(16)
_WHOLE: Final = 2.0**53  # no float from here on has a fraction
# Without traps: what cannot be calculated is NaN or Infinity, and becomes null at the end.
EXACT: Final = Context(prec=_DIGITS, rounding=ROUND_HALF_UP, traps=[])
# ISO 4217's minor units, where they are not two decimals.
_ISO: Final = (
    dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),  # noqa: SIM905 - a table to compare with ISO's
        0,
    )
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)
# docs.stripe.com/currencies: ISK and UGX stay in hundredths for old integrations' sake, and the
# ariary (of five iraimbilanja) has none.
_SENDERS: Final = {"": _ISO, "stripe": _ISO | {"ISK": 2, "UGX": 2, "MGA": 0}}
# With an exponent, as Ruby writes decimals: 0.199e2.
_WRITTEN: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_SENDER: Final[Argument] = {
    "types": ["string", "null"],
    "optional": True,
    "fits": lambda sender: isinstance(sender, str) and sender in _SENDERS,
    "says": "'stripe'",
}


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

    @takes(NUMBER, NUMBER)
    def _func_divide(self, left: float | None, right: float | None) -> float | None:
        """Return a quotient, null by 0: `divide(body.total, body.quantity)`."""
        if left is None or right is None:
            return None
        return _number(EXACT.divide(decimal(left), decimal(right)))

    @takes({"types": ["number", "null"], "variadic": True})
    def _func_add(self, *numbers: float | None) -> float | None:
        """Return a sum, null if a part is: `add(body.subtotal, body.shipping)`."""
        known = [number for number in numbers if number is not None]
        return total(known) if len(known) == len(numbers) else None


def total(numbers: Iterable[float]) -> float | None:
    """Return a sum, null where no number is so large."""
    return _number(_sum(numbers))


def mean(numbers: Sequence[float]) -> float | None:
    """Return the mean of some numbers."""
    return _number(EXACT.divide(_sum(numbers), Decimal(len(numbers))))


def _sum(numbers: Iterable[float]) -> Decimal:
    return reduce(EXACT.add, map(decimal, numbers), Decimal(0))


def decimal(number: float) -> Decimal:
    """Return a number as the decimal that was written: 19.9 is Decimal('19.9')."""
    return Decimal(number if isinstance(number, int) else repr(number))


def _number(value: Decimal) -> float | None:
    if not value.is_finite():
        return None
    if value == value.to_integral_value() and value.adjusted() < _DIGITS:
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else None


def _is_currency(value: JsonValue) -> bool:
    return isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha()  # noqa: PLR2004 - ISO 4217's codes


_CURRENCY: Final[Argument] = {
    "types": ["string", "null"],
    "fits": _is_currency,
    "says": "a currency's three letters, such as 'usd',",
}


class MoneyFunctions:
    """Functions of money."""

    @takes(AMOUNT, _CURRENCY)
    def _func_money(self, amount: str | float | None, currency: str | None) -> str | None:
        """Return an amount with its currency's decimals: `money(body.total, body.currency)`.

        '19.9' is '19.90' in USD, '20' in JPY, '19.900' in KWD.
        """
        return _with_decimals(_read(amount), currency)

    @takes(AMOUNT, _CURRENCY, _SENDER)
    def _func_minor_units(
        self, amount: str | float | None, currency: str | None, sender: str | None = ""
    ) -> str | None:
        """Return an amount given in its smallest unit: `minor_units(body.amount, 'usd')`.

        1099 is '10.99' in USD and '1099' in JPY. A third argument 'stripe' says whose units.
        """
        number = _read(amount)
        if sender not in _SENDERS or number is None or number != number.to_integral_value():
            return None
        shift = _SENDERS[sender].get((currency or "").upper(), 2)
        return _with_decimals(EXACT.scaleb(number, -shift), currency)


def _read(amount: str | float | None) -> Decimal | None:
    if not isinstance(amount, str):
        return None if amount is None else decimal(amount)
    return Decimal(amount.strip()) if _WRITTEN.fullmatch(amount.strip()) else None


def _with_decimals(amount: Decimal | None, currency: str | None) -> str | None:
    if amount is None or currency is None or not _is_currency(currency):
        return None
    unit = Decimal(1).scaleb(-_ISO.get(currency.upper(), 2))
    rounded = EXACT.add(EXACT.quantize(amount, unit), Decimal(0))  # adding 0 makes -0.00 0.00
    return f"{rounded:f}" if rounded.is_finite() else None
