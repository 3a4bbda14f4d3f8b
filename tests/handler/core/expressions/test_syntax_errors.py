"""Syntax of other languages: each is refused with the expression that means the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.pitfalls import traps
from handler.core.expressions.syntax_errors import worded


def said(text: str) -> str:
    """Return what is said of an expression, when it is read or of its tree."""
    try:
        return "\n".join(traps(compile_expression(text).tree))
    except ExpressionError as error:
        return str(error)


@pytest.mark.parametrize(
    "written, mend",
    [
        # Liquid's and Jinja's filters
        ("body.name | upper", "upper(body.name)"),
        ("body.name | upcase", "upper(body.name)"),
        ("body.name | downcase", "lower(body.name)"),
        ("body.name | capitalize", "title(body.name)"),
        ("body.name | strip | capitalize", "title(trim(body.name))"),
        ("body.tags | size", "length(body.tags)"),
        ("body.tags | length", "length(body.tags)"),
        ("body.tags | size > `3`", "length(body.tags) > `3`"),
        ("body.tags | first", "body.tags[0]"),
        ("body.tags | last", "body.tags[-1]"),
        ("body.items[*].title | first", "body.items[*].title | [0]"),
        ("body.name | upper || 'x'", "upper(body.name) || 'x'"),
        ("body.name | escape", "plain(body.name, `80`)"),
        ("body.total | money", "money(body.total, ...)"),
        ("body.tags | lookup", "lookup(body.tags, ...)"),
        ("body.name | default: 'x'", "coalesce(body.name, 'x')"),
        ("body.created_at | date: '%Y'", "time(body.created_at)"),
        ("body.created_at | strftime: '%Y'", "time(body.created_at)"),
        ("body.tags | join: ', '", "join(', ', body.tags)"),
        ("body.tags | split: ','", "split(body.tags, ',')"),
        ("body.name | replace: 'a, b', 'c'", "replace(body.name, 'a, b', 'c')"),
        ("body.price | times: 100", "multiply(body.price, `100`)"),
        ("body.price | divided_by: body.count", "divide(body.price, body.count)"),
        ("body.price | minus: body.tax", "add(body.price, multiply(body.tax, `-1`))"),
        ("body.items | map: 'title'", "body.items[].title"),
        ("body.name | append: '!'", "concat(body.name, '!')"),
        ("body.name | prepend: 'Dear '", "concat('Dear ', body.name)"),
        ("body.name | remove: 'x'", "replace(body.name, 'x', '')"),
        ("body.tags | join(', ')", "join(', ', body.tags)"),
        ("body.name | default('x')", "coalesce(body.name, 'x')"),
        # methods and functions
        ("body.name.upper()", "upper(body.name)"),
        ("body.name.toUpperCase()", "upper(body.name)"),
        ("body.tags.includes('vip')", "contains(body.tags, 'vip')"),
        ("body.tags.contains('vip')", "contains(body.tags, 'vip')"),
        ("body.name.concat('x')", "concat(body.name, 'x')"),
        ("body.a | sha256('x')", "sha256(body.a)"),
        ("body.get('name')", "body.name"),
        ("Math.round(body.x)", "round(body.x, `0`)"),
        ("len(body.items)", "length(body.items)"),
        ("tonumber(body.x)", "to_number(body.x)"),
        ("formatdate('YYYY', body.at)", "time(body.at)"),
        ("date('d.m.Y', body.at)", "time(body.at)"),
        ("default(body.x, 'a')", "coalesce(body.x, 'a')"),
        ("isset(body.x)", "body.x != `null`"),
        ("if(body.x, 'a')", "if(body.x, 'a', `null`)"),
        # paths
        ("body.client-reference-id", 'body."client-reference-id"'),
        ("headers.x-shop == 'a'", "headers.\"x-shop\" == 'a'"),
        ("body.line-1", 'body."line-1"'),
        ("body.items.0.name", "body.items[0].name"),
        ("$.data.object.x", "body.data.object.x"),
        ("$.body.x", "body.x"),
        ("$json.x", "body.x"),
        ("upper($.x)", "upper(body.x)"),
        ("body['a-b']", 'body."a-b"'),
        ("body['name'].x", "body.name.x"),
        ('body["name"]', "body.name"),
        ("body[name]", "body.name"),
        ("body.names[body.locale]", "lookup(body.names, body.locale)"),
        ("lookup(tables, vars.x)[item.code]", "lookup(lookup(tables, vars.x), item.code)"),
        ("concat('a', body.n[ lower(body.x) ].y)", "concat('a', lookup(body.n, lower(body.x)).y)"),
        ("body->name", "body.name"),
        ("body?.customer?.name", "body.customer.name"),
        ("body..name", "body.name"),
        (".body.items[].t", "body.items[].t"),
        ("/body/items", "body.items"),
        ("upper(${body.x})", "upper(body.x)"),
        ("{ body.x }", "${body.x}"),
        # operators
        ("body.a ? 'b' : 'c'", "if(body.a, 'b', 'c')"),
        ("body.a == 'x' ? body.b.c : 'c'", "if(body.a == 'x', body.b.c, 'c')"),
        ("body.a ?? body.b ?? 'x'", "coalesce(body.a, body.b, 'x')"),
        ("body.a ?: 'x'", "coalesce(body.a, 'x')"),
        ("not body.x", "!(body.x)"),
        ("body.a && not body.x", "!(body.x)"),
        ("not body.x and body.y", "!(body.x)"),
        ("body.a - body.b", "add(body.a, multiply(body.b, `-1`))"),
        ("body.a-body.b", "add(body.a, multiply(body.b, `-1`))"),
        ("body.a * 100", "multiply(body.a, `100`)"),
        ("body.a / 100", "multiply(body.a, `0.01`)"),
        ("body.a / 1000", "multiply(body.a, `0.001`)"),
        ("body.a / body.b", "divide(body.a, body.b)"),
        ("'Hi ' + body.b", "concat('Hi ', body.b)"),
        ("body.a contains 'x'", "contains(body.a, 'x')"),
        ("body.a like '%x%'", "contains(body.a, 'x')"),
        ("body.a in ('x', 'y')", "contains(['x', 'y'], body.a)"),
        ("body.a not in ['x']", "!(contains(['x'], body.a))"),
        ("body.a is not null", "body.a != `null`"),
        ("body.a between 1 and 5", "body.a >= `1` && body.a <= `5`"),
        ("'a' if body.x else 'b'", "if(body.x, 'a', 'b')"),
        ("if body.x then 'a' else 'b'", "if(body.x, 'a', 'b')"),
        ("body.s == ‘paid’", "body.s == 'paid'"),  # noqa: RUF001 - these quotes
        ("body.s == “paid”", "body.s == 'paid'"),
        ("body.total > '1000'", "to_number(body.total) > `1000`"),
        ("'5' < body.total", "`5` < to_number(body.total)"),
        ("body.at > '2026-01-01'", "epoch(body.at) > epoch('2026-01-01T00:00:00Z')"),
        ("body.a == 'x' | body.b == 'y'", "body.a == 'x' || body.b == 'y'"),
        ("body.tags == []", "!(body.tags)"),
        ("body.a, body.b", "[body.a, body.b]"),
    ],
)
def test_a_mistake_is_said_with_a_mend_that_is_none(written: str, mend: str) -> None:
    assert mend in said(written)
    if "..." not in mend and not mend.startswith("$"):
        assert said(mend) == ""


@pytest.mark.parametrize(
    "written, words",
    [
        ("body.name | truncate", "there is no function for Liquid's truncate"),
        ("body.name | truncate: 20", "there is no function for Liquid's truncate"),
        ("body.at | date: '%Y'", "and format it in the message, in Braze's Liquid"),
        ("body.at.strftime('%Y')", "and format it in the message, in Braze's Liquid"),
        ("body.a % 2", "no function for a remainder"),
        ("body.a =~ 'x'", "there are no regular expressions"),
        ("body.a <> 'x'", "unequal is written !="),
        ("body.a !== 'x'", "unequal is written !="),
        ("body.a === 'x'", "equal is written =="),
        ("body.a & body.b", "`and` is written &&"),
        ("body.a AND body.b", "`and` is written &&"),
        ("body.x\u00a0== 'a'", "that is a no-break space (U+00A0)"),
        ("body.\u200bx", "that is a zero-width space (U+200B)"),
        ("coalesce(body.a body.b)", "a , belongs before it"),
        ("coalesce(body.a, )", "the , before it is one too many"),
        ("lower(body.a))", "that ) is one too many"),
        ("body.a[0", "a ] is missing"),
        ("concat('it's', body.a)", "a ' within a text is written \\'"),
        ("{a: {}}", "an empty object stands in backticks"),
        ("body.total > 1,000", "in backticks, without commas: `1000`"),
        ("body.total > 1,234,567.89", "in backticks, without commas: `1234567.89`"),
        ("plain(body.a, 1,000)", "a number stands in backticks: `1`"),
        ("body.items.map(i => i.title)", "body.items[].title, or map(&title, body.items)"),
    ],
)
def test_what_has_no_equal_here_is_said_so(written: str, words: str) -> None:
    assert words in said(written)


@pytest.mark.parametrize(
    "expression",
    [
        "body.name | @.upper",
        "body.product | [0].title",
        "body.tags | length(@)",
        "body | @.body",
        "root() | body.name",
        "body.a | concat(@, 'x')",
        "coalesce(body.a, body.b)",
        "body.l[?(@.a == 'x')].b",
        "[body.a, body.b]",
        "sort_by(body.l, &x)[0]",
    ],
)
def test_what_only_looks_like_another_language_is_no_mistake(expression: str) -> None:
    assert said(expression) == ""


@given(st.text(alphabet="ab.x0[]{}()*&|!?:,'\"`\\ -<>=$/+%‘if not and", max_size=24))  # noqa: RUF001
def test_every_syntax_error_is_worded(text: str) -> None:
    try:
        Parser().parse(text)
    except JMESPathError as error:
        found = error
    except Exception:  # noqa: BLE001 - the library raises Python's own errors, too
        return
    else:
        return
    assert worded(text, found)
