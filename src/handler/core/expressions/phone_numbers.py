"""Telephone numbers in E.164, by the numbering plans of libphonenumber.

The library is large, and only rules that call phone() load it (see `functions_phone`).
"""

import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

COUNTRIES: Final = frozenset(phonenumbers.SUPPORTED_REGIONS)  # ISO 3166-1, two capitals
_SCHEME: Final = re.compile(r"tel:\s*", re.IGNORECASE)  # RFC 3966, as in tel:+49-151-23456789
_LONGEST: Final = 64  # characters; E.164 has 15 digits
# A second number in the field. The library would read both as one.
_ANOTHER: Final = re.compile(r"[,;/|&\n]\s*[+(0]|[^\s(]\s*\+")


def e164(text: str, country: str | None) -> str | None:
    """Return the number that a text certainly means, dialled from a country, or None.

    Valid means, in libphonenumber's FAQ, a number of a range that may be given to subscribers. A
    merely possible one has the right count of digits, which a typing mistake has too.
    """
    written = "".join(char for char in text if char.isprintable() or char.isspace()).strip()
    if scheme := _SCHEME.match(written):
        written = written[scheme.end() :]
    if len(written) > _LONGEST or _ANOTHER.search(written):
        return None
    if any(char.isalpha() for char in written):
        return None  # the library would dial letters, and look for a number within words
    number = _valid(written, country)
    if number is None or number.extension:
        return None
    if _is_ambiguous(written, number) or _lacks_prefix(written, number):
        return None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _valid(text: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _is_ambiguous(text: str, number: PhoneNumber) -> bool:
    """Return whether a text without + is valid both with the country's code in it and without.

    49 151 23456789 is a mobile number less its +, and a number in 04915 less its 0.
    """
    other = _valid(f"+{text}", None)
    is_same = other is None or other.country_code != number.country_code
    return not (is_same or other == number)


def _lacks_prefix(text: str, number: PhoneNumber) -> bool:
    """Return whether a text is a number less its country's 0, and a foreign one less its +.

    Most countries write a prefix before the number of a town or network (DE, GB, FR: 0; RU: 8);
    where it is not written (US, BR, ES) nothing is missing.
    """
    digits = phonenumbers.normalize_digits_only(text)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    bare = phonenumbers.national_significant_number(number)
    is_written = phonenumbers.normalize_digits_only(national) == bare
    return digits == bare and not is_written and _valid(f"+{digits}", None) is not None
