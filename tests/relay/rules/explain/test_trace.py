"""What is told of an expression is what the expression does."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression
from relay.rules.explain.trace import all_choices, choices, may_be_missing, reads, trace

BODY: dict[str, Any] = {"a": 1, "b": None, "c": ["q"], "l": [{"x": 1}, {"x": 2}], "s": ""}
LEAVES = ["body.a", "body.b", "body.c[0]", "body.l[].x", "body.l[?x==`1`].y", "`null`", "'t'", "@"]
FORMS = [
    "({0} || {1})",
    "({0} && {1})",
    "!({0})",
    "coalesce({0}, {1})",
    "[{0}, {1}]",
    "{{k: {0}}}",
    "({0} == {1})",
    "({0} | {1})",
    "({0}).k",
    "not_null({0}, {1})",
    "length({0})",
]
EXPRESSIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.builds(str.format, st.sampled_from(FORMS), inner, inner),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_what_is_told_is_what_was_done(text: str) -> None:
    try:
        expression = compile_expression(text)
        value = expression.search({"body": BODY})
    except ExpressionError:
        return
    traced = trace(expression, {"body": BODY})
    assert json.dumps(traced.value) == json.dumps(value)
    every = list(all_choices(expression))
    for choice in choices(traced):
        assert choice.options in every
        if choice.taken is not None:
            assert json.dumps(choice.parts[choice.taken].value) == json.dumps(choice.value)
    assert value is not None or may_be_missing(expression.tree)


def test_a_path_is_read_once_and_as_a_whole() -> None:
    traced = trace(compile_expression("concat(body.s, lower(body.c[0]))"), {"body": BODY})
    assert [(it.text, it.value) for it in reads(traced)] == [("body.s", ""), ("body.c[0]", "q")]
