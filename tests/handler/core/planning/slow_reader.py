"""The reading of a body in plain steps: each object by its pairs, each character for its depth."""

import json
import re
from typing import NoReturn

from pydantic import JsonValue

from handler.core.errors import Malformed, NotJson
from handler.core.expressions.scalars import BEYOND, exact

_LONE = re.compile("[\ud800-\udfff]")


def slowly(body: bytes) -> JsonValue:
    """Return the value; raise NotJson or Malformed."""
    try:
        text = body.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        raise NotJson("not_utf8") from None
    if not text.strip(" \t\n\r"):
        raise NotJson("empty")
    flaws: list[str] = []
    value = _parsed(text, flaws)
    if _levels(text) > 64:
        raise Malformed("nested deeper than 64 levels")
    value = _mended(value, flaws)
    if flaws:
        raise Malformed(flaws[0])
    return value


def _parsed(text: str, flaws: list[str]) -> JsonValue:
    def integer(digits: str) -> int:
        if len(digits) <= 20 and -(2**63) <= int(digits) < 2**63:
            return int(digits)
        flaws.append(BEYOND)
        return 0

    def fraction(digits: str) -> float:
        try:
            return exact(digits)
        except Malformed as error:
            flaws.append(str(error))
            return 0

    def refuse(_: str) -> NoReturn:
        raise NotJson("not_a_number")

    try:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, flaws),
            parse_int=integer,
            parse_float=fraction,
            parse_constant=refuse,
        )
    except ValueError:
        raise NotJson("syntax") from None
    return value


def _object(pairs: list[tuple[str, JsonValue]], flaws: list[str]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        flaws.append("duplicate keys")
    return found


def _levels(text: str) -> int:
    """Return the depth of a text that is JSON, character by character."""
    deepest = depth = 0
    is_text = is_escaped = False
    for one in text:
        if is_text:
            is_text = is_escaped or one != '"'
            is_escaped = not is_escaped and one == "\\"
        else:
            is_text = one == '"'
            depth += (one in "[{") - (one in "]}")
            deepest = max(deepest, depth)
    return deepest


def _mended(value: JsonValue, flaws: list[str]) -> JsonValue:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item, flaws) for item in value]
    if isinstance(value, dict):
        pairs = [(_LONE.sub("\ufffd", key), _mended(item, flaws)) for key, item in value.items()]
        return _object(pairs, flaws)
    return value
