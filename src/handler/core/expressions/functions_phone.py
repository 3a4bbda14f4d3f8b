"""The function of telephone numbers."""

from typing import Final

from handler.core.expressions.arguments import AMOUNT, Argument, takes
from handler.core.expressions.json_values import Budget
from handler.core.json_types import JsonValue

_STEPS: Final = 500  # some 100 us where a country is read the second time
_MOST: Final = 10**15  # E.164 has 15 digits


def _is_country(value: JsonValue) -> bool:
    from handler.core.expressions.phone_numbers import COUNTRIES  # noqa: PLC0415 - as in _func_phone

    return isinstance(value, str) and value.upper() in COUNTRIES


_COUNTRY: Final[Argument] = {
    "types": ["string", "null"],
    "fits": _is_country,
    "says": "a country's two letters of ISO 3166-1, such as 'DE', 'US' or 'GB',",
}


class PhoneFunctions:
    """Functions of telephone numbers, paid from one budget."""

    _budget: Budget

    @takes(AMOUNT, _COUNTRY)
    def _func_phone(self, number: str | float | None, country: str | None) -> str | None:
        """Return a number in E.164: `phone(body.phone, body.address.country_code)`.

        '0151 23456789' of 'DE' is '+4915123456789'. One with + needs no country, and one that
        nobody can have is null. A text with letters is none, nor is one with an extension.
        """
        text = _text(number)
        if text is None:
            return None
        self._budget.spend(_STEPS)
        # Its numbering plans cost 50 ms of a cold start, and most rules send no number.
        from handler.core.expressions.phone_numbers import COUNTRIES, e164  # noqa: PLC0415 - as said

        known = (country or "").strip().upper()
        return e164(text, known if known in COUNTRIES else None)


def _text(number: str | float | None) -> str | None:
    if number is None or isinstance(number, str):
        return number
    return str(int(number)) if 0 < number < _MOST and number == int(number) else None
