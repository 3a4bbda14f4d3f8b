"""Reads a signed body as JSON, exactly: no number, key or nesting changes or is lost unnoticed.

There are two errors: a body that is not JSON by RFC 8259 (the sender must act), and JSON that
cannot be passed on safely (the event is parked: a genuine order is never lost to strictness).
"""

import json
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from handler.core.errors import Malformed, NotJson
from handler.core.expressions.scalars import BEYOND, INT64, exact
from handler.core.json_types import JsonValue

MAX_DEPTH: Final = 64
_INT64_CHARACTERS: Final = 20  # of -9223372036854775808

_BOM: Final = b"\xef\xbb\xbf"
_BOM_WARNING: Final = "a byte order mark was left out"
_SURROGATE_WARNING: Final = "lone surrogates became U+FFFD"

_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_ALL_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
# A string left open matches to the end of the text, so that no part is scanned twice.
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Body:
    """A body's value, with warnings about what was repaired in it, fit for a log."""

    value: JsonValue
    warnings: tuple[str, ...] = ()


def read(body: bytes) -> Body:
    """Return the JSON value of a body in UTF-8.

    Raise NotJson where RFC 8259 does not know it as JSON, and Malformed for duplicate keys, more
    than 64 levels, integers beyond 64 bits, and numbers that overflow or that a float would
    change: 1e22 is exact as a float, and 10000000000000000000001.0 is not. Lone surrogates
    become U+FFFD, with a warning. A leading byte order mark is left out, with a warning:
    RFC 8259 section 8.1 lets a reader do so.
    """
    marked = body.startswith(_BOM)
    text = _decode(body[len(_BOM) :] if marked else body)
    reader = _Reader()
    if _is_nested_too_deep(body):
        reader.check_piecewise(text)
        raise Malformed("nested deeper than 64 levels")
    value = reader.parse(text)
    warnings = [_BOM_WARNING] if marked else []
    if _SURROGATE_ESCAPE.search(body):
        mended = reader.mend(value)
        warnings += [_SURROGATE_WARNING] if mended != value else []
        value = mended
    if reader.flaw:
        raise Malformed(reader.flaw)
    return Body(value, tuple(warnings))


class _Reader:
    """The standard library's parser, with a note of the first flaw that it meets.

    A flaw does not end the parsing: text further down that is not JSON still raises NotJson.
    """

    def __init__(self) -> None:
        self.flaw = ""
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._float,
            parse_constant=_no_constant,
        )

    def parse(self, text: str) -> JsonValue:
        try:
            value: JsonValue = self._decoder.decode(text)
        except ValueError:
            raise NotJson("syntax") from None
        return value

    def check_piecewise(self, text: str) -> None:
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
                self.parse("".join(pieces[start:]))
                pieces[start:] = [" 0 "]  # the blanks keep it from growing a neighbour's digits
        if opened:
            raise NotJson("syntax")
        self.parse("".join([*pieces, text[end:]]))

    def mend(self, value: JsonValue) -> JsonValue:
        """Return the value with U+FFFD for lone surrogates."""
        if isinstance(value, str):
            return _SURROGATE.sub("\ufffd", value)
        if isinstance(value, list):
            return [self.mend(item) for item in value]
        if isinstance(value, dict):
            return self._object(
                [(_SURROGATE.sub("\ufffd", key), self.mend(item)) for key, item in value.items()]
            )
        return value

    def _object(self, pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        result = dict(pairs)
        if len(result) != len(pairs):
            self.flaw = self.flaw or "duplicate keys"
        return result

    def _integer(self, text: str) -> int:
        # Length first: Python refuses to convert more than 4300 digits.
        if len(text) > _INT64_CHARACTERS or (value := int(text)) not in INT64:
            self.flaw = self.flaw or BEYOND
            return 0
        return value

    def _float(self, text: str) -> float:
        try:
            return exact(text)
        except Malformed as error:
            self.flaw = self.flaw or str(error)
            return 0


def _decode(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJson("not_utf8") from None
    if not text.strip(" \t\n\r"):
        raise NotJson("empty")
    return text


def _no_constant(_: str) -> NoReturn:
    raise NotJson("not_a_number")  # NaN and the infinities, which Python would take


def _is_nested_too_deep(body: bytes) -> bool:
    """Return whether brackets outside of strings nest too deep, or do not pair at all.

    The parser recurses, so depth is checked before it. Each round takes the innermost pairs
    away, all in C: a walk in Python would cost more than the parsing.
    """
    outside = b"".join(_ESCAPE.sub(b"", body).split(b'"')[::2])
    brackets = outside.translate(_ALL_SQUARE, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
