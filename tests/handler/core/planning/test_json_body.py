import math
import sys

import pytest
from pydantic import JsonValue
from pydantic_core import from_json

from handler.core.errors import Malformed, NotJson
from handler.core.planning.json_body import MAX_DEPTH, read

INT64_MAX = 9_223_372_036_854_775_807


@pytest.mark.parametrize(
    "body, reason",
    [
        (b"", "empty"),
        (b" \t\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x0b1", "syntax"),
        (b"{", "syntax"),
        (b'{"a":1,}', "syntax"),
        (b"{'a':1}", "syntax"),
        (b"{} {}", "syntax"),
        (b"[1 2]", "syntax"),
        (b"[01]", "syntax"),
        (b"[1.]", "syntax"),
        (b"[.5]", "syntax"),
        (b"[+1]", "syntax"),
        (b"[0x1]", "syntax"),
        (b"[1_000]", "syntax"),
        (b"[\xd9\xa1]", "syntax"),
        (b'["\t"]', "syntax"),
        (b'["\\x61"]', "syntax"),
        (b'["\\u12"]', "syntax"),
        (b"[True]", "syntax"),
        (b"// a\n{}", "syntax"),
        (b"email=a%40b.c", "syntax"),
        (b"[NaN]", "not_a_number"),
        (b"[Infinity]", "not_a_number"),
        (b"[-Infinity]", "not_a_number"),
        (b'["\xff"]', "not_utf8"),
        (b'["\xed\xa0\x80"]', "not_utf8"),
        (b'["\xc0\xaf"]', "not_utf8"),
        ('{"a":1}'.encode("utf-16"), "not_utf8"),
        ('{"a":1}'.encode("utf-16-le"), "syntax"),
        ('{"a":1}'.encode("utf-32-be"), "syntax"),
        ("\ufeff\ufeff{}".encode(), "syntax"),
    ],
)
def test_what_is_not_json_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NotJson) as refusal:
        read(body)

    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":1}',
        b'[{"a":{"b":1,"b":2}}]',
        b'{"a":1,"\\u0061":2}',
        b"9223372036854775808",
        b'{"id":-9223372036854775809}',
        b"9" * 5_000,
        b"1e999",
        b"[-1e999]",
        b"[1" + b"0" * 400 + b".5]",
        b'{"\\ud800":1,"\\udfff":2}',
        b'{"\\ud800":1,"\xef\xbf\xbd":2}',
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b'[{"a":' * 40 + b"1" + b"}]" * 40,
        b"[" * 100_000 + b"]" * 100_000,
        b"[" * 100 + b"9" * 5_000 + b"]" * 100,
    ],
    ids=lambda body: body[:12].decode(errors="replace"),
)
def test_json_that_nobody_can_pass_on_safely_is_parked(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2',
        b"[1e999,]",
        b"[99999999999999999999999 NaN]",
        b"[" * 100_000,
        b"]" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100 + b"}" * 100,
        b"[" * 100 + b"1" + b"[]" + b"]" * 100,
        b"[" * 100 + b"NaN" + b"]" * 100,
        b"[" * 100 + b"]" * 100 + b"x",
        b"[" * 100 + b'"' + b"]" * 100,
        b"[" * 100 + b"\\" + b"]" * 100,
        b"{" + b"[" * 100 + b"]" * 100 + b":1}",
        b'["' + b'\\"' * 250_000,  # would take hours if any part were scanned twice
    ],
    ids=lambda body: body[:12].decode(errors="replace"),
)
def test_what_is_not_json_is_never_parked_for_another_flaw(body: bytes) -> None:
    with pytest.raises(NotJson):
        read(body)


def test_sixty_four_levels_are_read_and_brackets_in_text_do_not_count() -> None:
    deepest = b"[" * (MAX_DEPTH - 1) + b'"' + b"[{" * 100 + b'\\"]"' + b"]" * (MAX_DEPTH - 1)

    assert read(b"[" + deepest + b"]").warnings == ()


def test_depth_is_refused_whatever_the_interpreter_would_bear() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        with pytest.raises(Malformed, match="64"):
            read(b"[" * 65 + b"]" * 65)
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize("number", [2**53 + 1, INT64_MAX, -INT64_MAX - 1, 820982911946154508])
def test_large_ids_survive_exactly(number: int) -> None:
    assert read(b'{"id":%d}' % number).value == {"id": number}


@pytest.mark.parametrize(
    "text, value", [("-0", 0), ("1e-999", 0.0), ("1E+2", 100.0), ("1e20", 1e20)]
)
def test_unusual_numbers_are_read_as_numbers(text: str, value: float) -> None:
    read_value = read(text.encode()).value

    assert isinstance(read_value, int | float)
    assert math.isclose(read_value, value)


@pytest.mark.parametrize(
    "body, value",
    [
        (rb'"a\ud800"', "a\ufffd"),
        (rb'"\udc00\ud800"', "\ufffd\ufffd"),
        (rb'{"\uDBFF":["\udfff",1,null]}', {"\ufffd": ["\ufffd", 1, None]}),
    ],
)
def test_lone_surrogates_are_replaced_with_a_warning(body: bytes, value: JsonValue) -> None:
    result = read(body)

    assert result.value == value
    assert result.warnings == ("lone surrogates became U+FFFD",)


@pytest.mark.parametrize("body", [rb'"\ud83d\ude00"', '"😀"'.encode(), rb'"\\ud83d"', rb'"\u0000"'])
def test_what_needs_no_mending_is_not_mended(body: bytes) -> None:
    assert read(body).warnings == ()
    assert read(body).value == from_json(body)


def test_a_leading_byte_order_mark_is_left_out_with_a_warning() -> None:
    result = read(b'\xef\xbb\xbf{"a":1}')

    assert result.value == {"a": 1}
    assert result.warnings == ("a byte order mark was left out",)


@pytest.mark.parametrize("body", [b"x-secret-x", b'{"x-secret-x":1,"x-secret-x":2}'])
def test_no_refusal_shows_the_body(body: bytes) -> None:
    with pytest.raises((NotJson, Malformed)) as refusal:
        read(body)

    assert "x-secret-x" not in str(refusal.value)
