"""Names of `define`: each is the expression that it stands for, as if that stood in its place."""

import json
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handler.core.errors import RulesError
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.functions import Functions
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.rules.source import Source
from tests.handler.core.rules_files import findings

NOW = 1_780_000_000
USER = "${coalesce(text(body.customer.id), concat('guest-', sha256(lower(body.email))))}"
FILE = """\
verify: {preset: shopify}
headers: [x-shop]
vars: {dev: {v: w, c: c-1}}
define:
  user: "%s"
rules:
  - name: confirm
    type: orders/create
    send:
      campaign_id: c-1
      recipients:
        - external_user_id: ${body.id}
          attributes: {email: "${body.email}"}
          trigger_properties: {p: "%s"}
"""
IS_TEXT = "define.user is text with ${...} in it, and no value of an expression"
ORDER = {"id": 7, "email": "A@b.co", "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]}


def shop(text: str) -> Source:
    return load("shop", text, "shop.yaml", "dev")


def planned(text: str, body: Any, kind: str = "orders/create", **headers: str) -> Plan:
    given = {"x-shopify-topic": kind, **{key.replace("_", "-"): it for key, it in headers.items()}}
    webhook = Webhook("shop", "POST", given, "", json.dumps(body).encode(), NOW)
    return plan(Verified(webhook), shop(text))


def sent(define: str, use: str, body: Any = ORDER) -> Any:
    """Return the property that is sent; absent where it is missing."""
    made = planned(FILE % (define, use), body)
    assert (made.parked, made.warnings) == ((), ())
    return (made.deliveries[0].recipient or {}).get("trigger_properties", {})


def wrong(define: str, use: str) -> list[str]:
    return findings(FILE % (define, use))


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


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that sha256() has been called with."""
    called: list[str] = []
    entry = Functions.FUNCTION_TABLE["sha256"]
    real = entry["function"]

    def counting(self: Functions, text: str) -> Any:
        called.append(text)
        return real(self, text)

    monkeypatch.setitem(entry, "function", counting)
    return called


TWICE = (FILE % ("${sha256(body.email)}", "${define.user}/${define.user}")).replace(
    "user_id: ${body.id}", "user_id: ${define.user}"
)


TWO_LISTS = """\
verify: {preset: shopify}
define: {who: "${%s}"}
rules:
  - name: a
    type: orders/create
    for_each: body.%s
    once: "${body.id}-${define.who}"
    send: {campaign_id: c-1, recipients: [{external_user_id: "${define.who}"}]}
  - name: b
    type: orders/create
    for_each: body.%s
    once: "${body.id}-${define.who}"
    send: {campaign_id: c-1, recipients: [{external_user_id: "${define.who}"}]}
"""
BUYER, PRESENT = {"email": "buyer@x.co"}, {"email": "gift@x.co", "gift": True}
GIFT = {"id": 7, "buyers": [BUYER], "gifts": [PRESENT], "both": [BUYER, PRESENT]}


def test_a_name_is_evaluated_once_an_event_whatever_uses_it(hashed: list[str]) -> None:
    rules = TWICE + TWICE.split("rules:\n")[1].replace("confirm", "again").replace(
        "    send:",
        "    when: define.user && upper(define.user)\n    once: ${define.user}\n    send:",
    )
    assert len(planned(rules, ORDER).deliveries) == 2
    assert hashed == ["A@b.co"]


def test_a_failing_name_is_evaluated_once_too(hashed: list[str]) -> None:
    text = TWICE.replace("sha256(body.email)", "upper([sha256(body.email)])")
    assert len(planned(text + "    keep_empty: [trigger_properties.p]\n", ORDER).parked) == 1
    assert hashed == ["A@b.co"]


def test_a_name_that_no_rule_of_the_type_uses_costs_nothing(hashed: list[str]) -> None:
    unused = FILE % ("${sha256(body.email)}", "${body.id}")
    assert len(planned(unused, ORDER).deliveries) == 1
    planned(TWICE, ORDER, kind="orders/paid")
    assert hashed == []


def test_a_name_of_the_item_is_evaluated_for_each(hashed: list[str]) -> None:
    text = TWICE.replace("sha256(body.email)", "sha256(item.sku)").replace(
        "    send:", "    for_each: body.lines\n    send:"
    )
    assert len(planned(text, ORDER).deliveries) == 2
    assert hashed == ["a", "b"]


def test_a_name_of_the_item_has_no_value_of_another_rules_list() -> None:
    made = planned(TWO_LISTS % ("item.email", "buyers", "gifts"), GIFT)
    reached = {it.rule: (it.recipient or {})["external_user_id"] for it in made.deliveries}
    assert reached == {"a": "buyer@x.co", "b": "gift@x.co"}


def test_a_name_in_the_id_of_an_item_has_no_value_of_another_rules_list() -> None:
    made = planned(TWO_LISTS % ("item.email", "both[?gift]", "both"), GIFT)
    assert made.parked == ()
    assert [it.rule for it in made.deliveries] == ["a", "b", "b"]


def test_a_name_of_the_item_is_forgotten_with_its_element() -> None:
    lines = [{"i": at} for at in range(2_000)]
    text = TWO_LISTS % ("body.lines[].{a: i, b: root().item.email}", "buyers", "none")
    told = text.replace("-${define.who}", "-${item.email}")
    source = shop(told.replace("${define.who}", "${length(define.who)}"))
    body = {"id": 7, "lines": lines, "buyers": [{"email": f"{at}@x.co"} for at in range(30)]}
    webhook = Webhook(
        "shop", "POST", {"x-shopify-topic": "orders/create"}, "", json.dumps(body).encode(), NOW
    )
    tracemalloc.start()
    try:
        assert len(plan(Verified(webhook), source).deliveries) == 30
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # One list of 2,000 objects is 0.6 MB; 30 of them, with what is noted of their nulls, are 30.
    assert peak < 10_000_000


def test_a_name_pays_for_no_search_that_its_user_does_not_ask_for() -> None:
    body = {**ORDER, "lines": [{}] * 18_000}
    name, use = "${length(body.lines[].{a: a.b.c.d})}", "${define.user}"
    assert sent(name, use, body) == sent("${body.id}", name, body) == {"p": 18_000}


def test_an_unsigned_value_of_a_name_never_becomes_the_signed_one() -> None:
    text = TWICE.replace("sha256(body.email)", "values(@) | [0]")
    assert [it for it in findings(text) if "does not sign its headers (define.user)" in it]


@pytest.mark.parametrize(
    "for_each",
    [
        *("define.user", "define.user[?n > `1`]", "define.user[?n > root().define.user[0].n]"),
        *("(define.user[*]) | [0:1]", "sort_by(define.user, &sku)", "define.user || `[]`"),
    ],
)
def test_the_text_of_an_expression_has_its_names_written_out(for_each: str) -> None:
    """A redrive slices the elements of a rule by this text."""
    text = TWICE.replace("sha256(body.email)", "body.lines").replace("/${define.user}", "")
    written = text.replace("user_id: ${define.user}", "user_id: ${item.sku}").replace(
        "    send:", f"    for_each: {json.dumps(for_each)}\n    send:"
    )
    each = shop(written).rules[0].for_each
    assert each is not None
    assert "define" not in each.text
    assert each.in_file == for_each
    document: Any = {"body": ORDER}
    assert compile_expression(each.text).search(document) == each.search(document)
    assert each.search(document)


def test_the_steps_of_a_name_count_each_time_that_it_is_used() -> None:
    lines = [{"sku": "a"}] * 9_000
    body = {**ORDER, "lines": lines}
    name, use = "${body.lines[?sku == 'a'].sku}", "${length(define.user)}"
    assert sent(name, use, body) == {"p": 9_000}
    many = f"${{[{', '.join(['define.user'] * 8)}] | length(@)}}"
    made = planned(FILE % (name, many), body)
    by_hand = many.replace("define.user", f"({name[2:-1]})")
    assert [it.detail for it in made.parked] == [
        it.detail.replace("(body.lines[?sku == 'a'].sku)", "body.lines[?sku == 'a'].sku")
        for it in planned(FILE % ("${body.id}", by_hand), body).parked
    ]
    assert "takes more than 200,000 steps" in made.parked[0].detail


NAMES = st.sampled_from(
    [
        *("body.a", "body.b", "body.n", "body.list", "body.list[0]", "body.list[*].a", "body"),
        *("body.list[].a | [0]", "'x'", "`2`", "`null`", "type", "id", "vars.v", "received_at"),
        *('headers."x-shop"', "item", "item.a", "occurred_at", "source", "body.list[?a]"),
    ]
)
MADE = (
    *("lower({0})", "text({0})", "coalesce({0}, body.b)", "concat('a-', {0})", "{0} || {1}"),
    *("{0} && {1}", "({0}) == ({1})", "!({0})", "{{x: {0}, y: {1}}}", "[{0}, {1}]", "sha256({0})"),
    *("length({0})", "if({0}, {1}, 'no')", "coalesce({0}, {1})", "({0}) | [0]", "to_number({0})"),
    *(
        "[{0}, body.list[?a == '3'].{{a: a}}]",
        "merge({0}, {1})",
        "({0}) | @.a",
        "({0})[0]",
        "values({0})",
    ),
)
EXPRESSIONS = st.recursive(
    NAMES, lambda inner: st.builds(str.format, st.sampled_from(MADE), inner, inner), max_leaves=4
)
USES = st.sampled_from(
    [
        *(
            "${{{0}}}",
            "a ${{{0}}} b",
            "${{lower({0})}}",
            "${{coalesce({0}, body.b)}}",
            "${{body.id}}",
        ),
        *("${{({0}) || body.a}}", "${{[{0}, {0}]}}", "${{{{x: {0}, y: body.none}}}}", "u-${{{0}}}"),
        *(
            "${{body.id}}",
            "${{body.list[?a == ({1})].a}}",
            "${{concat('k', text({0}))}}",
            "${{text({0})}}",
        ),
    ]
)
SCALARS = st.sampled_from([None, "", " ", "x", "A@b.co", "3", 0, 3, 7.5, True, False])
VALUES = SCALARS | st.lists(
    SCALARS | st.fixed_dictionaries({}, optional={"a": SCALARS}), max_size=3
)
BODIES = st.fixed_dictionaries(
    {"id": st.sampled_from([7, "e-1"])},
    optional={"a": VALUES, "b": VALUES, "n": VALUES, "list": VALUES, "note": SCALARS},
)
RULE = """\
verify: {preset: shopify}
headers: [x-shop]
vars: {dev: {v: w}}
%s
rules:
  - name: first
    type: orders/*
    %s
    send:
      campaign_id: c
      recipients:
        - external_user_id: %s
          attributes: {first_name: %s, email: %s}
          trigger_properties: {p: %s}
      trigger_properties: {q: %s}
    keep_empty: [trigger_properties.p, trigger_properties.p.x]
  - name: second
    type: orders/create
    %s
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}", attributes: {x: %s}}]}
"""


def same(made: Plan | None) -> Plan | None:
    """Return a plan without what differs on purpose: the file's version, brackets and blanks."""
    if made is None:
        return None
    bare = str.maketrans("", "", "() ")
    return replace(
        made,
        deliveries=tuple(replace(it, rules_version="") for it in made.deliveries),
        parked=tuple(
            replace(it, rules_version="", detail=it.detail.translate(bare)) for it in made.parked
        ),
        warnings=tuple(it.translate(bare) for it in made.warnings),
    )


def outcome(text: str, body: Any) -> Plan | None:
    """Return the plan; None where the file does not load."""
    try:
        return planned(text, body, x_shop="tea")
    except RulesError:
        return None


@settings(max_examples=150, deadline=None)
@given(
    first=EXPRESSIONS,
    second=st.sampled_from(MADE),
    uses=st.lists(USES, min_size=6, max_size=6),
    more=st.sampled_from(
        ["once: {0}", "when: {0}", "for_each: {0}", "for_each: body.list", "enabled: true"]
    ),
    other=st.sampled_from(["for_each: body.list[1:]", "enabled: true"]),
    bodies=st.lists(BODIES, min_size=1, max_size=3),
)
def test_a_name_and_its_expression_in_its_place_make_the_same_plan(  # noqa: PLR0913 - what is drawn
    *, first: str, second: str, uses: list[str], more: str, other: str, bodies: list[Any]
) -> None:
    composed = f"${{{second.format('define.one', 'body.b')}}}"
    by_hand = second.format(f"({first})", "body.b")
    block = json.dumps({"one": f"${{{first}}}", "two": composed})
    named, written = (
        RULE
        % (
            f"define: {head}",
            more.format(json.dumps(f"${{{by[0]}}}")),
            *(json.dumps(use.format(*by)) for use in uses[:-1]),
            other,
            json.dumps(uses[-1].format(*by)),
        )
        for head, by in (
            (block, ("define.two", "root().define.two")),
            ("{}", (f"({by_hand})", f"root() | ({by_hand})")),
        )
    )
    assume("define.two" in named.split("rules:")[1])  # an unused name is checked all the same
    for body in bodies:
        made, hand = outcome(named, body), outcome(written, body)
        assert same(made) == same(hand)


def test_a_name_that_there_is_not_is_refused_on_an_element_too() -> None:
    said = wrong("${body.id}", "${body.lines[].define.usre}${define.user}")
    assert any("there is no define.usre; did you mean define.user?" in it for it in said)


def test_without_names_a_field_that_is_called_define_is_a_field() -> None:
    text = (FILE % ("${body.id}", "${body.lines[0].define.x}")).replace(
        'define:\n  user: "${body.id}"\n', ""
    )
    made = planned(text, {**ORDER, "lines": [{"define": {"x": "tea"}}]})
    assert (made.deliveries[0].recipient or {})["trigger_properties"] == {"p": "tea"}
