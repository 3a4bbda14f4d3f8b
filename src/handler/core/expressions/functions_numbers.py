"""Functions of money: amounts as senders write them, as text with the decimals of the currency.

No grouping and no symbol: how a reader's country writes an amount is for Braze's template.
"""

import re
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from handler.core.expressions.arguments import AMOUNT, Argument, takes
from handler.core.functions_numbers import EXACT, decimal

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
_WRITTEN: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def _is_currency(value: JsonValue) -> bool:
    return isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha()  # noqa: PLR2004 - ISO 4217's codes


_CURRENCY: Final[Argument] = {
    "types": ["string", "null"],
    "fits": _is_currency,
    "says": "a currency's three letters, such as 'usd',",
}
_SENDER: Final[Argument] = {
    "types": ["string", "null"],
    "optional": True,
    "fits": lambda sender: isinstance(sender, str) and sender in _SENDERS,
    "says": "'stripe'",
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
