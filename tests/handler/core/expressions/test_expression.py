from typing import Any

import pytest
from pydantic import JsonValue

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import closing_brace, compile_expression, search
from handler.core.expressions.syntax_tree import unparse

EVENT: JsonValue = {
    "id": 42,
    "flag": True,
    "none": None,
    "blank": " ",
    "name": "Ann",
    "items": [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}],
    "deep": [[True], {"a": 1}],
}


@pytest.mark.parametrize(
    "expression, found",
    [
        ("items[?n > `1`].t", ["b"]),
        ("flag == `1`", False),
        ('deep == `[[1], {"a": 1}]`', False),
        ('deep == `[[true], {"a": 1.0}]`', True),
        ("contains(deep[0], `1`)", False),
        ("contains(deep[0], `true`)", True),
        ("items[?t == root().items[1].t].n", [2]),
        ("text(id)", "42"),
        ("text(none)", None),
        ("text(name)", "Ann"),
        ("text(flag)", "true"),
        ("concat('guest-', text(id))", "guest-42"),
        ("concat('guest-', none)", None),
        ("concat('guest-', '')", None),
        ("concat(name, ' ', name)", "Ann Ann"),
        ("coalesce(none, blank, name)", "Ann"),
        ("coalesce(none, blank)", None),
        ("lower(name)", "ann"),
        ("lower(none)", None),
        ("sha256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("sha256(none)", None),
        ("sha256(blank)", None),
        ("plain(none, `9`)", None),
        ("to_number('1_000')", None),
        ("to_number('nan')", None),
        ("to_number('-1.5e2')", -150.0),
        ("`foo`", "foo"),
    ],
)
def test_an_expression_finds(expression: str, found: JsonValue) -> None:
    value = search(expression, EVENT)
    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    "name, plain",
    [
        ("Ann\nLee\tSmith", "Ann Lee Smith"),
        ("Ann https://win.example/x Lee", "Ann Lee"),
        ("Ann WWW.win.example", "Ann"),
        ("win.example", "win. example"),
        ("St.John", "St. John"),
        ("size 3.5", "size 3.5"),
        ("Ann\u202eLee", "Ann Lee"),
        ("x" * 60, "x" * 40),
        ("http://only.example", None),
    ],
)
def test_plain_text_is_one_line_without_links(name: str, plain: str | None) -> None:
    assert search("plain(@, `40`)", name) == plain


@pytest.mark.parametrize(
    "expression, message",
    [
        ("", "it is empty"),
        ("a.", "it ends too early"),
        ("a b", "it cannot be read from character 3 on: b"),
        (
            "f(x, 40)",
            "it cannot be read from character 6 on: 40); a number stands in backticks: `40`",
        ),
        (
            "a > -1.5",
            "it cannot be read from character 5 on: -1.5; a number stands in backticks: `-1.5`",
        ),
        ("a.0", "it cannot be read from character 3 on: 0; a place in a list is written a[0]"),
        ("'open", "it cannot be read from character 1 on: 'open; a ' is not closed"),
        (
            "a /",
            "it cannot be read from character 3 on: /; `/` is written divide() or minor_units()",
        ),
        ("a + ", "it cannot be read from character 3 on: + ; `+` is written add() or concat()"),
        ("concat(a, ')'", "it ends too early; a ) is missing"),
        ("{a: lower(b}", "it cannot be read from character 12 on: }; a ) is missing"),
        ("lower(a && )", "it cannot be read from character 12 on: )"),
        ("lowr(name)", "there is no function lowr(); did you mean lower()?"),
        ("zzz(name)", "there is no function zzz()"),
        ("lower()", "lower() takes 1 argument, not 0; it is written lower(text)"),
        ("concat()", "concat() takes at least 1, not 0; it is written concat(text, ...)"),
        ("&name", "`&` stands only before an argument, as in sort_by(items, &price)"),
        ("`[NaN]`", "its result is not a number that JSON can hold"),
        ("lower(id)", "lower() takes string or null as argument 1, not a number"),
        ("text(items)", "text() takes a scalar, not an array"),
        ("sort_by(items, &x)", "sort_by() takes string or number, not null"),
        ("contains(name, id)", "contains() looks for text in text, not for a number"),
        ("items[::0]", "it cannot be evaluated (ValueError)"),
        (" | ".join(["[@, @]"] * 40), "it takes more than 200,000 steps on this event"),
        ("(" * 3000 + "a" + ")" * 3000, "it is nested too deeply"),
        ("name" + " | [@]" * 300, "it is nested too deeply"),
    ],
)
def test_a_mistake_is_named(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        search(expression, EVENT)
    assert str(raised.value) == message


@pytest.mark.parametrize("expression", ["name > `1`", "flag < `1`", "name < name"])
def test_rules_order_numbers_only(expression: str) -> None:
    with pytest.raises(ExpressionError, match="ordering takes numbers"):
        compile_expression(expression).search(EVENT)


def test_in_rules_ordering_null_gives_null() -> None:
    assert compile_expression("none > `1`").search(EVENT) is None


def test_text_that_doubles_runs_out_of_budget_before_memory() -> None:
    with pytest.raises(ExpressionError, match="200,000 steps"):
        search(" | ".join(["join('', [@, @])"] * 40), "x" * 1000)


def test_no_error_tells_a_value_of_the_event() -> None:
    for call in ("abs(@)", "keys(@)", "sum(@)", "contains(@, `1`)", "sort_by([@], &@.x)"):
        with pytest.raises(ExpressionError) as raised:
            search(call, "ann@example.com")
        assert "ann@" not in str(raised.value)
        assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    "text, end",
    [
        ("a} b", 1),
        ("a.{b: c}} d", 8),
        ("'}'} e", 3),
        ('"}"} e', 3),
        ('`{"a": "}"}`}', 12),
        ("a", None),
        ("a.{b: c}", None),
    ],
)
def test_the_lexer_finds_the_brace_that_closes(text: str, end: int | None) -> None:
    assert closing_brace(text) == end


def test_plain_jmespath_orders_texts_as_the_library_does() -> None:
    assert search("'a' < 'b'", None) is True


def test_a_number_beyond_all_floats_is_named() -> None:
    with pytest.raises(ExpressionError, match="OverflowError"):
        search("sum(@)", [10**400, 0.5])


@pytest.mark.parametrize("name", ["coalesce", "not_null"])
def test_the_first_value_that_is_there_is_the_last_that_is_evaluated(name: str) -> None:
    document: Any = {"body": {"m": "a", "n": 7}}
    assert compile_expression(f"{name}(body.m, length(body.n))").search(document) == "a"
    with pytest.raises(ExpressionError, match="length"):
        compile_expression(f"{name}(body.x, length(body.n))").search(document)
    assert compile_expression(f"{name}(body.x, body.y)").search(document) is None


def test_a_recorded_evaluation_is_the_evaluation_and_costs_the_same() -> None:
    document: Any = {"body": {"l": [{"x": 1}, {"x": 2}]}}
    expression = compile_expression("coalesce(body.x, body.l[].x, length(body.y))")
    step = expression.record(document)
    assert step.value == expression.search(document) == [1, 2]
    assert [unparse(one.node) for one in step.steps] == ["body.x", "body.l[].x"]
    costly = compile_expression(" | ".join(["[@, @]"] * 40))
    with pytest.raises(ExpressionError, match="200,000 steps"):
        costly.record(document)
