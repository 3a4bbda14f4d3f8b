import pytest
from pydantic import JsonValue

from handler.core.expressions.expression import search


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


def test_an_endless_number_makes_nothing() -> None:
    endless = float("inf")
    for call in ("add(@, `1`)", "multiply(@, `0`)", "round(@, `2`)", "money(@, 'usd')", "time(@)"):
        assert search(call, endless) is None
