import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from pydantic_core import from_json

from handler.core.errors import Malformed, NotJson
from handler.core.planning.json_body import read
from tests.examples import examples
from tests.handler.core.planning.slow_reader import slowly

INT64_MAX = 9_223_372_036_854_775_807
JSON_VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INT64_MAX - 1, INT64_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
ALMOST_JSON = st.lists(
    st.sampled_from(
        [*'[]{}":,.-+01eE\\/ \n', "true", "null", "NaN", '"a"', "\\ud800", "\ufeff", "é"]
    )
).map("".join)


def exact(value: object) -> str:
    return repr(value)  # unlike ==, tells 1 from true and from 1.0, and 0.0 from -0.0


@given(JSON_VALUES, st.sampled_from([None, 2]))
def test_any_json_value_is_read_exactly(value: JsonValue, indent: int | None) -> None:
    escaped, plain = (json.dumps(value, ensure_ascii=flag, indent=indent) for flag in (True, False))

    assert exact(read(escaped.encode()).value) == exact(value)
    assert exact(read(plain.encode()).value) == exact(value)


@given(st.binary())
def test_any_bytes_are_read_or_refused_or_parked(body: bytes) -> None:
    with suppress(NotJson, Malformed):
        read(body)


@given(ALMOST_JSON)
@example("[" * 100)
@example("[" * 100 + '"\\' + "]" * 100)
def test_almost_json_is_judged_as_an_independent_parser_judges_it(text: str) -> None:
    try:
        body = read(text.encode())
    except NotJson:
        with pytest.raises(ValueError, match="line"):
            from_json(text, allow_inf_nan=False)
    except Malformed:
        pass
    else:
        if not body.warnings:  # the other parser knows neither byte order marks nor surrogates
            assert exact(body.value) == exact(from_json(text, allow_inf_nan=False))


# Values whose keys and numbers often repeat, overflow or lose digits, in several spellings.
TOKENS = st.sampled_from(
    [
        *("0", "-0", "1", "1.0", "1e999", "9007199254740993.0", "9223372036854775808", "1e-400"),
        *("9223372036854775807", "-9223372036854775808", "-9223372036854775809", "9" * 30),
        *("0.99999999999999999999", "1152921504606846976.0", "null", "true", "NaN", "-Infinity"),
        *(r'"\""', r'"\\"', r'"[\":{"', '"::"', r'"\ud800"', r'"\ud83d\ude00"', '"}"', '""', '"é"'),
    ]
)
KEYS = st.sampled_from(
    ['"a"', r'"\u0061"', '"b"', '":"', r'"\""', r'"\udc00"', r'"\udc01"', '"\ufffd"']
)
WRITTEN = st.recursive(
    TOKENS,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda them: f"[{', '.join(them)}]")
        | st.lists(st.tuples(KEYS, inner), max_size=4).map(
            lambda pairs: "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=12,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    text = draw(WRITTEN)
    levels = draw(st.sampled_from([0, 0, 0, 60, 62, 63, 64, 65, 70]))
    opening, closing = draw(st.sampled_from([("[", "]"), ('{"a":', "}"), ('[{"[":', "}]")]))
    body = bytearray((opening * levels + text + closing * levels).encode())
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 2))] = draw(
            st.sampled_from(
                [b"", b'"', b"\\", b"[", b"]", b"{", b"}", b":", b",", b"1", b" ", b"\xff"]
            )
        )
    return draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + bytes(body)


@settings(max_examples=examples(100))
@given(mutated())
@example(b'[{"a":1,"a":1}, 1e999]')
@example(b'{"a":1e999,"a":1}')
@example(b'{"a":":","a":1}')
@example(rb'{"a\":\\":1}')
def test_a_body_is_judged_as_if_it_were_read_slowly(body: bytes) -> None:
    assert outcome(lambda: read(body).value, body) == outcome(lambda: slowly(body), body)


def outcome(reading: Callable[[], JsonValue], body: bytes) -> tuple[str, str]:
    """Return a value, or the error and its words.

    Where brackets do not pair, the innermost are looked at first: what is NaN may come later.
    """
    try:
        return "read", exact(reading())
    except NotJson as error:
        return "NotJson", "" if b"NaN" in body or b"Infinity" in body else error.reason
    except Malformed as error:
        return "Malformed", str(error)


@given(mutated())
@example(b"[9007199254740993.0]")
@example(b"[0.99999999999999999999]")
@example(b"[1152921504606846976.0]")
@example(rb'["\ud800", 1]')
@example(b'\xef\xbb\xbf {"a": [1.50, "\xc3\xa9"]}')
def test_any_parser_reads_the_same_value_from_the_text_of_a_body(body: bytes) -> None:
    with suppress(NotJson, Malformed):
        found = read(body)
        assert exact(json.loads(found.text)) == exact(found.value)


def test_the_text_of_a_body_is_its_own_bytes_where_nothing_in_it_was_repaired() -> None:
    body = b' {"b": 1.50, "a": "\xc3\xa9\\u00e9\\/"}\n'

    assert read(body).text == body
    assert read(b"\xef\xbb\xbf" + body).text == body
