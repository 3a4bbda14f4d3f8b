"""What an expression makes is paid for before it is made: memory stays within bounds."""

import json
import tracemalloc
from typing import Any

import pytest

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.json_values import STEPS

MANY = {"body": {"items": [1] * 7000, "nested": [[1] * 50] * 100, "text": "é" * 20_000}}
LONG_KEY = {"items": [1] * 2000, "o": {"k" * 100_000: "v"}}
WIDE = "\U0001f600" * 60_000
BOUND = 100_000_000  # bytes; the function has five times as many


def peak(expression: str, document: Any) -> tuple[int, str]:
    """Return the most memory that an evaluation held, and how it ended."""
    compiled = compile_expression(expression)
    tracemalloc.start()
    try:
        compiled.search(document)
        ended = ""
    except ExpressionError as error:
        ended = str(error)
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most, ended


@pytest.mark.parametrize(
    "expression, document",
    [
        ("body.items[].root().body.items[]", MANY),
        ("length(body.items[].root().body.items[])", MANY),
        ("body.items[].[root().body.items][] | []", MANY),
        ("map(&root().body.items, body.items) | []", MANY),
        ("body.nested[].root().body.nested[][]", MANY),
        ("body.items[].root().body.items[::-1]", MANY),
        ("length(join('', body.items[].root().body.text))", MANY),
        ("body.items[].concat(root().body.text, 'x')", MANY),
        ("body.items[].reverse(root().body.text)", MANY),
        ("body.items[].split(root().body.text, 'é')", MANY),
        ("body.items[].replace(root().body.text, 'é', 'éé')", MANY),
        ("body.items[].merge(root().body, root().body)", MANY),
        ("body.items[].sort(root().body.items)", MANY),
        ("body.items[].to_string(root().body.items)", MANY),
        ("body.items[].keys(root().body)", MANY),
        ("items[].to_string(root().o)", LONG_KEY),
        ("items[].keys(root().o) | join('', [])", LONG_KEY),
        ("join('', items[].keys(root().o)[])", LONG_KEY),
        (" | ".join(["concat(@, @)"] * 30), WIDE),
        (" | ".join(["to_string([@, @])"] * 30), WIDE),
        (" | ".join(["[@, @]"] * 30), MANY),
        (" | ".join(["{a: @, b: @}"] * 30), MANY),
        ("items[].to_number(root().n)", {"items": [1] * 100, "n": json.dumps([[]] * 100_000)}),
    ],
)
def test_no_expression_takes_more_memory_than_the_function_has(
    expression: str, document: Any
) -> None:
    most, ended = peak(expression, document)
    assert most < BOUND
    assert ended in ("", f"it takes more than {STEPS:,} steps on this event")


@pytest.mark.parametrize(
    "expression, document",
    [
        ("[][]", [[[1] * 500] * 20] * 200),
        ("[*][0][]", [[[1] * 100]] * 10),
        ("items[].root().items[]", {"items": [1] * 7000}),
    ],
)
def test_a_list_is_paid_for_before_it_is_flattened(expression: str, document: Any) -> None:
    most, ended = peak(expression, document)
    assert most < 5_000_000
    assert ended == "" or "200,000 steps" in ended


def test_a_list_that_is_paid_is_flattened_and_sliced_as_ever() -> None:
    document: Any = {"a": [[1, [2]], 3, {"b": 4}, []]}
    assert compile_expression("a[]").search(document) == [1, [2], 3, {"b": 4}]
    assert compile_expression("a[1:3]").search(document) == [3, {"b": 4}]
    assert compile_expression("a[::-2]").search(document) == [[], 3]
    assert compile_expression("b[]").search(document) is None
    assert compile_expression("b[1:]").search(document) is None


@pytest.mark.parametrize("made", ["items[].root().o", "{a: o, b: items[].root().o}"])
def test_a_result_is_weighed_with_the_names_in_it(made: str) -> None:
    _, ended = peak(made, LONG_KEY)
    assert "200,000 steps" in ended


def test_only_a_number_is_read_as_json() -> None:
    long = json.dumps([[]] * 100_000)
    most, _ = peak("to_number(@)", long)
    assert most < 1_000_000
    for text, number in [(" 7\n", 7), ("1e2", 100.0), ("-0.5", -0.5), ("01", None), ("1.", None)]:
        assert compile_expression("to_number(@)").search(text) == number
