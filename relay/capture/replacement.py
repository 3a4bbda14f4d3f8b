"""Replaces the persons of a webhook by made-up ones: by names of keys and by forms of values.

The same value gets the same stand-in wherever it occurs, so that relations between fields hold.
Types, lengths of lists, formats, identifiers and the type of the event stay.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import JsonValue

from relay.capture.kinds import Kind, kind_of
from relay.capture.patterns import (
    EMAIL,
    MAILBOX,
    PHONE,
    SEALED,
    URL,
    decoded,
    digits_of,
    emails_in,
    is_phone,
    phone_pattern,
    replaced,
    texts_in,
)
from relay.capture.stand_ins import StandIns

_NAMES: Final = (Kind.GIVEN, Kind.FAMILY, Kind.NAME)
_NAME_LETTERS: Final = 3  # a shorter word is many things
_SENTENCE: Final = 4  # words: what is that long is free text
_BIRTH_NUMBER: Final = 1
_LONGEST_PLAIN: Final = 4  # digits of a query's value that are kept
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


class Unreplaced(Exception):
    """An e-mail address or telephone number would still be readable: nothing may be stored."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A webhook without its persons; `paths` has what was replaced, each with its kinds."""

    headers: Mapping[str, str]
    body: JsonValue
    paths: Mapping[str, tuple[str, ...]]


def without_persons(
    headers: Mapping[str, str], body: JsonValue, kept: frozenset[str] = frozenset()
) -> Replaced:
    """Return a webhook without personal data; raise Unreplaced where some would remain.

    `kept` are values that stay whatever their keys say: the types of its events.
    """
    whole: JsonValue = [{**headers}, body]
    emails, phones = _known(whole)
    desk = _Desk(StandIns(emails | phones), kept, phones, _names(whole))
    made = {name: desk.header(name, value) for name, value in headers.items()}
    found = Replaced(made, desk.value(body, "body", _Place()), desk.listed())
    if not _is_clean(found, emails, phones):
        raise Unreplaced
    return found


def _known(whole: JsonValue) -> tuple[frozenset[str], frozenset[str]]:
    """Return the addresses of a webhook in small letters, and the digits of its numbers."""
    texts = [*_all_texts(whole)]
    emails = {one.lower() for text in texts for one in emails_in(text)}
    phones = {digits_of(one) for text in texts for one in PHONE.findall(text)}
    phones |= {digits_of(one) for one in _keyed(whole, _Place(), {Kind.PHONE}) if is_phone(one)}
    return frozenset(emails), frozenset(phones)


def _all_texts(value: object) -> Iterator[str]:
    """Yield all texts of a JSON value, with those of the JSON that is in texts."""
    for text in texts_in(value):
        yield text
        if isinstance(found := _nested(text), dict | list):
            yield from _all_texts(found)


def _names(whole: JsonValue) -> frozenset[str]:
    """Return the words of names that are looked for in other texts, also those in capitals."""
    found = [*_keyed(whole, _Place(), set(_NAMES))]
    found += [name for text in _all_texts(whole) for name in MAILBOX.findall(text)]
    words = [word for name in found for word in name.split() if len(word) >= _NAME_LETTERS]
    # Small letters alone may be any word's.
    forms = (form for word in words for form in (word, word.capitalize(), word.upper()))
    return frozenset(form for form in forms if form[0].isupper())


def _keyed(value: JsonValue, place: "_Place", kinds: set[Kind]) -> Iterator[str]:
    """Yield the values whose keys say that they are of these kinds."""
    if isinstance(value, str) and isinstance(found := _nested(value), dict | list):
        yield from _keyed(found, place, kinds)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _keyed(part, place.within(key, value), kinds)
    elif isinstance(value, list):
        for part in value:
            yield from _keyed(part, place, kinds)
    elif place.kind in kinds and value is not None:
        yield str(value)


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a value: its key, that of the object around it, and the kind that they say."""

    key: str = ""
    kind: Kind | None = None

    def within(self, key: str, around: Mapping[str, JsonValue]) -> "_Place":
        kind = kind_of(key, self.key, frozenset(around))
        # What is in a date of birth, or in a list of notes, is of its kind.
        return _Place(key, kind or (self.kind if self.kind is Kind.BIRTH else None))


@dataclass(slots=True)
class _Desk:
    """The replacements in one webhook: its stand-ins, and the paths at which they were put."""

    stand_ins: StandIns
    kept: frozenset[str]
    phones: frozenset[str]
    names: frozenset[str]
    paths: dict[str, set[str]] = field(default_factory=dict)

    def listed(self) -> dict[str, tuple[str, ...]]:
        return {path: tuple(sorted(kinds)) for path, kinds in self.paths.items()}

    def header(self, name: str, value: str) -> str:
        return self.text(value, f"headers.{name}", kind_of(name, ""))

    def value(self, value: JsonValue, path: str, place: _Place) -> JsonValue:
        if isinstance(value, dict):
            return {
                self.text(key, f"{path} (a key)", None): self.value(
                    part, f"{path}.{self.text(key, path, None)}", place.within(key, value)
                )
                for key, part in value.items()
            }
        if isinstance(value, list):
            return [self.value(part, f"{path}[]", place) for part in value]
        if isinstance(value, str):
            return self.text(value, path, place.kind)
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value, path, place.kind)

    def text(self, text: str, path: str, kind: Kind | None) -> str:
        if not text or text in self.kept:
            return text
        nested = _nested(text)
        if isinstance(nested, dict | list):
            inner = self.value(nested, path, _Place())
            return text if inner == nested else json.dumps(inner, ensure_ascii=False)
        made = self._whole(text, kind) or self._parts(text)
        if made != text:
            told = Kind.EMAIL if EMAIL.fullmatch(text) else kind or _told(text)
            self.paths.setdefault(path, set()).add(str(told))
        return made

    def _whole(self, text: str, kind: Kind | None) -> str | None:
        """Return the stand-in of a whole value, None where only parts may need one."""
        if kind is None:
            is_sentence = len(text.split()) >= _SENTENCE and not URL.search(text)
            return self.stand_ins.of(Kind.TEXT, text) if is_sentence else None
        if URL.match(text) or not _fits(kind, text):
            return None
        if EMAIL.fullmatch(text):
            return self.stand_ins.of(Kind.EMAIL, decoded(text))
        # A number in the place of a name has no letter that a name's stand-in would replace.
        return self.stand_ins.of(kind, self._forms(text) if kind in _NAMES else text)

    def _forms(self, text: str) -> str:
        """Return text with stand-ins for what its form says, and for known telephone numbers."""
        made = replaced(text, self.stand_ins.of)
        for digits in self.phones:
            pattern = phone_pattern(digits)
            made = re.sub(pattern, lambda one: self.stand_ins.of(Kind.PHONE, one[0]), made)
        return made

    def _parts(self, text: str) -> str:
        """Return text in which only parts have stand-ins."""
        made = self._forms(URL.sub(lambda one: self._url(one[0]), text))
        for name in self.names:
            made = re.sub(rf"\b{re.escape(name)}\b", self.stand_ins.of(Kind.NAME, name), made)
        if _BASE64.fullmatch(made) and emails_in(_unpacked(made)):
            return self.stand_ins.of(Kind.TOKEN, made)
        return made

    def _url(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host = parts.netloc.rpartition("@")[2]
        except ValueError:
            return self.stand_ins.of(Kind.TOKEN, url)
        path = "/".join(self._segment(one) for one in parts.path.split("/"))
        query = [
            (self._segment(key), self._queried(value))
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        fragment = self._segment(parts.fragment)
        return urlunsplit((parts.scheme, host, path, urlencode(query), fragment))

    def _segment(self, part: str) -> str:
        plain = decoded(part)
        if SEALED.search(plain):
            return self.stand_ins.of(Kind.TOKEN, plain)
        made = replaced(plain, self.stand_ins.of)
        return part if made == plain else quote(made)

    def _queried(self, value: str) -> str:
        plain = decoded(value)
        if plain.isdigit() and len(plain) <= _LONGEST_PLAIN:
            return value
        if EMAIL.fullmatch(plain):
            return self.stand_ins.of(Kind.EMAIL, plain)
        return self.stand_ins.of(Kind.TOKEN, plain)

    def _number(self, value: float, path: str, kind: Kind | None) -> float:
        made = self._like(value, kind)
        if made != value:
            self.paths.setdefault(path, set()).add(str(kind or Kind.PHONE))
        return made

    def _like(self, value: float, kind: Kind | None) -> float:
        if kind is Kind.BIRTH:
            return type(value)(_BIRTH_NUMBER)
        if kind in (Kind.PHONE, Kind.TOKEN) or digits_of(str(value)) in self.phones:
            made = self.stand_ins.of(kind or Kind.PHONE, str(value))
            return int(made) if isinstance(value, int) else 0.0
        return type(value)(0) if kind in (Kind.ADDRESS, Kind.IP) else value


def _told(text: str) -> Kind:
    """Return the kind of the first thing in a text that has a stand-in."""
    for kind, pattern in ((Kind.URL, URL), (Kind.EMAIL, EMAIL), (Kind.PHONE, PHONE)):
        if pattern.search(text):
            return kind
    return Kind.TEXT if len(text.split()) >= _SENTENCE else Kind.TOKEN


def _fits(kind: Kind, text: str) -> bool:
    """Return whether a value can be what its key says: `email_type: signup` is no address."""
    match kind:
        case Kind.EMAIL:
            return "@" in decoded(text)
        case Kind.PHONE:
            return any(map(str.isdigit, text))
        case Kind.TEXT:
            return text.lower() not in ("yes", "no", "true", "false")
    return True


def _nested(text: str) -> object:
    """Return the JSON object or list in a text, None for anything else."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unpacked(text: str) -> str:
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")) + "==").decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _is_clean(found: Replaced, emails: frozenset[str], phones: frozenset[str]) -> bool:
    texts = [decoded(one).lower() for one in (*found.headers.values(), *texts_in(found.body))]
    return not any(address in text for address in emails for text in texts) and not any(
        re.search(phone_pattern(digits), text) for digits in phones for text in texts
    )
