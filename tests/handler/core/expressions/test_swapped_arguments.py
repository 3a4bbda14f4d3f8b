"""Arguments in the wrong order are found where they cannot be meant."""

import pytest

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.swapped_arguments import doubtful, swapped
from handler.core.expressions.syntax_tree import all_nodes


def said(expression: str) -> list[str]:
    nodes = all_nodes(compile_expression(expression).tree)
    return [text for node in nodes for text in swapped(node)]


def warned(expression: str) -> list[str]:
    nodes = all_nodes(compile_expression(expression).tree)
    return [text for node in nodes for text in doubtful(node)]


@pytest.mark.parametrize(
    "expression, meant",
    [
        ("contains('vip', body.tags)", "contains(body.tags, 'vip')"),
        ("contains('VIP', body.tags || '')", "contains(body.tags || '', 'VIP')"),
        ("body.x[?contains('vip', tags)]", "contains(tags, 'vip')"),
        ("starts_with('#', body.name)", "starts_with(body.name, '#')"),
        ("ends_with('.de', body.email)", "ends_with(body.email, '.de')"),
        ("replace('#', '', body.name)", "replace(body.name, '#', '')"),
        ("replace(' ', '-', body.name)", "replace(body.name, ' ', '-')"),
        ("split(',', body.tags)", "split(body.tags, ',')"),
        ("phone('DE', body.phone)", "phone(body.phone, 'DE')"),
        ("time_add('-2h', body.at)", "time_add(body.at, '-2h')"),
        ("time('UTC', body.at)", "time(body.at, 'UTC')"),
        ("money('CAD', body.total)", "money(body.total, 'CAD')"),
        ("minor_units('EUR', body.total)", "minor_units(body.total, 'EUR')"),
        ("minor_units('isk', body.total, 'stripe')", "minor_units(body.total, 'isk', 'stripe')"),
        ("round(`2`, body.weight)", "round(body.weight, `2`)"),
    ],
)
def test_a_literal_in_the_place_of_the_value_is_named_with_the_call_that_is_meant(
    expression: str, meant: str
) -> None:
    (text,) = said(expression)
    assert "that is written down" in text
    assert text.endswith(f"did you mean {meant}?")
    assert said(meant) == []


@pytest.mark.parametrize(
    "expression, meant",
    [
        ("coalesce('there', body.name)", "coalesce(body.name, 'there')"),
        ("coalesce(body.a, 'x', body.b)", "coalesce(body.a, body.b, 'x')"),
        ("not_null(`0`, body.name)", "not_null(body.name, `0`)"),
        ("map(body.items, &title)", "map(&title, body.items)"),
        ("sort_by(&price, body.items)", "sort_by(body.items, &price)"),
    ],
)
def test_what_would_never_be_taken_is_named(expression: str, meant: str) -> None:
    (text,) = said(expression)
    assert text.endswith(f"write {meant}")
    assert said(meant) == []


@pytest.mark.parametrize(
    "expression",
    [
        "contains(['paid', 'sent'], body.status)",
        "contains('paid,sent', body.status)",
        "contains('ABC', body.grade)",
        "contains('abc', 'b')",
        "starts_with('de-DE', body.locale)",
        "replace('Dear NAME', 'NAME', body.name)",
        "replace('a', body.from, 'b')",
        "split('a,b', body.separator)",
        "coalesce('', body.name)",
        "coalesce(`null`, body.name)",
        "coalesce(body.name, 'x', 'y')",
        "coalesce('a', 'b')",
        "concat('guest-', body.id)",
        "if(`true`, body.a, body.b)",
        "multiply(`2`, body.price)",
        "round(`2.25`, body.places)",
        "money('19.90', body.currency)",
        "minor_units(`1990`, body.currency)",
        "phone('030 12345', body.country)",
        "time_add('2026-11-20T21:00:00Z', body.span)",
        "time('2026-11-20T21:00:00', body.zone)",
        "join(', ', body.tags)",
        "map(&title, body.items)",
    ],
)
def test_a_literal_that_may_stand_first_is_no_mistake(expression: str) -> None:
    assert said(expression) == []


@pytest.mark.parametrize(
    "expression, meant",
    [
        ("contains('paid,sent', body.status)", "contains(body.status, 'paid,sent')"),
        ("starts_with('de-DE', body.locale)", "starts_with(body.locale, 'de-DE')"),
        ("split('a,b', body.separator)", "split(body.separator, 'a,b')"),
    ],
)
def test_a_literal_that_is_most_often_a_mistake_is_warned_of(expression: str, meant: str) -> None:
    (text,) = warned(expression)
    assert text.endswith(f"did you mean {meant}?")
    assert warned(meant) == []
    assert warned("contains('vip', body.tags)") == []  # an error already


@pytest.mark.parametrize(
    "expression, meant",
    [
        ("join(body.tags, ',')", "write join(',', body.tags)"),
        ("plain(`40`, body.name)", "write plain(body.name, `40`)"),
        ("lookup('en', tables.hi)", "write lookup(tables.hi, 'en')"),
        ("contains(`5`, body.x)", "write contains(body.x, `5`)"),
        ("concat(body.a, `5`)", "write '5'"),
        ("time_add(body.at, `3600`)", "write '3600s' or '1h'"),
        ("time_add(body.at, '90')", "did you mean '90s'?"),
        ("time_add(body.at, 3600)", "takes a text there: '3600s' or '1h'"),
        ("time_add(body.at, 007)", "takes a text there: '7s'"),
        ("time_add(body.at, -2h)", "takes a text there: '-2h'"),
        ("concat(body.a, lower(body.b), 5)", "concat() takes a text there: '5'"),
        ("plain(body.a, 40)", "a number stands in backticks: `40`"),
        ("[body.a, 5]", "a number stands in backticks: `5`"),
    ],
)
def test_a_value_of_another_type_is_named_with_what_can_be_typed(
    expression: str, meant: str
) -> None:
    with pytest.raises(ExpressionError) as error:
        compile_expression(expression)
    assert str(error.value).endswith(meant)


@pytest.mark.parametrize("expression", ["phone(body.x, `49`)", "if(body.x, 'a')"])
def test_an_order_that_is_right_is_not_turned(expression: str) -> None:
    with pytest.raises(ExpressionError) as error:
        compile_expression(expression)
    assert ", body.x)" not in str(error.value)
