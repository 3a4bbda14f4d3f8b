"""`relay rules explain`: why, and where each field came from."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from relay.paths import EVENTS, PROJECT
from tests.relay.rules.desk import RULES, WEBHOOK, Desk, run

PROJECTS = PROJECT / "tests" / "rules"
ORDER = """\

order-confirmation: wanted
  when !(body.test)
    body.test = false
  sends /campaigns/trigger/send, id 12893d1036d724ae8db7cd7c258816cba18c4df5dd21cf3b3a1f2c0e1f2b33eb
    once = 6120445500117
        ${body.id}
    campaign_id = "417220e4-5a2a-b634-7f7d-9ec891532368"
        as written in the rules
    recipients[0].external_user_id = "9204417730123"
        ${coalesce(text(body.customer.id), concat('guest-', sha256(lower(body.email))))}
        body.customer.id = 9204417730123
        takes text(body.customer.id) (1 of 2)
"""
TOTAL = """\
    recipients[0].trigger_properties.total = "119.20 EUR"
        ${MONEY.amount} ${MONEY.currency_code}
        MONEY.amount = "119.20"
        MONEY.currency_code = "EUR"
""".replace("MONEY", "body.total_price_set.presentment_money")


def test_the_sample_order_is_explained(desk: Desk) -> None:
    result = run("rules", "explain", "shopify-order", str(PROJECTS), "--cases", str(desk.cases))
    assert result.exit_code == 0
    assert "orders/create, id 6120445500117, reference #1042, happened " in result.stdout
    assert ORDER in result.stdout
    assert TOTAL in result.stdout
    why = "welcome: not wanted, type is orders/create, not customers/create\n"
    assert result.stdout.endswith(why)


@pytest.mark.parametrize("event", sorted(file.stem for file in EVENTS.glob("*.json")))
def test_the_fields_are_those_of_the_request(event: str, desk: Desk) -> None:
    where = (str(PROJECTS), "--cases", str(desk.cases))
    found = json.loads(run("rules", "explain", event, *where, "--json").stdout)
    for rule in found["events"][0]["rules"]:
        for request in rule.get("requests", ()):
            body = dict(leaves(request["delivery"]["body"]))
            sent = {it["field"]: it["value"] for it in request["fields"] if it["status"] == "sent"}
            assert dict(leaves(sent)) == body


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from leaves(part, f"{path}[{at}]")
    else:
        yield path, value


def test_an_id_that_is_only_a_digest_is_said_to_be_one(desk: Desk) -> None:
    desk.write_rules(RULES.replace("type: orders/create", "type: orders/paid"))
    desk.write_case(WEBHOOK.replace("orders/create", "orders/paid"))
    assert "the id is only the digest of the body: until" in desk.explain("an-order").stdout


def test_each_operand_of_a_condition_has_its_value(desk: Desk) -> None:
    desk.write_rules(RULES.replace("!(body.test)", "body.paid && (body.number > `40` || body.x)"))
    desk.write_case(WEBHOOK)
    result = desk.explain("an-order")
    assert "confirm: not wanted, body.paid is null\n" in result.stdout
    needless = "(not evaluated: the result is known without it)"
    assert (
        f"    body.paid = null\n    body.number > `40` = true {needless}\n      body.number = 41\n"
        in result.stdout
    )
    assert f"    body.x = null {needless}\n" in result.stdout


def test_a_condition_that_fails_is_a_dead_letter_with_its_reason(desk: Desk) -> None:
    desk.write_rules(RULES.replace("!(body.test)", "body.name > `1`"))
    desk.write_case(WEBHOOK)
    result = desk.explain("an-order")
    assert "  dead letter, unrenderable: when: ordering takes numbers" in result.stdout
    assert "    body.name > `1`: ordering takes numbers" in result.stdout


def test_a_wish_that_cannot_be_rendered_shows_the_fields_it_would_have(desk: Desk) -> None:
    desk.write_case(WEBHOOK.replace("email: a@example.org, ", ""))
    result = desk.explain("an-order")
    assert (
        "  dead letter, unrenderable: attributes.email: it is required, and missing"
        in result.stdout
    )
    assert "  no request; its fields would be\n" in result.stdout
    assert "    recipients[0].attributes.email is left out: null\n" in result.stdout


def test_each_item_has_its_request(desk: Desk) -> None:
    text = RULES.replace("once: ${body.id}", "once: ${item.sku}\n    for_each: body.lines")
    desk.write_rules(text.replace("${body.number}", "${item.title}"))
    desk.write_case(
        WEBHOOK.replace("id: 7", "id: 7, lines: [{sku: a, title: A}, {sku: b, title: B}]")
    )
    requests = desk.told()["requests"]
    assert [it["once"]["value"] for it in requests] == ["a", "b"]
    assert [it["fields"][-1]["value"] for it in requests] == ["Order A", "Order B"]
    ids = [it["delivery"]["id"] for it in requests]
    assert len(set(ids)) == 2


def test_every_event_of_a_webhook_is_explained(desk: Desk) -> None:
    event = "event: {events: body, type: body.kind, type_signed: true, id: body.id}\n"
    verify = "verify: {encoding: hex, signature: {header: X-Sign}}\n"
    desk.write_rules(RULES.replace("verify: {preset: shopify}\n", verify + event))
    one = "{id: %d, kind: orders/create, email: e@example.org, customer: {id: %d}}"
    desk.write_case(f"webhook: {{body: [{one % (1, 5)}, {one % (2, 6)}, 3]}}")
    found = desk.explained("an-order")
    assert [it["id"] for it in found["events"]] == ["1", "2"]
    requests = [it["rules"][0]["requests"] for it in found["events"]]
    assert [[it["fields"][1]["value"] for it in of] for of in requests] == [["5"], ["6"]]
    assert [it["reason"] for it in found["parked"]] == ["malformed"]
    assert "dead letter, malformed: " in desk.explain("an-order").stdout


def test_a_name_that_nobody_has_is_wrong_usage(desk: Desk) -> None:
    result = run("rules", "explain", "shopify-ordr", str(desk.rules), "--cases", str(desk.cases))
    assert result.exit_code == 2
    assert "did you mean" in result.stderr


def test_an_event_of_another_source_is_wrong_usage(desk: Desk) -> None:
    result = desk.explain("shopify-order")
    assert result.exit_code == 2
    assert "no source shopify" in result.stderr


@pytest.mark.parametrize("name", ["an-order", "shop/an-order", "{cases}/shop/an-order.yaml"])
def test_a_case_is_found_by_name_and_by_path(desk: Desk, name: str) -> None:
    desk.write_case(WEBHOOK)
    assert "confirm: wanted" in desk.explain(name.format(cases=desk.cases)).stdout
