"""Reads a signed body as JSON, exactly: no number, key or nesting changes or is lost unnoticed.

There are two errors: a body that is not JSON by RFC 8259 (the sender must act), and JSON that
cannot be passed on safely (the event is parked: a genuine order is never lost to strictness).
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from handler.core.errors import Malformed, NotJson
from handler.core.expressions.scalars import BEYOND, INT64, exact
from handler.core.json_types import JsonValue

MAX_DEPTH: Final = 64
_INT64_DIGITS: Final = 19  # of 9223372036854775807

_BOM: Final = b"\xef\xbb\xbf"
_BOM_WARNING: Final = "a byte order mark was left out"
_SURROGATE_WARNING: Final = "lone surrogates became U+FFFD"

_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
_NOT_OUTLINE: Final = bytes(set(range(256)) - set(b'[]{}:"'))
_ALL_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
# A string left open matches to the end of the text, so that no part is scanned twice.
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A body's value, with warnings about what was repaired in it, fit for a log.

    `text` is JSON in UTF-8 that any parser reads as this value: the body's own bytes, unless
    something in them was repaired, or is a number that a parser would change.
    """

    value: JsonValue
    text: bytes
    warnings: tuple[str, ...] = ()


def read(body: bytes) -> JsonBody:
    """Return the JSON value of a body in UTF-8.

    Raise NotJson where RFC 8259 does not know it as JSON, and Malformed for duplicate keys, more
    than 64 levels, integers beyond 64 bits, and numbers that overflow or that a float would
    change: 1e22 is exact as a float, and 10000000000000000000001.0 is not. Lone surrogates
    become U+FFFD, with a warning. A leading byte order mark is left out, with a warning:
    RFC 8259 section 8.1 lets a reader do so.
    """
    marked = body.startswith(_BOM)
    plain = body[len(_BOM) :] if marked else body
    text = _decode(plain)
    outline = _outline(body)
    if _is_nested_too_deep(outline):
        _check_piecewise(text)
        raise Malformed("nested deeper than 64 levels")
    value, is_plain = _parsed(text, outline.count(b":"))
    warnings = [_BOM_WARNING] if marked else []
    if _SURROGATE_ESCAPE.search(body) and (mended := _mended(value)) != value:
        value, is_plain = mended, False
        warnings.append(_SURROGATE_WARNING)
    return JsonBody(value, plain if is_plain else _written(value), tuple(warnings))


def _parsed(text: str, members: int) -> tuple[JsonValue, bool]:
    """Return the value of a text, and whether any parser reads that value from it.

    `members` is the number of its objects' members, if it is JSON: fewer keys are duplicate keys.
    To look at the pairs of each object would cost more than all the rest.
    """
    reader = _Reader()
    with suppress(Malformed):
        value = _loaded(reader.decoder, text)
        if reader.keys == members:
            return value, reader.is_plain
    _loaded(_SYNTAX, text)  # text further down that is not JSON is the sender's mistake
    return _loaded(_EXACT, text), False


class _Reader:
    """The standard library's parser, which counts the keys of all objects."""

    def __init__(self) -> None:
        self.keys = 0
        self.is_plain = True
        self.decoder = json.JSONDecoder(
            object_hook=self._object,
            parse_int=_integer,
            parse_float=self._float,
            parse_constant=_no_constant,
        )

    def _object(self, found: dict[str, JsonValue]) -> dict[str, JsonValue]:
        self.keys += len(found)
        return found

    def _float(self, text: str) -> float:
        value = exact(text)
        if type(value) is int or value != float(text):
            self.is_plain = False
        return value


def _loaded(decoder: json.JSONDecoder, text: str) -> JsonValue:
    try:
        value: JsonValue = decoder.decode(text)
    except ValueError:
        raise NotJson("syntax") from None
    return value


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("duplicate keys")
    return found


def _integer(text: str) -> int:
    if len(text) < _INT64_DIGITS:
        return int(text)
    # Length first: Python refuses to convert more than 4300 digits.
    if len(text) > _INT64_DIGITS + len("-") or (value := int(text)) not in INT64:
        raise Malformed(BEYOND)
    return value


def _no_constant(_: str) -> NoReturn:
    raise NotJson("not_a_number")  # NaN and the infinities, which Python would take


_SYNTAX: Final = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=_no_constant)
_EXACT: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=exact, parse_constant=_no_constant
)


def _check_piecewise(text: str) -> None:
    """Raise NotJson unless text of any depth is JSON, taking the innermost pieces first."""
    pieces: list[str] = []
    opened: list[int] = []
    end = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        pieces.append(text[end : token.start()])
        end = token.end()
        if token[0] in "[{":
            opened.append(len(pieces))
        pieces.append(token[0])
        if token[0] in "]}":
            if not opened:
                raise NotJson("syntax")
            start = opened.pop()
            _loaded(_SYNTAX, "".join(pieces[start:]))
            pieces[start:] = [" 0 "]  # the blanks keep it from growing a neighbour's digits
    if opened:
        raise NotJson("syntax")
    _loaded(_SYNTAX, "".join([*pieces, text[end:]]))


def _mended(value: JsonValue) -> JsonValue:
    """Return the value with U+FFFD for lone surrogates; raise Malformed if two keys become one."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return _unique([(_SURROGATE.sub("\ufffd", key), _mended(it)) for key, it in value.items()])
    return value


def _written(value: JsonValue) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _decode(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJson("not_utf8") from None
    if not text.strip(" \t\n\r"):
        raise NotJson("empty")
    return text


def _outline(body: bytes) -> bytes:
    """Return the brackets, all as square ones, and the colons of a body outside of its strings.

    Python code for each string would cost more than the parsing. Two quotes side by side go first:
    what follows them is inside or outside of strings as before.
    """
    left = _ESCAPE.sub(b"", body) if b"\\" in body else body
    left = left.translate(_ALL_SQUARE, _NOT_OUTLINE).replace(b'""', b"")
    return b"".join(left.split(b'"')[::2])


def _is_nested_too_deep(outline: bytes) -> bool:
    """Return whether brackets nest too deep, or do not pair at all.

    The parser recurses, so depth is checked before it. Each round takes the innermost pairs
    away.
    """
    brackets = outline.replace(b":", b"")
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
