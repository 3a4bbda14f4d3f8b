"""Stand-ins for personal data: of the same form, and the same one for the same value."""

import hashlib
import ipaddress
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from relay.capture.kinds import Kind

_GIVEN: Final = ("Robin", "Alex", "Kim", "Sam", "Toni", "Jo", "Noa", "Charlie")
_FAMILY: Final = ("Example", "Sample", "Muster", "Exempel", "Voorbeeld", "Ejemplo")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_KEPT_DIGITS: Final = 5  # of a telephone number: its country and network, so that it is valid
_TRIES: Final = 10_000
_SHORT: Final = 10  # digits: of a shorter number none is kept
# The first of 19 digits that may be beyond the 64 bits that ingest takes.
_BEYOND: Final = re.compile(r"\A(-?)9(?=[0-9]{18}\Z)")


@dataclass(slots=True)
class StandIns:
    """Stand-ins that have been given; none of them contains one of the `originals`."""

    originals: frozenset[str] = frozenset()
    _given: dict[tuple[str, str], str] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)

    def of(self, kind: Kind, value: str) -> str:
        """Return the stand-in of a value."""
        match kind:
            case Kind.EMAIL:
                return self._taken("email", value.lower(), "person{}@example.org")
            case Kind.TEXT:
                return self._taken("text", value, "Text {}")
            case Kind.PHONE:
                return self._phone(value)
            case Kind.GIVEN | Kind.FAMILY | Kind.NAME:
                return self._name(kind, value)
        return self._of_form(kind, value)

    def _of_form(self, kind: Kind, value: str) -> str:
        """Return the stand-in of a value whose form tells more than its kind."""
        match kind:
            case Kind.IP:
                return self._ip(value)
            case Kind.ADDRESS:
                return self._address(value)
            case Kind.BIRTH:
                return _DATE.sub("1990-01-01", value) if _DATE.search(value) else zeros(value)
            case Kind.AGENT:
                return "Mozilla/5.0"
        return self._scrambled(value)

    def _taken(self, name: str, value: str, form: str) -> str:
        """Return the stand-in that a value has, or else the next one of a form."""
        if value in self._made and value not in self.originals:
            return value  # a part of a text that has been replaced already
        if (name, value) not in self._given:
            tried = (form.format(self._next(name)) for _ in range(_TRIES))
            self._given[name, value] = next(one for one in tried if not self._tells(one))
            self._made.add(self._given[name, value])
        return self._given[name, value]

    def _next(self, name: str) -> int:
        self._counts[name] += 1
        return self._counts[name]

    def _tells(self, made: str) -> bool:
        return any(one in made.lower() for one in self.originals)

    def _phone(self, value: str) -> str:
        digits = re.sub(r"\D", "", value)
        bare = digits.lstrip("0")
        lead, own = digits[: len(digits) - len(bare)], bare
        kept = own[:_KEPT_DIGITS] if len(own) >= _SHORT else ""
        form = f"{kept}{{:0>{len(own) - len(kept)}}}"
        made = iter(lead + self._taken("phone", own, form)[: len(own)])
        return "".join(next(made, "0") if one.isdigit() else one for one in value)

    def _name(self, kind: Kind, value: str) -> str:
        words = re.split(r"(\s+)", value)
        for at in range(0, len(words), 2):
            is_given = kind is Kind.GIVEN or (kind is Kind.NAME and at == 0)
            words[at] = self._word(words[at], _GIVEN if is_given else _FAMILY)
        return "".join(words)

    def _word(self, word: str, choices: tuple[str, ...]) -> str:
        if not any(map(str.isalpha, word)):
            return word
        known = self._given.get(("name", word.casefold()))
        if known is None:
            number = self._next("given" if choices is _GIVEN else "family") - 1
            turn = number // len(choices)
            known = f"{choices[number % len(choices)]}{turn or ''}"
            self._given["name", word.casefold()] = known
        return known

    def _ip(self, value: str) -> str:
        try:
            is_six = ipaddress.ip_address(value.strip()).version == 6  # noqa: PLR2004 - IPv6
        except ValueError:
            return self._scrambled(value)
        # The networks of documentation (RFC 5737, RFC 3849).
        return self._taken("ip", value.strip(), "2001:db8::{}" if is_six else "192.0.2.{}")

    def _address(self, value: str) -> str:
        if any(map(str.isdigit, value)) and not re.search(r"[^\W\d_]{3}", value):
            return zeros(value)  # a postal code, a house number
        return self._taken("address", value, "Example Street {}")

    def _scrambled(self, value: str) -> str:
        """Return text of the same length and kinds of characters; 19 digits fit 64 bits."""
        if value not in ("true", "false", "yes", "no", ""):
            seed = self._taken("token", value, "{}")
            made = hashlib.shake_256(seed.encode()).digest(len(value))
            text = "".join(_like(one, byte) for one, byte in zip(value, made, strict=True))
            return _BEYOND.sub(r"\g<1>1", text)  # the same where the number is written as text
        return value


def _like(one: str, byte: int) -> str:
    if one.isdigit():
        return str(byte % 10)
    if one.isalpha():
        letter = chr(ord("a") + byte % 26)
        return letter.upper() if one.isupper() else letter
    return one


def zeros(value: str) -> str:
    """Return text with 0 for each digit and A for each letter."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "0", value))
