"""Numbers as conditions are found where they decide, and nowhere else."""

import pytest

from handler.core.expressions.expression import compile_expression
from handler.core.expressions.number_conditions import always_true, true_of_zero
from handler.core.rules.load import load
from tests.handler.core.rules_files import changed, findings

RULE = "    type: orders/create\n"


@pytest.mark.parametrize(
    "expression, words",
    [
        ("length(body.x)", "length(body.x) is always true, for 0 is true"),
        ("body.a && sum(body.x)", "write sum(body.x) > `0`"),
        ("length(body.x) && body.a", "write length(body.x) > `0`"),
        ("body.a || length(body.x)", "write length(body.x) > `0`"),
        ("!length(body.x)", "!length(body.x) is always false, for 0 is true"),
        ("!(length(body.x) && body.a)", "write length(body.x) > `0`"),
        ("body.x | length(@)", "write length(@) > `0`"),
        ("if(length(body.x), body.a, body.b)", "write length(body.x) > `0`"),
        ("if(body.a, length(body.x), body.b)", "write length(body.x) > `0`"),
        ("body.x[?length(y)]", "write length(y) > `0`"),
        ("contains(body.x[?floor(y)].z, 'a')", "write floor(y) > `0`"),
    ],
)  # fmt: skip
def test_a_number_as_a_condition_is_named_with_its_comparison(expression: str, words: str) -> None:
    (text,) = always_true(compile_expression(expression).tree, is_condition=True)
    assert words in text


@pytest.mark.parametrize(
    "expression",
    [
        "length(body.x) > `0`",
        "!(length(body.x) == `0`)",
        "body.x[?length(y) > `1`]",
        "contains(body.x, length(body.y))",
        "body.x[0:2]",
    ],
)
def test_a_number_that_is_compared_is_no_condition(expression: str) -> None:
    assert list(always_true(compile_expression(expression).tree, is_condition=True)) == []


@pytest.mark.parametrize(
    "expression",
    [
        "length(body.x)",
        "body.a && length(body.x)",
        "length(body.x) || `0`",
        "if(body.a, length(body.x), `0`)",
    ],
)
def test_a_number_that_is_a_value_is_no_condition(expression: str) -> None:
    assert list(always_true(compile_expression(expression).tree)) == []


def test_a_number_that_may_be_missing_is_warned_of_alone() -> None:
    tree = compile_expression("to_number(body.total)").tree
    assert list(always_true(tree, is_condition=True)) == []
    (text,) = true_of_zero(tree, is_condition=True)
    assert "write to_number(body.total) > `0`, or to_number(body.total) != `null`" in text
    assert list(true_of_zero(compile_expression("to_number(body.x) || `0`").tree)) == []


def test_a_rule_whose_condition_is_a_number_does_not_load() -> None:
    text = changed(RULE, f"{RULE}    when: length(body.x)\n")
    (only,) = findings(text)
    assert "length(body.x) is always true" in only
    both = changed(RULE, f"{RULE}    when: body.a && !length(body.x)\n")
    (only,) = findings(both)
    assert "!length(body.x) is always false" in only


def test_a_rule_that_compares_a_number_loads() -> None:
    text = changed(RULE, f"{RULE}    when: length(body.x) > `0`\n")
    assert load("shop", text, "shop.yaml", "dev").rules
