"""What a replay of a good webhook can vary, and must not: whatever the sender does not sign."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.errors import RulesError
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.rules.source import Source

NOW = 1_763_672_400
BODY = {"id": 1, "updated_at": "2025-11-20T21:00:00Z"}
RULES = """\
verify: {preset: shopify}
rules:
  - name: confirm
    type: "*"
    once: ONCE
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
"""
BY_HAND = """\
verify:
  encoding: hex
  signature: {header: X-Sign}
event: {type: body.kind, type_signed: true, id: "ID"}
headers: [X-Id]
rules:
  - name: confirm
    type: "*"
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
"""


def webhook(headers: dict[str, str], received_at: int = NOW) -> Verified:
    body = json.dumps(BODY | {"kind": "a"}).encode()
    given = {"x-shopify-topic": "orders/updated", **headers}
    return Verified(Webhook("shop", "POST", given, "", body, received_at))


@pytest.mark.parametrize(
    "once, unsigned",
    [
        ('${headers."x-shopify-webhook-id"}', "x-shopify-webhook-id"),
        ('${body.id}-${headers."x-shopify-shop-domain"}', "x-shopify-shop-domain"),
        ("${type}-${body.id}", "type"),
        ("${received_at}", "received_at"),
    ],
)
def test_a_once_of_what_nobody_signs_does_not_load(once: str, unsigned: str) -> None:
    with pytest.raises(RulesError, match=f"the sender does not sign {unsigned}"):
        load("shop", RULES.replace("ONCE", json.dumps(once)), "f", "dev")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "x-shopify-topic": st.sampled_from(["orders/paid", "orders/updated"]),
            "x-shopify-webhook-id": st.text(),
            "x-shopify-shop-domain": st.text(),
            "x-shopify-triggered-at": st.text(),
        },
    ),
    st.integers(NOW, NOW + 10_000),
)
def test_no_unsigned_header_and_no_time_of_receipt_changes_a_delivery_id(
    headers: dict[str, str], received_at: int
) -> None:
    source = load("shop", RULES.replace("    once: ONCE\n", ""), "f", "dev")
    (first,) = plan(webhook({}), source).deliveries
    (again,) = plan(webhook(headers, received_at), source).deliveries
    assert again.id == first.id


@pytest.mark.parametrize(
    "spelling",
    [
        "@.headers.'x-id'",
        "root().headers.'x-id'",
        "not_null(root().headers.'x-id')",
        "to_string(@)",
        "values(@)[0].'x-id'",
    ],
)
def test_however_an_id_is_spelt_it_sees_no_unsigned_header(spelling: str) -> None:
    text = BY_HAND.replace('"ID"', json.dumps(spelling.replace("'", '"')))
    try:
        source = load("shop", text, "f", "dev")
    except RulesError as error:
        assert "does not sign" in str(error)  # noqa: PT017 - one of two ways to refuse it
        return
    ids = {plan(webhook({"x-id": it}), source).deliveries[0].id for it in ("1", "2")}
    assert len(ids) == 1


@pytest.mark.parametrize("spelling", ["@.headers", "root().type", "to_string(@)", "received_at"])
def test_however_a_once_is_spelt_it_varies_with_nothing_unsigned(spelling: str) -> None:
    text = RULES.replace("ONCE", json.dumps(f"${{sha256(to_string({{x: {spelling}}}))}}"))
    try:
        source = load("shop", text, "f", "dev")
    except RulesError:
        return
    plans = [
        plan(webhook({"x-shopify-webhook-id": "1"}), source),
        plan(webhook({"x-shopify-topic": "x", "x-shopify-webhook-id": "2"}, NOW + 9), source),
    ]
    assert len({made.id for planned in plans for made in planned.deliveries}) <= 1


def test_a_type_and_an_id_cannot_be_shifted_into_each_other() -> None:
    source = load("shop", BY_HAND.replace("ID", "body.id"), "f", "dev")
    ids = set()
    for kind, number in (("order", "paid:1"), ("order:paid", "1")):
        body = json.dumps({"kind": kind, "id": number}).encode()
        (made,) = plan(Verified(Webhook("shop", "POST", {}, "", body, NOW)), source).deliveries
        ids.add(made.id)
    assert len(ids) == 2


def test_a_type_that_is_anybodys_text_stays_out_of_the_log() -> None:
    text = RULES.replace("    once: ONCE\n", "").replace('type: "*"', "type: x/create")
    source = load("shop", text, "f", "dev")
    (why,) = plan(webhook({"x-shopify-topic": "jane.doe@example.com"}), source).unmatched
    assert why.why == "type is another, not x/create"


def test_a_header_that_no_encoding_takes_is_passed_on_without_it() -> None:
    text = RULES.replace("ONCE", "${body.id}").replace(
        "recipients:",
        'trigger_properties: {shop: "${headers.\\"x-shopify-shop-domain\\"}"}, recipients:',
    )
    source = load("shop", text, "f", "dev")
    (made,) = plan(webhook({"x-shopify-shop-domain": "a\ud800"}), source).deliveries
    assert made.recipient is not None
    assert made.recipient["trigger_properties"] == {"shop": "a?"}


WHO = """\
verify: {preset: shopify}
headers: [X-User]
rules:
  - name: confirm
    type: "*"
    send:
      campaign_id: c
      recipients: [{external_user_id: WHO}, {external_user_id: "second-${body.id}"}]
"""


@pytest.mark.parametrize(
    "spelling",
    [
        "headers.'x-user'",
        "root().headers.'x-user'",
        "[@][0].headers.'x-user'",
        "root() | headers.'x-user'",
        "{h: @}.h.headers.'x-user'",
        "text(received_at)",
        "type",
    ],
)
def test_nobody_is_reached_by_what_nobody_signs_however_it_is_spelt(spelling: str) -> None:
    expression = spelling.replace("'", '"')
    try:
        source = load("shop", WHO.replace("WHO", json.dumps(f"${{{expression}}}")), "f", "dev")
    except RulesError as error:
        assert "does not sign" in str(error)  # noqa: PT017 - one of two ways to refuse it
        return
    made = plan(webhook({"x-user": "eve"}), source)
    assert (made.deliveries, [it.reason for it in made.parked]) == ((), ["unrenderable"])


def planned(source: Source, body: bytes, headers: dict[str, str]) -> Plan:
    return plan(Verified(Webhook("shop", "POST", headers, "", body, NOW)), source)


@pytest.mark.parametrize(
    "each",
    [
        "body.lines[].{n: root().headers.'x-user', id: id}",
        "body.lines[?root().headers.'x-user' == 'a' || id == `2`]",
        "([@][0].headers.'x-user' == 'a' && body.lines) || body.lines[1:]",
    ],
)
def test_no_element_comes_or_goes_by_what_nobody_signs(each: str) -> None:
    text = f"""\
verify: {{preset: shopify}}
headers: [X-User]
rules:
  - name: confirm
    type: "*"
    for_each: {json.dumps(each.replace("'x-user'", '"x-user"'))}
    send: {{campaign_id: c, recipients: [{{external_user_id: "${{text(item.id)}}"}}]}}
"""
    try:
        source = load("shop", text, "f", "dev")
    except RulesError as error:
        assert "does not sign" in str(error)  # noqa: PT017 - one of two ways to refuse it
        return
    body = json.dumps({"id": 1, "lines": [{"id": 1}, {"id": 2}]}).encode()
    found = {
        tuple(
            it.id
            for it in plan(
                Verified(Webhook("shop", "POST", given, "", body, NOW)), source
            ).deliveries
        )
        for given in ({"x-shopify-topic": "x", "x-user": user} for user in ("a", "b"))
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    "key, value",
    [
        ("external_user_id", "${text(body.customer.id) || 'guest'}"),
        ("external_user_id", "${coalesce(body.customer.id, 'guest')}"),
        ("external_user_id", "${if(body.customer, text(body.customer.id), 'guest')}"),
    ],
)
def test_nobody_is_the_one_that_all_without_an_id_are(key: str, value: str) -> None:
    text = WHO.replace("external_user_id: WHO", f"{key}: {json.dumps(value)}")
    with pytest.raises(RulesError, match="one person for all who have no other id"):
        load("shop", text, "f", "dev")


def test_a_once_that_may_be_the_same_for_every_event_does_not_load() -> None:
    text = RULES.replace("ONCE", json.dumps("${body.nope || 'none'}"))
    with pytest.raises(RulesError, match="this would be sent once, ever"):
        load("shop", text, "f", "dev")


@pytest.mark.parametrize("number", [0, "0", "null"])
def test_a_number_that_is_nobodys_is_nobodys_with_a_word_before_it_too(number: object) -> None:
    source = load("shop", WHO.replace("WHO", json.dumps("woo-${body.customer_id}")), "f", "dev")
    body = json.dumps({"id": 1, "customer_id": number}).encode()
    made = plan(Verified(Webhook("shop", "POST", {"x-shopify-topic": "x"}, "", body, NOW)), source)
    assert made.deliveries == ()


def test_ten_thousand_elements_are_too_many_at_once() -> None:
    text = """\
verify: {preset: shopify}
rules:
  - name: confirm
    type: "*"
    for_each: body.lines
    send: {campaign_id: c, recipients: [{external_user_id: "u-${text(item.id)}"}]}
"""
    body = json.dumps({"id": 1, "lines": [{"id": it} for it in range(1, 10_000)]}).encode()
    source = load("shop", text, "f", "dev")
    made = plan(Verified(Webhook("shop", "POST", {"x-shopify-topic": "x"}, "", body, NOW)), source)
    assert [it.reason for it in made.parked] == ["too_many"]


def test_a_thousand_events_that_cannot_be_rendered_are_one_dead_letter() -> None:
    text = """\
verify: {encoding: hex, signature: {header: x-sign}}
event: {events: body, type: body.type, type_signed: true, id: body.id}
rules:
  - {name: a, type: "*", send: {campaign_id: c, recipients: [{external_user_id: "${body.who}"}]}}
"""
    body = json.dumps([{"type": "t", "id": it} for it in range(1000)]).encode()
    source = load("shop", text, "f", "dev")
    made = plan(Verified(Webhook("shop", "POST", {}, "", body, NOW)), source)
    assert [it.reason for it in made.parked] == ["too_many"]
