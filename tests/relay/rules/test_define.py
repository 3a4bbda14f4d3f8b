"""What the rules commands say of names of `define`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from handler.core.configuration import yaml12
from relay.rules.check.paths import unseen
from relay.rules.check.shared_names import different_persons
from relay.rules.commands import app
from tests.relay.rules.check.test_warnings import shop
from tests.relay.rules.desk import Desk

WHO = "recipients[0].trigger_properties.who"
RULE = """\
  - name: {0}
    type: {1}
    once: ${{body.id}}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients:
        - external_user_id: {2}
"""
HEAD = "verify: {preset: shopify}\n"
DEFINE = """\
define:
  guest: ${concat('guest-', body.token)}
  user: ${coalesce(body.customer.id, define.guest)}
  order: order-${body.id}
"""
CREATE = ("orders/create", "${define.user}")
RULES = (
    f"{HEAD}{DEFINE}rules:\n"
    + RULE.format("confirm", "orders/create", "${define.user}").replace(
        "${body.id}", "${define.order}"
    )
    + '          trigger_properties: {who: "${define.user}", order: "Order ${body.number}"}\n'
    + RULE.format("thank", *CREATE)
)
CASE = """\
webhook:
  headers: {x-shopify-topic: orders/create}
  body: {id: 7, token: t1, number: 1}
"""


def remarks(folder: Path) -> list[str]:
    found = CliRunner().invoke(app, ["check", str(folder), "--json"]).stdout
    said: list[dict[str, Any]] = json.loads(found)
    return [f"{it['line']}: {it['level']}: {it['message']}" for it in said if "line" in it]


def two(
    first: str, second: str, types: tuple[str, str] = ("orders/create", "orders/create")
) -> str:
    return (
        HEAD
        + "rules:\n"
        + "".join(
            RULE.format(name, kind, who)
            for name, kind, who in zip(("confirm", "thank"), types, (first, second), strict=True)
        )
    )


def persons(text: str) -> list[str]:
    document = yaml12.load(text, "shop.yaml")
    return [
        f"{document.finding(*it).line}: {it[1]}" for it in different_persons(shop(text), document)
    ]


def test_an_unused_name_is_a_warning_and_one_that_only_it_uses_too(tmp_path: Path) -> None:
    unused = "  a: ${define.b}\n  b: ${body.zip}\n  z: a ${define.guest}\n"
    (tmp_path / "shop.yaml").write_text(RULES.replace("rules:\n", f"{unused}rules:\n"))
    assert [it for it in remarks(tmp_path) if "define" in it] == [
        "6: warning: no rule uses define.a: delete it, or write ${define.a}",
        "7: warning: no rule uses define.b: delete it, or write ${define.b}",
        "8: warning: no rule uses define.z: delete it, or write ${define.z}",
    ]


def test_two_rules_that_name_their_person_otherwise_are_a_warning_with_both_lines() -> None:
    (said,) = persons(two("${body.customer.id}", "${coalesce(body.customer.id, body.email)}"))
    assert said == (
        "16: external_user_id is not that of confirm, in line 9, which is for the same type: a"
        " person whom each names in another way gets two profiles; name the person once, as in"
        ' define: {person: "${...}"}, and write ${define.person} in both'
    )


@pytest.mark.parametrize(
    "first, second",
    [
        ("${body.customer.id}", "${ body.customer.id }"),
        ("${body.customer.id}", "${text(body.customer.id)}"),
        (
            "${coalesce(body.customer.id, body.token)}",
            "${coalesce(text(body.customer.id),body.token)}",
        ),
        ("u-${body.customer.id}", "u-${body.customer.id}"),
        ("${body.a || body.b}", "${(body.a) || (body.b)}"),
    ],
)
def test_one_person_in_two_spellings_is_none(first: str, second: str) -> None:
    assert persons(two(first, second)) == []


@pytest.mark.parametrize(
    "types, count",
    [
        (("orders/create", "orders/paid"), 0),
        (("orders/create", "[orders/paid, orders/create]"), 1),
        (("'orders/*'", "orders/create"), 1),
        (("'*/create'", "'orders/*'"), 0),
    ],
)
def test_only_rules_for_one_type_are_compared(types: tuple[str, str], count: int) -> None:
    assert len(persons(two("${body.a}", "${body.b}", types))) == count


def test_a_name_written_out_by_hand_is_the_same_person() -> None:
    text = two("${define.user}", "${coalesce(body.customer.id, concat('guest-', body.token))}")
    assert persons(text.replace("rules:", f"{DEFINE}rules:")) == []
    other = text.replace("'guest-'", "'g-'").replace("rules:", f"{DEFINE}rules:")
    assert len(persons(other)) == 1


def test_another_recipient_another_kind_and_an_item_are_other_persons() -> None:
    shared = "${body.a}\n        - external_user_id: ${body.owner}"
    assert persons(two(shared, "${body.owner}")) == []
    alias = "user_alias: {alias_name: '${body.b}', alias_label: shop}"
    by_alias = two("${body.a}", "${body.b}").replace("external_user_id: ${body.b}", alias)
    assert alias in by_alias
    assert persons(by_alias) == []
    by_item = two("${body.a}", "${item.b}").replace(
        "    once: ${body.id}\n    send:\n      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368\n"
        "      recipients:\n        - external_user_id: ${item.b}",
        "    for_each: body.items\n    send: {campaign_id: c, recipients: ["
        "{external_user_id: '${item.b}'}]}",
    )
    assert "for_each" in by_item
    assert persons(by_item) == []
    assert (
        persons(two("${body.a}", "${body.b}").replace("name: thank", "name: t\n    enabled: false"))
        == []
    )


def test_a_path_that_no_sample_has_is_told_where_the_name_stands() -> None:
    source = shop(RULES)
    seen = [{"body": {"id": 1, "number": 1, "customer": {"id": 1}, "tokens": "x"}}]
    found = [it for rule in source.rules for it in unseen(rule, seen)]
    text = "no sample event has body.token; did you mean body.tokens?"
    assert found == [(("define", "guest"), text.replace("body.tokens", "tokens"))] * 2


def test_explain_shows_what_a_name_stands_for_and_the_way_within_it(desk: Desk) -> None:
    desk.write_rules(RULES)
    desk.write_case(CASE)
    shown = desk.explain("shop/an-order").stdout
    assert (
        """\
    recipients[0].external_user_id = "guest-t1"
        ${define.user}
        define.user: ${coalesce(body.customer.id, define.guest)}
        define.guest: ${concat('guest-', body.token)}
        body.customer.id = null
        body.token = "t1"
        takes concat('guest-', body.token) (2 of 2): body.customer.id is null
"""
        in shown
    )
    assert (
        """\
    once = "order-7"
        order-${body.id}
        define.order: order-${body.id}
        body.id = 7
"""
        in shown
    )
    (field,) = [
        it
        for it in desk.told()["requests"][0]["fields"]
        if it["field"] == "recipients[0].external_user_id"
    ]
    assert field["template"] == "${define.user}"
    assert field["parts"][0]["define"] == [
        {"name": "user", "template": "${coalesce(body.customer.id, define.guest)}"},
        {"name": "guest", "template": "${concat('guest-', body.token)}"},
    ]


def test_explain_shows_the_names_in_a_condition(desk: Desk) -> None:
    paid = RULES.replace("rules:\n", "  paid: \"${body.status == 'paid'}\"\nrules:\n")
    desk.write_rules(paid.replace("    once:", "    when: define.paid && body.id\n    once:", 1))
    desk.write_case(CASE)
    shown = desk.explain("shop/an-order").stdout
    assert (
        """\
confirm: not wanted, body.status == 'paid' is false (body.status is null)
  when define.paid && body.id
    body.status == 'paid' = false
      define.paid: ${body.status == 'paid'}
      body.status = null
"""
        in shown
    )


def test_the_branches_within_a_name_count_once_in_all(desk: Desk) -> None:
    desk.write_rules(RULES)
    desk.write_case(CASE)
    found = desk.tested()["coverage"]
    within = [it for it in found["uncovered"] if "takes" in it["branch"]]
    assert within == [
        {"source": "shop", "rule": "define.user", "branch": "takes body.customer.id (1 of 2)"}
    ]
    text = (
        "  shop/define.user: no case covers these branches:\n    takes body.customer.id (1 of 2)\n"
    )
    assert text in desk.test().stdout
    desk.write_case(CASE.replace("id: 7", "id: 7, customer: {id: 9}"), "shop/a-customer")
    assert [it for it in desk.tested()["coverage"]["uncovered"] if "takes" in it["branch"]] == []


def test_a_name_beside_a_choice_of_the_rule_has_its_own_branches(desk: Desk) -> None:
    desk.write_rules(RULES.replace('who: "${define.user}"', 'who: "${define.user || body.id}"'))
    branches = {(it["rule"], it["branch"]) for it in desk.tested()["coverage"]["uncovered"]}
    assert {it for it in branches if "takes" in it[1]} == {
        ("define.user", "takes body.customer.id (1 of 2)"),
        ("define.user", "takes concat('guest-', body.token) (2 of 2)"),
        (
            "confirm",
            f"{WHO} takes coalesce(body.customer.id, concat('guest-', body.token)) (1 of 2)",
        ),
        ("confirm", f"{WHO} takes body.id (2 of 2)"),
    }
