"""Personal data in texts: e-mail addresses, telephone numbers, IP addresses and secrets by form."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote

from relay.capture.kinds import Kind

# An address begins behind one of these, so that a text of half a megabyte is read in one go; none
# is in its part before the @, which URLs write %40 or, escaped again, %2540.
_STOP: Final = r"\s@<>\"'(),;:=&?/\\|\[\]{}"
_AT: Final = r"%(?:25){0,9}40"
_HOST: Final = r"[^\W_](?:[\w.-]{0,252}[^\W_])?"
EMAIL: Final = re.compile(
    rf"(?:(?<![^{_STOP}])|(?<=%40))(?:[^{_STOP}%]|%(?!(?:25){{0,9}}40))+(?:@|{_AT}){_HOST}",
    re.IGNORECASE,
)
# The name before an address: `Maren Ost <maren@tea.example>`.
MAILBOX: Final = re.compile(
    rf"(?:^|[,;:\"'])\s*([^{_STOP}][^<>@,;:\"]{{0,80}}?)[\"']?\s*<[^\s<>@]{{1,64}}@"
)
PHONE: Final = re.compile(r"(?<![\w+])\+[1-9](?:[ ().\-/]{0,2}\d){6,14}(?!\d)")
URL: Final = re.compile(r"https?://[^\s\"'<>\\]+", re.IGNORECASE)
_IP: Final = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{0,39}:[0-9a-f:]{0,39}:[0-9a-f:.]{0,45})"
)
_SECRET: Final = re.compile(
    r"\b(?:(?:sk|rk|pk|whsec|xox[abprs]|gh[opsu]|github_pat)[_-][\w-]{8,}"
    r"|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|AKIA[0-9A-Z]{16}|Bearer\s+\S+)"
)
# A part of a path that is no identifier of an object: long, and without dashes or a prefix.
SEALED: Final = re.compile(r"[0-9a-fA-F]{24,}|(?=\w{0,200}\d)(?=\w{0,200}[A-Za-z])[A-Za-z0-9]{32,}")
_ESCAPED: Final = 10  # times; what escapes more often has no end
_DIGITS: Final = 7  # fewer are no telephone number
_SEPARATORS: Final = r"[\s().\-/]*"


def decoded(text: str) -> str:
    """Return text with its URL escapes decoded, if it was escaped ten times at most."""
    for _ in range(_ESCAPED if "%" in text else 0):
        text = unquote(text)
    return text


def digits_of(text: str) -> str:
    """Return the digits of a telephone number, without the zeros in front."""
    return re.sub(r"\D", "", text).lstrip("0")


def phone_pattern(digits: str) -> str:
    """Return the pattern of a telephone number however its digits are set apart."""
    return rf"(?<!\d)(?:\+|00)?{_SEPARATORS.join(digits)}(?!\d)"


def emails_in(text: str) -> list[str]:
    """Return the e-mail addresses in a text, decoded."""
    return [decoded(one) for one in EMAIL.findall(text)]


def is_phone(text: str) -> bool:
    """Return whether text has as many digits as a telephone number."""
    return len(digits_of(text)) >= _DIGITS


def replaced(text: str, stand_in: Callable[[Kind, str], str]) -> str:
    """Return text in which what is personal by its form has stand-ins."""
    text = EMAIL.sub(lambda one: stand_in(Kind.EMAIL, decoded(one[0])), text)
    text = _SECRET.sub(lambda one: stand_in(Kind.TOKEN, one[0]), text)
    text = PHONE.sub(lambda one: stand_in(Kind.PHONE, one[0]), text)
    return _IP.sub(lambda one: stand_in(Kind.IP, one[0]) if _is_ip(one[0]) else one[0], text)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def texts_in(value: object) -> Iterator[str]:
    """Yield all texts of a JSON value, keys too, and its numbers as text."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
