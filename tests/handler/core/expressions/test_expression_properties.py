"""Properties of every expression over every document."""

import json
from contextlib import suppress
from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import closing_brace, compile_expression, search
from handler.core.expressions.functions import Functions, signature_of
from tests.examples import examples
from tests.handler.core.expressions.plain_grammar import PLAIN, SCALARS, documents

STRANGE = (
    SCALARS
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.dates().map(str)
    | st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
    | st.sampled_from(
        ["usd", "JPY", "stripe", "UTC", "+02:00", "3d", "-2h", "1.5", "&#99;", "\ud800"]
    )
    | st.sampled_from([10**400, "9" * 5000, "&#" + "9" * 5000, "Fri, 20 Nov 2026 21:00:00 GMT"])
)


class OneNumberOneText(jmespath.functions.Functions):
    """The library's functions, but that a whole number has one text: 2.0 is written 2."""

    @jmespath.functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        return json.dumps(whole(value), separators=(",", ":"), default=str)


def whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: whole(part) for key, part in value.items()}
    if isinstance(value, list):
        return [whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@settings(max_examples=examples(150), deadline=None)
@given(expression=PLAIN, document=documents(SCALARS))
def test_search_agrees_with_the_jmespath_library(expression: str, document: Any) -> None:
    try:
        options = jmespath.Options(custom_functions=OneNumberOneText())
        expected = jmespath.search(expression, document, options)
    except Exception as error:  # noqa: BLE001 - the library raises Python's own errors, too
        if isinstance(error, TypeError):  # ordering text and numbers: JMESPath's answer is null
            return
        with pytest.raises(ExpressionError):
            search(expression, document)
    else:
        assert repr(search(expression, document)) == repr(expected)


LISTS = st.lists(st.floats(allow_nan=False) | st.sampled_from([10**400, 2])) | st.lists(st.text())
ARGUMENTS = st.sampled_from(["[0]", "[1]", "[2]", "[3]", "[1][::0]", "&@", "&[0]", "@", "'a'"])


@st.composite
def calls(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    """Call any function with as many arguments as it takes, whatever these are."""
    name = draw(st.sampled_from(sorted(Functions.FUNCTION_TABLE)))
    takes = signature_of(name)
    more = any(it.get("variadic") for it in takes)
    least = sum(not it.get("optional") for it in takes)
    arguments = draw(st.lists(inner, min_size=least, max_size=len(takes) + 2 * more))
    return f"{name}({', '.join(arguments)})"


@settings(max_examples=examples(150), deadline=None)
@given(
    expression=st.recursive(ARGUMENTS, calls, max_leaves=5),
    document=st.tuples(STRANGE, LISTS, documents(STRANGE), STRANGE).map(list),
)
def test_no_function_raises_anything_but_an_expression_error(
    expression: str, document: Any
) -> None:
    for strict in (False, True):
        with suppress(ExpressionError):
            compile_expression(expression, strict=strict).search(document)


@given(
    expression=st.text(alphabet="ab.[]{}()*&|!?:,@'\"`\\ 1-<=>#\ud800", max_size=12),
    document=documents(SCALARS),
)
def test_no_text_raises_anything_but_an_expression_error(expression: str, document: Any) -> None:
    with suppress(ExpressionError):
        search(expression, document)
        closing_brace(expression)
