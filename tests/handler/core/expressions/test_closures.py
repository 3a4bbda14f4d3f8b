"""Compiled expressions against the library's interpreter of their trees, which is the reference."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathTypeError

from handler.core.errors import ExpressionError, OverBudget
from handler.core.expressions.closures import ExpressionCompiler
from handler.core.expressions.evaluation import FAILURES, Evaluation
from handler.core.expressions.expression import Expression, compile_expression
from handler.core.expressions.json_values import STEPS
from tests.examples import examples
from tests.handler.core.expressions.plain_grammar import PLAIN, SCALARS, documents
from tests.handler.core.expressions.tree_interpreter import Reference
from tests.relay.rules.explain.grammar import BODIES, EXPRESSIONS

FAILED = "failed"


def outcome(evaluate: Callable[[], Any], price: Callable[[], int]) -> tuple[str, int]:
    """Return the value of an evaluation, as Python writes it, and its price."""
    try:
        return repr(evaluate()), price()
    except OverBudget:
        return "over budget", 0
    except (ExpressionError, JMESPathTypeError, *FAILURES):
        return FAILED, 0


def visited(expression: Expression, document: Any) -> tuple[str, int]:
    reference = Reference(document, strict=expression.strict)
    return outcome(lambda: reference.find(expression.tree), lambda: reference.price)


def compiled(expression: Expression, document: Any) -> tuple[str, int]:
    closure = ExpressionCompiler(strict=expression.strict).closure(expression.tree)
    evaluation = Evaluation(document)
    return outcome(lambda: closure(document, evaluation), lambda: STEPS - evaluation.left)


@settings(max_examples=examples(150), deadline=None)
@given(text=PLAIN, document=documents(SCALARS), strict=st.booleans())
def test_a_plain_expression_has_the_value_and_the_price_of_the_reference(
    text: str, document: Any, *, strict: bool
) -> None:
    try:
        expression = compile_expression(text, strict=strict)
    except ExpressionError:
        return
    assert compiled(expression, document) == visited(expression, document)


@settings(max_examples=examples(150), deadline=None)
@given(EXPRESSIONS, BODIES)
def test_an_expression_of_the_dialect_has_the_value_and_the_price_of_the_reference(
    text: str, body: Any
) -> None:
    try:
        expression = compile_expression(text)
    except ExpressionError:
        return
    document = {"body": body}
    assert compiled(expression, document) == visited(expression, document)


@pytest.mark.parametrize(
    "text",
    [
        *("{a: b, a: c}", "{a: b, a: c.d}", "x.{a: b, c: d}", "n.{a: b}", "l.{a: b}"),
        *("absent.{a: b}", "l[].{a: x, b: y}", "l[*].[x, y]", "@", "l[::2]", "x.b.c.d"),
        *("l[1].x", "l[-4].x", "*.b"),
    ],
)  # fmt: skip
def test_what_is_folded_into_one_closure_has_the_price_of_its_nodes(text: str) -> None:
    document: Any = {
        "b": 1,
        "c": {"d": 2},
        "x": {"b": {"c": 3}},
        "n": None,
        "l": [{"x": 1}, 2, None],
    }
    expression = compile_expression(text)
    assert compiled(expression, document) == visited(expression, document)
    assert compiled(expression, document)[0] != FAILED


@pytest.mark.parametrize("text", ["l[?@ > `-1`]", "l[].{a: @}", "map(&[@], l)", "l[?!(@ == 'a')]"])
def test_the_most_that_is_evaluated_is_what_the_reference_evaluates(text: str) -> None:
    expression = compile_expression(text)
    price = compiled(expression, {"l": [1] * 1_000})[1] - compiled(expression, {"l": []})[1]
    last = next(size for size in range(STEPS * 1_000 // price, 0, -1) if _fits(expression, size))
    for size, is_refused in ((last, False), (last + 1, True)):
        document = {"l": [1] * size}
        assert compiled(expression, document) == visited(expression, document)
        assert (compiled(expression, document)[0] == "over budget") is is_refused


def _fits(expression: Expression, size: int) -> bool:
    return compiled(expression, {"l": [1] * size})[0] != "over budget"


def test_a_rule_is_compiled_when_it_is_first_wanted() -> None:
    expression = compile_expression("body.id")
    assert "_closure" not in vars(expression)
    assert expression.search({"body": {"id": 7}}) == 7
    assert "_closure" in vars(expression)
