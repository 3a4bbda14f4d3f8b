import pytest
from pydantic import JsonValue

from handler.core.expressions.expression import compile_expression, search


@pytest.mark.parametrize(
    "expression, found",
    [
        ("add(`0.1`, `0.2`)", 0.3),
        ("add(`1.1`, `2.2`, `3.3`)", 6.6),
        ("add(`0.5`, `0.5`)", 1),
        ("add(`820982911946154508`, `1`)", 820982911946154509),
        ("add(`1e308`, `1e308`)", None),
        ("add(`7`)", 7),
        ("multiply(`19.9`, `3`)", 59.7),
        ("multiply(`1.1`, `1.1`)", 1.21),
        ("multiply(`-2.5`, `4`)", -10),
        ("multiply(`1e200`, `1e200`)", None),
        ("divide(`59.7`, `3`)", 19.9),
        ("divide(`-7`, `2`)", -3.5),
        ("divide(`6`, `3`)", 2),
        ("round(multiply(`109.02`, divide(`79`, `109.02`)), `2`)", 79),
        ("divide(`1`, `0`)", None),
        ("divide(`0`, `0`)", None),
        ("divide(`1e300`, `1e-300`)", None),
        ("round(`2.675`, `2`)", 2.68),
        ("round(`2.5`, `0`)", 3),
        ("round(`-2.5`, `0`)", -3),
        ("round(`0.125`, `2`)", 0.13),
        ("round(`19.999`, `2`)", 20),
        ("round(`7`, `2`)", 7),
        ("round(`1e300`, `2`)", 1e300),
        ("round(`5e-324`, `15`)", 0),
        ("round(`0.1`, `15`)", 0.1),
    ],
)
def test_numbers_are_exact_in_decimal(expression: str, found: JsonValue) -> None:
    value = search(expression, {})
    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    "expression, found",
    [
        ("sum([`18.90`, `36.30`])", 55.2),
        ("avg([`18.90`, `36.30`])", 27.6),
        ("sum([`0.1`, `0.2`])", 0.3),
        ("sum([`0.5`, `0.5`])", 1),
        ("sum(`[]`)", 0),
        ("avg(`[]`)", None),
        ("avg([`1`, `2`])", 1.5),
        ("sum([`1e308`, `1e308`])", None),
        ("sum(body[].to_number(price))", 55.2),
    ],
)
def test_sums_and_means_of_rules_are_exact_in_decimal(expression: str, found: JsonValue) -> None:
    body: JsonValue = [{"price": "18.90"}, {"price": "36.30"}]
    assert compile_expression(expression).search({"body": body}) == found


def test_plain_jmespath_adds_as_its_libraries_do() -> None:
    assert search("sum(@)", [18.9, 36.3]) == 18.9 + 36.3 != 55.2
    assert search("avg(@)", [18.9, 36.3]) == (18.9 + 36.3) / 2


def test_an_endless_number_makes_nothing() -> None:
    endless = float("inf")
    for call in ("add(@, `1`)", "multiply(@, `0`)", "round(@, `2`)", "money(@, 'usd')", "time(@)"):
        assert search(call, endless) is None


@pytest.mark.parametrize(
    "expression, found",
    [
        ("text(`0.00001`)", "0.00001"),
        ("to_string(`0.00001`)", "0.00001"),
        ("text(`1e23`)", "1" + "0" * 23),
        ("to_string(`1.5e300`)", "15" + "0" * 299),
        ("to_number('0.199e2')", 19.9),
        ("add(to_number('0.199e2'), `1e-7`)", 19.9000001),
        ("to_string(to_number('-0.5e-1'))", "-0.05"),
    ],
)
def test_an_exponent_is_read_and_never_written(expression: str, found: JsonValue) -> None:
    assert search(expression, {}) == found
