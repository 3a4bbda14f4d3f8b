import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import JsonValue
from pydantic_core import from_json

from handler.core.errors import Malformed, NotJson
from handler.core.planning.json_body import read

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
