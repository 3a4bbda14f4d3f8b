"""Evaluation of names: once an event, or once an element, and paid for at each use."""

import json
import tracemalloc
from typing import Any

import pytest

from handler.core.expressions.expression import compile_expression
from handler.core.expressions.functions import Functions
from handler.core.models import Verified, Webhook
from handler.core.planning.plan import plan
from tests.handler.core.rules.define_files import FILE, NOW, ORDER, planned, sent, shop
from tests.handler.core.rules_files import findings


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
