"""Explanations of an expression say what the expression does."""

import json
from typing import Any

from hypothesis import given, settings

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression
from relay.rules.explain.trace import all_choices, choices, may_be_missing, reads
from tests.examples import examples
from tests.relay.rules.explain.grammar import BODIES, EXPRESSIONS

ABSENT = object()


def value_of(text: str, document: Any) -> Any:
    """Return what an expression gives by itself."""
    try:
        return compile_expression(text).search(document)
    except ExpressionError:
        return ABSENT


@settings(max_examples=examples(150), deadline=None)
@given(EXPRESSIONS, BODIES)
def test_what_is_told_is_what_was_done(text: str, body: Any) -> None:
    document = {"body": body}
    value = value_of(text, document)
    try:
        expression = compile_expression(text)
        step = expression.record(document)
    except ExpressionError:
        assert value is ABSENT
        return
    assert json.dumps(step.value) == json.dumps(value)
    every = list(all_choices(expression))
    for choice in choices(step):
        assert choice.options in every
        assert json.dumps(value_of(choice.text, document)) == json.dumps(choice.value)
        if choice.taken is not None:
            taken = choice.options[choice.taken]
            assert json.dumps(value_of(taken, document)) == json.dumps(choice.value)
        for one in choice.passed:
            assert json.dumps(value_of(one.text, document)) == json.dumps(one.value)
    for path, read in reads(step):
        assert json.dumps(value_of(path, document)) == json.dumps(read)
    assert value is not None or may_be_missing(expression.tree)


def test_a_path_is_read_once_and_as_a_whole() -> None:
    document: Any = {"body": {"s": "", "c": ["q"]}}
    step = compile_expression("concat(body.s, lower(body.c[0]))").record(document)
    assert list(reads(step)) == [("body.s", ""), ("body.c[0]", "q")]


def test_what_is_not_evaluated_is_not_told() -> None:
    document: Any = {"body": {"n": 7}}
    text = "if(body.m, length(body.n), coalesce('x', upper(body.n)))"
    step = compile_expression(text).record(document)
    assert list(reads(step)) == [("body.m", None)]
    outer, inner = choices(step)
    assert (outer.taken, [one.text for one in outer.passed]) == (1, ["body.m"])
    assert (inner.options, inner.taken) == (("'x'", "upper(body.n)"), 0)
