import json
import zlib
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handler.core import message
from handler.core.errors import NotJson
from handler.core.models import Delivery, Parked, Plan, Verified, Webhook
from handler.core.planning.parse import digest
from handler.core.planning.plan import plan
from handler.core.rules.load import Source, load
from handler.core.rules.source import Rule

ROOT = Path(__file__).parents[4]
NOW = 1_763_672_400  # 2025-11-20T21:00:00Z
ANY_TYPE = """\
verify: {preset: shopify}
rules:
  - name: copy
    type: "*"
    send:
      campaign_id: c
      recipients:
        - external_user_id: u${length(body)}
          trigger_properties: {all: "${body}"}
"""
SOURCES = {
    name: load(
        name, (ROOT / f"tests/rules/{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml", "dev"
    )
    for name in ("shopify", "accounts")
}


def verified(body: bytes, topic: str = "orders/create", source: str = "shopify") -> Verified:
    headers = {"x-shopify-topic": topic, "x-shopify-hmac-sha256": "s", "cookie": "c"}
    return Verified(Webhook(source, "POST", headers, "", body, NOW))


def sample(name: str) -> Plan:
    webhook = json.loads((ROOT / f"events/{name}.json").read_text(encoding="utf-8"))
    body = json.dumps(webhook["body"]).replace("@now", "2025-11-20T21:00:00Z").encode()
    source = webhook["source"]
    return plan(
        Verified(Webhook(source, "POST", webhook["headers"], "", body, NOW)), SOURCES[source]
    )


def order(**changes: Any) -> bytes:
    webhook = json.loads((ROOT / "events/shopify-order.json").read_text(encoding="utf-8"))
    return json.dumps({**webhook["body"], **changes}).encode()


@pytest.mark.parametrize(
    "name, rule, user, consent",
    [
        ("shopify-order", "order-confirmation", "9204417730123", None),
        (
            "shopify-order-guest",
            "order-confirmation",
            "guest-8230d1cd61891c0d376f683eaf178b2d7b481981321103b53f91f7c603912c7d",
            None,
        ),
        ("shopify-customer", "welcome", "9204417730456", "opted_in"),
        ("accounts-signup", "onboarding", "acc_7f3k9q2m", "opted_in"),
    ],
)
def test_a_sample_becomes_one_delivery(
    name: str, rule: str, user: str, consent: str | None
) -> None:
    planned = sample(name)
    (delivery,) = planned.deliveries
    assert (planned.events, planned.parked, planned.unmatched) == (1, (), ())
    assert delivery.recipient is not None
    assert delivery.rule == rule
    assert delivery.recipient["external_user_id"] == user
    attributes = delivery.recipient["attributes"]
    assert isinstance(attributes, dict)
    assert attributes.get("email_subscribe") == consent
    assert delivery.expires_at is not None
    assert delivery.expires_at > NOW


def test_a_test_order_is_wanted_by_nobody_and_says_why() -> None:
    planned = sample("shopify-order-test")
    assert planned.deliveries == ()
    assert {it.rule: it.why for it in planned.unmatched} == {
        "order-confirmation": "body.test is true",
        "order-counted": "type is orders/create, not orders/paid",
        "welcome": "type is orders/create, not customers/create",
    }


def test_of_the_rules_that_do_not_want_an_event_those_of_its_type_are_told_first() -> None:
    source = many(1, 300).rules
    others = [replace(one, types=("x",)) for one in source[:200]]
    shop = replace(
        many(1, 300), rules=(*others, *(replace(one, enabled=False) for one in source[200:]))
    )
    first, second = (plan(verified(b'{"id": 1}'), shop, most_told=most) for most in (2, None))
    assert [it.rule for it in first.unmatched] == ["rule-200", "rule-201"]
    assert first.more_unmatched == 298
    assert len(second.unmatched) == 300
    assert {it.why for it in second.unmatched} == {
        "it is not enabled",
        "type is orders/create, not x",
    }
    assert second.unmatched[:2] == first.unmatched
    assert second.more_unmatched == 0


def test_a_guest_without_an_address_is_nobody() -> None:
    (parked,) = plan(verified(order(customer=None, email="")), SOURCES["shopify"]).parked
    assert (parked.reason, parked.rule) == ("unrenderable", "order-confirmation")
    assert parked.detail.startswith("external_user_id: it is missing")


def test_the_event_goes_along_without_signature_or_cookie() -> None:
    (delivery,) = plan(verified(order()), SOURCES["shopify"]).deliveries
    event = message.unpack(delivery.event)
    assert set(event) == {"type", "id", "headers", "body", "occurred_at", "received_at"}
    assert event["headers"] == {"x-shopify-topic": "orders/create"}
    assert event["received_at"] == NOW


@pytest.mark.parametrize(
    "body, carried",
    [
        (b' {"id": 1.50, "n": "Zo\\u00eb \xc3\xab"}\n', {"id": 1.5, "n": "Zo\xeb \xeb"}),
        (b'\xef\xbb\xbf{"id": 1}', {"id": 1}),
        (b'{"id": "\\ud800"}', {"id": "\ufffd"}),
        (b'{"id": 9007199254740993.0}', {"id": 9_007_199_254_740_993}),
        (b'{"id": 9007199254740993, "x": [], "a": 1e22}', {"id": 2**53 + 1, "x": [], "a": 1e22}),
        (b"[1]", [1]),
    ],
)
def test_the_body_that_goes_along_is_the_one_that_was_parsed(body: bytes, carried: object) -> None:
    every = load("shop", ANY_TYPE, "shop.yaml", "dev")
    (delivery,) = plan(verified(body), every).deliveries
    event = message.unpack(delivery.event)
    # repr tells 1 from 1.0
    assert repr(event["body"]) == repr(carried)
    # As each release up to this one reads it.
    assert json.loads(zlib.decompress(b64decode(delivery.event, validate=True))) == event


@pytest.mark.parametrize(
    "body, detail",
    [
        (b'{"id": 1, "id": 2}', "duplicate keys"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64 levels"),
        (b'{"id": 99999999999999999999}', "an integer beyond 64 bits"),
    ],
)
def test_what_cannot_be_passed_on_is_parked_with_its_raw_body(body: bytes, detail: str) -> None:
    planned = plan(verified(body), SOURCES["shopify"])
    (parked,) = planned.parked
    assert (planned.events, parked.reason, parked.detail) == (1, "malformed", detail)
    assert parked.event_id == digest(body)
    assert b64decode(message.unpack(parked.event)["raw"]) == body


def test_an_event_without_a_type_is_parked() -> None:
    (parked,) = plan(verified(b"{}", topic=" "), SOURCES["shopify"]).parked
    assert (parked.reason, parked.detail) == ("malformed", "the event's type is missing")


def test_what_is_not_json_is_for_the_sender_to_mend() -> None:
    with pytest.raises(NotJson):
        plan(verified(b"{"), SOURCES["shopify"])


def many(recipients: int, rules: int, extra: str = "") -> Source:
    each = "".join(f"        - external_user_id: u-{at}-${{body.id}}\n" for at in range(recipients))
    block = "".join(
        f"  - name: rule-{at}\n    type: '*'\n{extra}    send:\n      campaign_id: c\n"
        f"      recipients:\n{each}"
        for at in range(rules)
    )
    return load("shopify", f"verify: {{preset: shopify}}\nrules:\n{block}", "f", "dev")


@pytest.mark.parametrize("recipients, rules, made", [(50, 2, 100), (34, 3, 0)])
def test_more_than_100_deliveries_park_the_whole_webhook(
    recipients: int, rules: int, made: int
) -> None:
    planned = plan(verified(b'{"id": 1}'), many(recipients, rules))
    assert len(planned.deliveries) == made
    assert [(it.reason, it.rule) for it in planned.parked] == [("too_many", None)][made:]


def test_more_than_8_mib_of_messages_park_the_whole_webhook() -> None:
    noise = "".join(digest(str(at).encode()) for at in range(8000))  # what zlib cannot press
    body = json.dumps({"id": 1, "noise": noise}).encode()
    (parked,) = plan(verified(body), many(50, 1)).parked
    assert parked.reason == "too_many"


def test_a_rule_that_cannot_render_does_not_lose_the_others() -> None:
    text = """\
verify: {preset: shopify}
rules:
  - {name: bad-when, type: "*", when: "lower(body.id)", send: &s X}
  - {name: bad, type: "*", send: {campaign_id: c, recipients: [{external_user_id: "${body.no}"}]}}
  - {name: good, type: "*", send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}}
  - {name: other, type: x, send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}}
""".replace("&s X", '{campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}')
    planned = plan(verified(b'{"id": 1}'), load("shopify", text, "f", "dev"))
    assert [it.rule for it in planned.deliveries] == ["good"]
    assert [(it.rule, it.reason) for it in planned.parked] == [
        ("bad-when", "unrenderable"),
        ("bad", "unrenderable"),
    ]
    assert planned.unmatched == ()


def test_a_plan_has_the_message_of_each_delivery_and_the_size_of_all_that_it_makes() -> None:
    send = "{campaign_id: c, recipients: [{external_user_id: '${body.id}'}]}"
    text = f"""\
verify: {{preset: shopify}}
event: {{events: body}}
rules:
  - {{name: sent, type: "*", send: {send}}}
  - {{name: shadow, type: "*", shadow: true, send: {send}}}
  - {{name: parked, type: "*", send: {send.replace("id}", "no}")}}}
"""
    planned = plan(verified(b'[{"id": 1}, {"id": 2}]'), load("shopify", text, "f", "dev"))
    made = [*map(message.encode, planned.deliveries)]
    others: list[Delivery | Parked] = [*planned.shadow, *planned.parked]

    assert [*map(len, (made, planned.shadow, planned.parked))] == [2, 2, 2]
    assert [*planned.bodies] == made
    assert planned.size == sum(map(len, [*made, *map(message.encode, others)]))


def test_planning_is_pure() -> None:
    assert sample("shopify-order") == sample("shopify-order")


def test_every_delivery_and_parked_event_survives_the_queue() -> None:
    planned = plan(verified(order()), SOURCES["shopify"])
    letters: list[Delivery | Parked] = [
        *planned.deliveries,
        *plan(verified(b'{"a":1,"a":1}'), SOURCES["shopify"]).parked,
    ]
    assert [message.decode(message.encode(letter)) for letter in letters] == letters


@pytest.mark.parametrize("oldest, made, reasons", [(86_400, 1, []), (86_399, 0, ["expired"])])
def test_what_the_ledger_may_have_forgotten_is_not_sent(
    oldest: int, made: int, reasons: list[str]
) -> None:
    webhook = verified(order(created_at="2025-11-19T21:00:00Z", updated_at="2025-11-19T21:00:00Z"))
    rules = replace(SOURCES["shopify"], rules=tuple(map(patient, SOURCES["shopify"].rules)))

    planned = plan(webhook, rules, oldest)

    assert len(planned.deliveries) == made
    assert [parked.reason for parked in planned.parked] == reasons
    assert (planned.wanted, planned.matched) == (1, ("order-confirmation",))


def patient(rule: Rule) -> Rule:
    return replace(rule, expires_after=None)
