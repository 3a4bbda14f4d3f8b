"""Names of `define`: each is the expression that it stands for, as if that stood in its place."""

from typing import Any

import pytest

from tests.handler.core.rules.define_files import FILE, ORDER, planned, sent, wrong
from tests.handler.core.rules_files import findings

USER = "${coalesce(text(body.customer.id), concat('guest-', sha256(lower(body.email))))}"
IS_TEXT = "define.user is text with ${...} in it, and no value of an expression"


@pytest.mark.parametrize(
    "define, use, value",
    [
        ("${body.id}", "${define.user}", 7),
        ("${body.lines}", "${define.user}", ORDER["lines"]),
        ("${body.id}", "Order ${define.user}", "Order 7"),
        ("${body.id}", "${concat('o-', text(define.user))}", "o-7"),
        ("order-${body.id}", "${define.user}", "order-7"),
        ("order-${body.id}", "No. ${define.user}!", "No. order-7!"),
        ("${body.lines}", "${define.user[0].sku}", "a"),
        ("${body.lines}", "${define.user[?n > `1`].sku | [0]}", "b"),
        ("${body.lines}", "${define.user[].sku}", ["a", "b"]),
        ("${body.lines[*]}", "${define.user[*].sku}", ["a", "b"]),
        ("${body.lines[0]}", "${define.user.sku}", "a"),
        ("${body.lines[0]}", "${body.lines[?n > root().define.user.n].sku | [0]}", "b"),
        ("${body.lines[0].n}", "${body.lines[?n > root().define.user].sku | [0]}", "b"),
        ("${body.lines[0].n}", "${@.define.user}", 1),
        ("${body.lines[0].n}", "${@ | define.user}", 1),
        ("${body.a || body.id}", "${text(define.user)}", "7"),
        ("${vars.v}", "${upper(define.user)}", "W"),
        ("${body.id == `7` || body.none}", "${define.user && 'yes'}", "yes"),
    ],
)
def test_a_name_gives_the_value_of_its_expression(define: str, use: str, value: Any) -> None:
    assert sent(define, use) == {"p": value}


@pytest.mark.parametrize("define", ["${body.none}", "x ${body.none}", "${body.blank}"])
@pytest.mark.parametrize("use", ["${define.user}", "Hello ${define.user}"])
def test_what_is_missing_stays_missing(define: str, use: str) -> None:
    assert sent(define, use, {**ORDER, "blank": " "}) == {}


def test_one_name_is_made_of_another_wherever_that_stands() -> None:
    text = (FILE % ("${upper(define.low)}", "${define.user}")).replace(
        "define:\n", "define:\n  low: ${lower(define.mail)}\n"
    )
    made = planned(text.replace("rules:", "  mail: ${body.email}\nrules:"), ORDER)
    assert (made.deliveries[0].recipient or {})["trigger_properties"] == {"p": "A@B.CO"}


def test_a_name_stands_in_when_once_for_each_identifiers_and_event() -> None:
    text = """\
verify: {preset: shopify}
define:
  lines: ${body.lines}
  line: "${define.user}-${item.sku}"
  big: "${item.n > `1`}"
  user: ${body.id}
  real: "${!(body.test)}"
event: {bind: {orders/create: "${define.lines}"}, version: "${define.user}"}
rules:
  - name: lines
    type: orders/create
    when: define.real
    for_each: define.lines
    once: ${define.line}
    send:
      campaign_id: c
      recipients:
        - external_user_id: u-${define.user}
          trigger_properties: {big: "${define.big}", line: "${define.line}"}
"""
    made = planned(text, ORDER)
    assert [it.recipient for it in made.deliveries] == [
        {"external_user_id": "u-7", "trigger_properties": {"big": False, "line": "7-a"}},
        {"external_user_id": "u-7", "trigger_properties": {"big": True, "line": "7-b"}},
    ]
    assert [it.event_version for it in made.deliveries] == [7, 7]
    test = planned(text, {**ORDER, "test": True})
    assert [it.why for it in test.unmatched] == ["body.test is true"]
    (malformed,) = planned(text, {"id": 7}).parked
    assert malformed.reason == "malformed"


@pytest.mark.parametrize(
    "define, use, said",
    [
        ("${body.id}", "${define.usr}", "there is no define.usr; did you mean define.user?"),
        ("${body.id}", "${define.x}", "there is no define.x (there are: user)"),
        ("${body.id}", "${define}", "define holds names: write the name too, as in define.user"),
        (
            "${body.id}",
            "${body.lines[?n == define.user]}",
            "define.user is a field of each element here: write root().define.user, or @.define.",
        ),
        (
            "${body.lines[*]}",
            "${define.user.sku}",
            "define.user gives a list, which has no such field: write define.user[] before it",
        ),
        (
            "o-${body.id}",
            "${lower(define.user)}",
            f"{IS_TEXT}: write it as one, ${{concat('o-', text(body.id))}}",
        ),
        (
            "${item.id}",
            "${define.user}",
            "define.user reads item; item is there in once and send of a rule with for_each",
        ),
        ("${`5`}", "${lower(define.user)}", "lower() takes string or null as argument 1, not a"),
        ("${'a'}", "${body.n > define.user}", "body.n > 'a' orders by 'a', which is no number"),
        ("${vars.v}", "${phone(body.p, define.user)}", "vars.v: phone() takes "),
    ],
)
def test_a_wrong_use_is_refused_where_it_stands(define: str, use: str, said: str) -> None:
    (found,) = wrong(define, use)
    assert found.startswith(f"14:32: {said}")


@pytest.mark.parametrize(
    "define, said",
    [
        ("body.customer.id", "user holds no ${...}: write ${body.customer.id}"),
        ("{{body.x}}", "user holds no ${...}: what is the same for every event stands under vars"),
        ("$.customer.id", "user holds no ${...}: write ${body.customer.id}"),
        ("DE", "user holds no ${...}: what is the same for every event stands under vars"),
        ("${bdy.id}", "an event has no bdy; did you mean body,"),
        ("${vars.vv}", "vars has no vv for this stage; did you mean vars.v?"),
        ("${!a.b}", "!a.b reads as (!a).b, which is always null; write !(a.b)"),
        ("${lower(body.a", "${ is never closed"),
        ("${headers.x-a}", "${headers.x-a}: it cannot be read from character 10 on: -a"),
        ('${headers.\\"x-a\\"}', "an event carries no header x-a; name it under headers"),
    ],
)
def test_a_mistake_in_a_name_is_refused_there_and_once(define: str, said: str) -> None:
    first, *others = wrong(define, "${define.user}")
    assert first.startswith(f"5:3: {said}")
    assert [it for it in others if not it.startswith("5:3: ")] == []


@pytest.mark.parametrize(
    "line, said",
    [
        ("user-id: ${body.id}", "user-id: a name takes letters, digits and _, at most 64, and no"),
        ("1st: ${body.id}", "1st: a name takes letters, digits and _"),
        ("x: 3", "x takes text with ${...}, not a number"),
        ("x: {city: '${body.city}'}", "x takes text with ${...}, not an object; an object or a"),
    ],
)
def test_a_name_or_a_value_of_another_form_is_refused(line: str, said: str) -> None:
    text = (FILE % ("${body.id}", "${define.user}")).replace("define:\n", f"define:\n  {line}\n")
    (found,) = findings(text)
    assert found.startswith(f"5:3: {said}")


def test_an_unused_name_is_refused_for_its_mistakes_too() -> None:
    assert wrong("${bdy.id}", "${body.id}")[0].startswith("5:3: an event has no bdy")


@pytest.mark.parametrize(
    "names, said",
    [
        (["a: ${define.a}"], ["5:3: define.a is made of itself: a (line 5) -> a"]),
        (
            ["c: ${define.a}", "a: ${lower(define.b)}", "b: x-${define.c}", "d: ${define.c}"],
            ["5:3: define.c is made of itself: c (line 5) -> a (line 6) -> b (line 7) -> c"],
        ),
        (
            ["a: ${define.b}", "b: ${define.a}", "c: ${define.d}", "d: ${define.c}"],
            [
                "5:3: define.a is made of itself: a (line 5) -> b (line 6) -> a",
                "7:3: define.c is made of itself: c (line 7) -> d (line 8) -> c",
            ],
        ),
    ],
)
def test_a_circle_is_refused_with_its_chain(names: list[str], said: list[str]) -> None:
    block = "".join(f"  {it}\n" for it in names)
    text = (FILE % ("${body.id}", "${define.user}")).replace("define:\n", f"define:\n{block}")
    assert findings(text) == said


@pytest.mark.parametrize(
    "doubled", ["${{[define.a{1}, define.a{1}]}}", "${{define.a{1}}}, ${{define.a{1}}}"]
)
def test_names_that_double_each_other_without_end_are_refused_quickly(doubled: str) -> None:
    twice = f"  a{{0}}: '{doubled}'\n"
    block = "".join(twice.format(at, at - 1) for at in range(1, 60))
    text = (FILE % ("${body.id}", "${define.user}")).replace(
        "define:\n", f"define:\n  a0: ${{body.id}}\n{block}"
    )
    assert findings(text)[0].endswith("written out, it has more than 2,000 parts")


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("external_user_id: ${body.id}", "external_user_id: ${define.user}", "12:11: "),
        ("external_user_id: ${body.id}", "external_user_id: u-${define.user}", "12:11: "),
        ('email: "${body.email}"', 'email: "${define.user}"', "13:24: "),
        ('email: "${body.email}"', 'phone: "${define.user}"', "13:24: "),
        ('email: "${body.email}"', 'subscription_groups: "${define.user}"', "13:24: "),
        ("    send:", "    once: ${define.user}\n    send:", "9:5: "),
        ("    send:", "    for_each: define.user\n    send:", "9:5: "),
    ],
)
@pytest.mark.parametrize(
    "define, name",
    [('${headers.\\"x-shop\\"}', "x-shop"), ("${received_at}", "received_at"), ("${type}", "type")],
)
def test_an_unsigned_value_decides_nothing_through_a_name_either(
    old: str, new: str, said: str, define: str, name: str
) -> None:
    text = FILE % (define, "${define.user}")
    assert old in text
    found = [it for it in findings(text.replace(old, new)) if "does not sign" in it]
    why = f"the sender does not sign {name} (define.user): who plays a webhook again could vary it"
    assert found == [f"{said}{why}"]


@pytest.mark.parametrize(
    "define, said",
    [
        ("${vars.v}", "vars.v is the same for every event: all would be one person"),
        ("${coalesce(body.id, 'guest')}", "'guest' is one person for all who have no other id"),
        ("${to_string(body.id)}", "to_string(body.id) makes the text 'null' of what is missing"),
    ],
)
def test_a_constant_identifier_is_refused_through_a_name_too(define: str, said: str) -> None:
    text = FILE % (define, "${define.user}")
    found = findings(text.replace("user_id: ${body.id}", "user_id: ${define.user}"))
    assert [it for it in found if it.startswith(f"12:11: {said}")]


def test_a_part_of_an_identifier_that_is_missing_is_refused_through_a_name_too() -> None:
    text = (FILE % ("woo-${body.none}", "${body.id}")).replace(
        "user_id: ${body.id}", "user_id: ${define.user}"
    )
    (parked,) = planned(text.replace("body.none", "body.n"), {**ORDER, "n": 0}).parked
    assert parked.detail.startswith("external_user_id: a part of it is missing")


def test_no_name_chooses_a_campaign() -> None:
    text = (FILE % ("${vars.c}", "${define.user}")).replace("_id: c-1", "_id: ${define.user}")
    (found,) = findings(text)
    assert "no webhook may change campaign_id" in found


def test_a_condition_is_checked_through_a_name() -> None:
    text = (FILE % ("${type == 'orders/updated'}", "${body.id}")).replace(
        "    send:", "    when: define.user\n    send:"
    )
    assert findings(text)[0].startswith("9:5: type == 'orders/updated' is never true")


def test_keep_empty_and_required_see_what_a_name_gives() -> None:
    text = FILE % ("${body.note}", "${define.user}")
    kept = text + "    keep_empty: [trigger_properties.p]\n"
    for note, value in ((None, None), ("", "")):
        recipient = planned(kept, {**ORDER, "note": note}).deliveries[0].recipient or {}
        assert recipient["trigger_properties"] == {"p": value}
    assert (
        "trigger_properties" not in (planned(kept, ORDER).deliveries[0].recipient or {})
        or (planned(kept, ORDER).deliveries[0].recipient or {})["trigger_properties"] == {}
    )
    needed = text + "    required: [trigger_properties.p]\n"
    (parked,) = planned(needed, ORDER).parked
    assert parked.detail == "trigger_properties.p: it is required, and missing"


def test_a_failing_name_says_its_expression_and_hurts_no_other_rule() -> None:
    text = (FILE % ("${lower(body.id)}", "${define.user}")) + (
        "  - name: other\n    type: orders/create\n    send:\n      campaign_id: c\n"
        "      recipients: [{external_user_id: '${define.user}'}]\n"
    )
    made = planned(text, ORDER)
    why = "${lower(body.id)}: lower() takes string or null as argument 1, not a number"
    assert made.warnings == (f"confirm: trigger_properties.p is left out: {why}",)
    assert [it.rule for it in made.deliveries] == ["confirm"]
    assert [it.detail for it in made.parked] == [f"external_user_id: {why}"]


def test_a_name_that_there_is_not_is_refused_on_an_element_too() -> None:
    said = wrong("${body.id}", "${body.lines[].define.usre}${define.user}")
    assert any("there is no define.usre; did you mean define.user?" in it for it in said)


def test_without_names_a_field_that_is_called_define_is_a_field() -> None:
    text = (FILE % ("${body.id}", "${body.lines[0].define.x}")).replace(
        'define:\n  user: "${body.id}"\n', ""
    )
    made = planned(text, {**ORDER, "lines": [{"define": {"x": "tea"}}]})
    assert (made.deliveries[0].recipient or {})["trigger_properties"] == {"p": "tea"}
