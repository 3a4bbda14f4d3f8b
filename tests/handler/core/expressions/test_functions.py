"""Properties of every added function, and the cases of those of lists and objects."""

from typing import Any

import jmespath.functions
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression, search
from handler.core.expressions.functions import Functions, signature_of
from tests.examples import examples

ADDED = sorted(set(Functions.FUNCTION_TABLE) - set(jmespath.functions.Functions.FUNCTION_TABLE))
# A call of each that gives something, in JMESPath's own words for its arguments.
CALLS = {
    "add": ("`1`", "`2`"),
    "concat": ("'a'", "'b'"),
    "divide": ("`1`", "`2`"),
    "epoch": ("'2026-11-20T21:00:00Z'",),
    "epoch_ms": ("'2026-11-20T21:00:00Z'",),
    "from_items": ('`[{"k": "a", "v": 1}]`', "'k'", "'v'"),
    "lookup": ('`{"de": "Hallo"}`', "'de'"),
    "lower": ("'A'",),
    "minor_units": ("`1`", "'usd'", "'stripe'"),
    "money": ("`1`", "'usd'"),
    "multiply": ("`1`", "`2`"),
    "phone": ("'0151 23456789'", "'DE'"),
    "plain": ("'a'", "`1`"),
    "replace": ("'a'", "'a'", "'b'"),
    "round": ("`1.5`", "`0`"),
    "sha256": ("'a'",),
    "split": ("'a,b'", "','"),
    "text": ("`1`",),
    "time": ("'2026-11-20T21:00:00'", "'UTC'"),
    "time_add": ("'2026-11-20T21:00:00Z'", "'3d'"),
    "title": ("'a'",),
    "trim": ("'a'",),
    "unescape_html": ("'a'",),
    "upper": ("'a'",),
}
PLACES = [
    (name, at)
    for name, arguments in CALLS.items()
    for at in range(len(arguments))
    if name == "text" or "null" in [*signature_of(name), *signature_of(name)[-1:]][at]["types"]
]
BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "number": st.integers() | st.floats(allow_nan=False) | st.sampled_from([10**400, 1e11, -1e300]),
    "string": st.text()
    | st.datetimes().map(str)
    | st.sampled_from(["usd", "JPY", "stripe", "UTC", "-23:59", "3d", "-999999999d", "19.90", "-0"])
    | st.sampled_from(["0151 23456789", "+1 202 555 0143", "DE", "us", "0" * 300])
    | st.sampled_from(["9" * 5000, "&#" + "9" * 5000, "\ud800", "0001-01-01T00:00:00+23:59"])
    | st.sampled_from(["Fri, 20 Nov 2026 21:00:00 GMT", "20 Nov 0 0:0 +9999", "2026-02-30T00:00Z"]),
    "object": st.dictionaries(st.text(max_size=3), st.integers()),
    "array": st.lists(st.none() | st.dictionaries(st.text(max_size=3), st.integers())),
}


def test_every_added_function_is_called_here() -> None:
    assert set(ADDED) == {*CALLS, "coalesce", "if", "root"}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_gives_something(name: str) -> None:
    assert compile_expression(f"{name}({', '.join(CALLS[name])})").search({}) is not None


@pytest.mark.parametrize("name, at", PLACES)
def test_null_in_is_null_out(name: str, at: int) -> None:
    arguments = [*CALLS[name][:at], "none", *CALLS[name][at + 1 :]]
    assert compile_expression(f"{name}({', '.join(arguments)})").search({}) is None


@pytest.mark.parametrize("name", ADDED)
def test_a_function_says_what_it_is_for_and_shows_it(name: str) -> None:
    assert f"`{name}(" in (Functions.FUNCTION_TABLE[name]["function"].__doc__ or "")


@settings(max_examples=examples(300), deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(CALLS.keys() - {"text"})))
def test_no_value_of_the_right_kind_is_an_error(data: st.DataObject, name: str) -> None:
    values = [
        data.draw(st.one_of([BY_KIND[kind] for kind in argument["types"]]))
        for argument in signature_of(name)
    ]
    search(f"{name}({', '.join(f'[{at}]' for at in range(len(values)))})", values)


@pytest.mark.parametrize(
    "expression, message",
    [
        ("add(a, 'b')", "takes number or null as argument 2, not a string; to_number() makes"),
        ("upper(`1`)", "upper() takes string or null as argument 1, not a number"),
        ("round(a, `16`)", "round() takes a number of places from 0 to 15 as argument 2, not 16"),
        ("round(a, `true`)", "round() takes number or null as argument 2, not a boolean"),
        (
            "money(a, 'euro')",
            "a currency's three letters, such as 'usd', as argument 2, not 'euro'",
        ),
        ("minor_units(a, b, 'adyen')", "takes 'stripe' as argument 3, not 'adyen'"),
        (
            "time(a, 'america/new york')",
            "zone, such as 'America/New_York', 'UTC' or '+02:00', as argument 2, not 'america/new",
        ),
        (
            "time(a, 'america/new york')",
            "not 'america/new york'; did you mean 'America/New_York'?",
        ),
        ("time(a, 'GMT+1')", "not 'GMT+1'; did you mean '+01:00'?"),
        ("time(a, 'UTC-0330')", "not 'UTC-0330'; did you mean '-03:30'?"),
        ("time(a, 'Berlin')", "not 'Berlin'; did you mean 'Europe/Berlin'?"),
        ("time(a, 'Europe/Berln')", "not 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        ("time(a, 'Eastern Time (US & Canada)')", "not 'Eastern Time (US & Canada)'"),
        ("time(a, '+24:00')", "as argument 2, not '+24:00'"),
        ("time_add(a, '3 days')", "a duration such as '3d', '-2h' or '30m' as argument 2"),
        ("minor_units(a)", "minor_units() takes 2 or 3 arguments, not 1"),
        ("time(a, b, c)", "time() takes 1 or 2 arguments, not 3"),
        ("if(a, &b, c)", "`&` stands only before an argument"),
        ("if(a, b)", "if() takes 3 arguments, not 2"),
    ],
)
def test_a_slip_is_found_when_the_rule_is_read(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(expression)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "expression",
    [
        "money('1', 'euro')",
        "minor_units('1', 'usd', 'adyen')",
        "time('2026-11-20', 'Berlin')",
        "time_add('2026-11-20T21:00:00Z', '3 days')",
        "round(`1.5`, `16`)",
        "round(`1.5`, `0.5`)",
    ],
)
def test_the_same_slip_in_an_event_is_null(expression: str) -> None:
    assert search(expression, {}) is None


@pytest.mark.parametrize(
    "expression, document, found",
    [
        ("if(a, 'yes', 'no')", {"a": 0}, "yes"),
        ("if(a, 'yes', 'no')", {"a": ""}, "no"),
        ("if(a, 'yes', 'no')", {}, "no"),
        ("if(type(a) == 'array', join('+', a), a)", {"a": "b"}, "b"),
        ("if(type(a) == 'array', join('+', a), a)", {"a": ["b", "c"]}, "b+c"),
        ("a[].if(@ > `1`, 'many', 'one')", {"a": [1, 2]}, ["one", "many"]),
        ("lookup(a, b)", {"a": {"de": "Hallo"}, "b": "fr"}, None),
        ("lookup(a, b)", {"a": {"7": "Hallo"}, "b": 7}, "Hallo"),
        ("lookup(a, b)", {"a": {"de": None}, "b": "de"}, None),
        ("from_items(@, 'k', 'v')", [{"k": "a", "v": 1}, {"k": "b"}], {"a": 1, "b": None}),
        ("from_items(@, 'k', 'v')", [{"k": "a", "v": 1}, {"k": "a", "v": 2}], {"a": 2}),
        ("from_items(@, 'k', 'v')", [1, "a", None, [], {}, {"k": 1}], {}),
    ],
)
def test_a_function_of_lists_and_objects_finds(
    expression: str, document: JsonValue, found: JsonValue
) -> None:
    assert search(expression, document) == found


@pytest.mark.parametrize(
    "expression, text",
    [
        (" | ".join(["replace(@, 'a', 'aaaaaaaaaa')"] * 40), "a" * 1000),
        (" | ".join(["concat(@, @)"] * 60), "a" * 1000),
        (" | ".join(["join(@, split(@, 'b'))"] * 40), "ab" * 1000),
        ("split(@, ',')", "," * 300_000),
        ("unescape_html(@)", "&" * 300_000),
        ("title(@)", "a" * 2_000_000),
    ],
)
def test_what_grows_runs_out_of_budget_before_memory_and_time(expression: str, text: str) -> None:
    with pytest.raises(ExpressionError, match="200,000 steps"):
        search(f"length({expression})", text)


def test_numbers_do_not_grow() -> None:
    assert search(" | ".join(["multiply(@, @)"] * 60), 10**9) is None
