"""JMESPath's traps are found in the parsed tree, and what only looks like one is not."""

import pytest

from handler.core.errors import RulesError
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.pitfalls import (
    constant,
    contradictions,
    forgotten,
    stringified,
    traps,
)
from handler.core.expressions.syntax_tree import results, unparse
from handler.core.rules.load import load
from tests.handler.core.rules_files import changed, findings

RULE = "    type: orders/create\n"


def said(expression: str) -> list[str]:
    return list(traps(compile_expression(expression).tree))


@pytest.mark.parametrize(
    "expression, words",
    [
        ("!body.a", "write !(a.b)"),
        ("body.x || !body.a[0]", "write !(a.b)"),
        ("!type == 'x'", "(!type) == 'x' compares true or false with a value"),
        ("body.lines[?s == paid]", "s == paid compares with a field paid"),
        ("body.lines[?a.b != paid].c", "compares with a field paid"),
        ("body.lines[?a == 'x' && b == paid]", "compares with a field paid"),
        ("body.lines[].{is: s == paid}", "compares with a field paid"),
        ("body.lines[?contains(tags, vip)]", "contains(tags, vip) compares with a field vip"),
        ("body.lines[?gift == null]", "the value is `null`"),
        ("body.lines[?null == @.gift]", "the value is `null`"),
        ("body.lines[?gift && true]", "the value is `true`"),
        ("body.lines[].{gift: false}", "the value is `false`"),
        ("sort_by(body.lines, &(a == b))", "compares with a field b"),
        ("body.total > '100'", "orders by '100', which is no number"),
        ("'100' <= body.total", "orders by '100', which is no number"),
        ("body.lines[?price >= `null`]", "orders by `null`, which is no number"),
        ("body.lines[?s == 'a' || 'b']", "a filter is always true"),
    ],
)
def test_a_trap_is_named_with_its_mend(expression: str, words: str) -> None:
    (text,) = said(expression)
    assert words in text


@pytest.mark.parametrize(
    "expression",
    [
        "!(body.a)",
        "!(type == 'x')",
        "!(body.a) == `true`",
        "body.lines[?s == 'paid']",
        "body.lines[?s == @.paid]",
        "body.lines[?s == root().body.paid]",
        "body.lines[?'paid' == @.s]",
        "body.lines[?gift].price",
        "body.lines[?!(gift)]",
        "body.lines[*].true",
        "body.lines[0:2].price | [0]",
        "sort_by(body.lines, &price)[-1].sku",
        "body.total > `100`",
        "to_number(body.total) >= `-1`",
        "body.plan || 'free'",
        "body.ok && 'a' || 'b'",
    ],
)
def test_what_says_what_it_means_is_no_trap(expression: str) -> None:
    assert said(expression) == []


@pytest.mark.parametrize(
    "condition, told",
    [
        ("'body.test'", "true"),
        ("`0`", "true"),
        ("''", "false"),
        ("!('x')", "false"),
        ("type == 'a' || 'b'", "true"),
        ("body.a && `null`", "false"),
        ("body.a && 'b'", None),
        ("body.a || `false`", None),
        ("body.a", None),
    ],
)
def test_a_condition_that_no_event_changes_is_found(condition: str, told: str | None) -> None:
    texts = list(constant(compile_expression(condition).tree, "when"))
    assert [text.split(":")[0] for text in texts] == ([f"when is always {told}"] if told else [])


@pytest.mark.parametrize(
    "condition, is_never",
    [
        ("type == 'orders/paid'", True),
        ("'orders/paid' == type && body.a", True),
        ("type == 'orders/create'", False),
        ("type == 'orders/paid' || body.a", False),
        ("type != 'orders/paid'", False),
        ("body.type == 'orders/paid'", False),
    ],
)
def test_a_condition_on_a_type_that_the_rule_is_not_for_is_found(
    condition: str, *, is_never: bool
) -> None:
    tree = compile_expression(condition).tree
    assert bool(list(contradictions(tree, ["orders/create", "orders/up*"]))) is is_never


@pytest.mark.parametrize(
    "expression, is_null_text",
    [
        ("to_string(body.id)", True),
        ("concat('a-', to_string(body.id))", True),
        ("text(body.id)", False),
        ("sha256(to_string({a: body.a}))", False),
    ],
)
def test_an_id_is_not_made_of_the_text_null(expression: str, *, is_null_text: bool) -> None:
    assert bool(list(stringified(compile_expression(expression).tree))) is is_null_text


@pytest.mark.parametrize(
    "text, mend",
    [
        ("$body.email", "${...}"),
        ("Order $vars.name", "${...}"),
        ("$(item.sku)", "${...}"),
        ("body.email", "${body.email}"),
        (" text(body.customer.id) ", "${text(body.customer.id)}"),
        ('headers."x-shop"', '${headers."x-shop"}'),
        ("See body.html for more", None),
        ("$5 off", None),
        ("body", None),
        ("nobody.knows", None),
        ("{{ body.email }}", None),
    ],
)  # fmt: skip
def test_an_expression_without_its_sign_is_found(text: str, mend: str | None) -> None:
    found = forgotten(text)
    assert (
        (found is None) if mend is None else (found or "").endswith((mend, f"{mend}, with braces"))
    )


def test_the_values_that_an_expression_may_give_are_known() -> None:
    tree = compile_expression("a && (b && 'x' || 'y') || `null`").tree
    assert [unparse(node) for node in results(tree)] == ["'x'", "'y'", "`null`"]


@pytest.mark.parametrize("spelling", ["root().bdy", "@.bdy.x", "body.a[?b == root().bdy.c]"])
def test_an_unknown_root_is_found_however_it_is_spelt(spelling: str) -> None:
    (text,) = findings(changed(RULE, f"{RULE}    when: {spelling!r}\n"))
    assert "an event has no bdy" in text


@pytest.mark.parametrize("spelling", ["vars.nam", "root().vars.nam", "vars.nam.x"])
def test_an_unknown_variable_is_found_however_it_is_spelt(spelling: str) -> None:
    (text,) = findings(changed(RULE, f"{RULE}    when: {spelling}\n"))
    assert "vars has no nam for this stage" in text


@pytest.mark.parametrize(
    "attributes",
    ["{email_subscribe: null}", "{email_subscribe: opted_in}", "{gender: F}",
     '{email_subscribe: "${body.a}"}', '{email_subscribe: "${body.a && \'opted_in\' || `null`}"}'],
)  # fmt: skip
def test_what_braze_takes_is_no_mistake(attributes: str) -> None:
    text = changed("${body.id}", f"${{body.id}}\n          attributes: {attributes}")
    assert load("shop", text, "f", "dev").rules


@pytest.mark.parametrize(
    "name", ["external_id", "braze_id", "user_alias", "_update_existing_only", "push_token_import"]
)
def test_what_is_no_attribute_is_refused(name: str) -> None:
    text = changed("${body.id}", f"${{body.id}}\n          attributes: {{{name}: a}}")
    with pytest.raises(RulesError, match=f"{name} is no attribute"):
        load("shop", text, "f", "dev")


@pytest.mark.parametrize("count", [600, 900, 2000])
def test_an_endless_condition_is_a_mistake_of_its_file_and_nothing_worse(count: int) -> None:
    condition = " || ".join(["body.a"] * count)
    with pytest.raises(RulesError, match="nested too deeply"):
        load("shop", changed(RULE, f"{RULE}    when: {condition}\n"), "f", "dev")
