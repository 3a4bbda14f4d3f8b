"""The text of a parsed expression is parsed as the same expression."""

from typing import Any

import pytest
from hypothesis import given, settings

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression, search
from handler.core.expressions.syntax_tree import unparse
from tests.examples import examples
from tests.handler.core.expressions.plain_grammar import PLAIN, SCALARS, documents


def meaning(text: str, document: Any) -> str:
    try:
        return repr(search(text, document))
    except ExpressionError:
        return "it fails"


@settings(max_examples=examples(150), deadline=None)
@given(text=PLAIN, document=documents(SCALARS))
def test_an_expression_means_the_same_when_it_is_parsed_from_its_text(
    text: str, document: Any
) -> None:
    try:
        tree = compile_expression(text, strict=False).tree
    except ExpressionError:
        return
    assert meaning(unparse(tree), document) == meaning(text, document)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "(a[*]).b",
            "(a[*])[0]",
            "(a[*].b)[1:]",
            "(a[*])[*]",
            "(a.*)[?b]",
            "(a[?b]).*",
            "a[].b[]",
        ),
        *("(a || b)[?c]", "a[*].[b, c]", "a[*].{b: c}", "a.[b, c][0]", "a[?b].[c]", "a.*.[b]"),
        *(r"'it\'s'", r"'a\\b'", r'`"\`"`', r"`[\"\`\"]`", '"a b".c', '"é"', 'a."b"'),
        *("!(a.b)", "!(a == b)", "!a", "(!a).b", "(a | b).c", "a.b | c[0]", "[0]", "*", "[]"),
        *("a.lower(@)", "root().a | @", "a[::-1]", "a[1:].b", "`null`", "a == (b == c)"),
    ],
)
def test_brackets_quotes_and_marks_stand_where_they_decide(text: str) -> None:
    tree = compile_expression(text, strict=False).tree
    assert compile_expression(unparse(tree), strict=False).tree == tree
