"""`relay rules explain`: where a field came from, and why it is left out."""

import json
from typing import Any

import pytest

from tests.relay.rules.desk import RULES, WEBHOOK, Desk


def field_of(desk: Desk, template: str, body: str) -> dict[str, Any]:
    """Explain one templated field over a body."""
    desk.write_rules(RULES.replace('"Order ${body.number}"', json.dumps(template)))
    desk.write_case(WEBHOOK.replace("id: 7", f"id: 7, {body}"))
    field: dict[str, Any] = desk.told()["requests"][0]["fields"][-1]
    return field


def test_a_cast_identifier_is_told(desk: Desk) -> None:
    desk.write_case(WEBHOOK)
    (field,) = (
        it for it in desk.told()["requests"][0]["fields"] if it["field"].endswith("user_id")
    )
    assert (field["value"], field["cast"]) == ("9", "number to string")
    assert '.external_user_id = "9" (number to string)' in desk.explain("an-order").stdout


@pytest.mark.parametrize(
    "template, body, because",
    [
        ("${body.x}", "y: 1", "null"),
        ("${body.x}", "x: ' '", "blank"),
        ("${body.x} ${body.y}", "y: 1", "body.x is null"),
        ("${body.x} ${body.y}", "x: ''", "body.x is blank, body.y is null"),
    ],
)
def test_a_field_that_is_left_out_says_why(
    desk: Desk, template: str, body: str, because: str
) -> None:
    field = field_of(desk, template, body)
    assert (field["status"], field["because"]) == ("left out", because)
    assert f".order is left out: {because}\n" in desk.explain("an-order").stdout


def test_a_branch_that_would_fail_is_explained_where_it_is_not_taken(desk: Desk) -> None:
    field = field_of(desk, "${if(body.m, length(body.m), 'none')}", "y: 1")
    assert (field["status"], field["value"]) == ("sent", "none")
    result = desk.explain("an-order")
    assert result.exit_code == 0
    assert "        takes 'none' (2 of 2): body.m is null\n" in result.stdout


def test_a_text_says_what_it_did_without(desk: Desk) -> None:
    field = field_of(desk, "${body.x} ${lower(body.y)}", "y: 1")
    assert (field["status"], field["because"]) == ("left out", "body.x is null")
    assert [one.get("skipped", False) for one in field["parts"]] == [False, True]
    needless = "lower(body.y) (not evaluated: the result is known without it)"
    assert needless in desk.explain("an-order").stdout


def test_an_attribute_that_braze_would_not_take_is_not_said_to_be_sent(desk: Desk) -> None:
    desk.write_rules(RULES.replace("    required: [attributes.email]\n", ""))
    desk.write_case(WEBHOOK.replace("a@example.org", "nobody"))
    fields = {one["field"]: one for one in desk.told()["requests"][0]["fields"]}
    email = fields["recipients[0].attributes.email"]
    assert (email["status"], email["because"]) == ("left out", "it takes an e-mail address")


def test_a_default_says_what_it_stands_for(desk: Desk) -> None:
    field = field_of(desk, "${coalesce(body.x, body.y, 'free')}", "y: ' '")
    (part,) = field["parts"]
    assert field["value"] == "free"
    assert part["reads"] == [{"path": "body.x", "value": None}, {"path": "body.y", "value": " "}]
    (took,) = part["took"]
    assert took == {
        "option": "'free'",
        "number": 3,
        "of": 3,
        "passed": [
            {"option": "body.x", "because": "null"},
            {"option": "body.y", "because": "blank"},
        ],
    }
    line = "        takes 'free' (3 of 3): body.x is null, body.y is blank\n"
    assert line in desk.explain("an-order").stdout


def test_what_is_left_out_within_an_object_is_named(desk: Desk) -> None:
    lines = "lines: [{t: Tea}, null, {t: ' ', of: {u: null, v: 1}}]"
    field = field_of(desk, "${body.lines}", lines)
    assert field["value"] == [{"t": "Tea"}, {"of": {"v": 1}}]
    assert field["without"] == ["[1]", "[2].t", "[2].of.u"]


def test_a_list_in_a_text_leaves_it_out_and_says_why(desk: Desk) -> None:
    field = field_of(desk, "Order ${body.lines}", "lines: [1]")
    assert field["status"] == "left out"
    assert field["because"] == "a text cannot hold an array; join() makes text of a list"


def test_an_optional_field_that_fails_is_left_out_and_the_request_is_made(desk: Desk) -> None:
    desk.write_rules(RULES.replace('"Order ${body.number}"', '"${lower(body.number)}"'))
    desk.write_case(WEBHOOK)
    result = desk.explain("an-order")
    why = "${lower(body.number)}: lower() takes string or null as argument 1, not a number"
    assert f"    recipients[0].trigger_properties.order is left out: {why}\n" in result.stdout
    assert "  sends /campaigns/trigger/send" in result.stdout


def test_a_request_at_low_priority_says_so(desk: Desk) -> None:
    desk.write_rules(RULES.replace("    send:", "    priority: low\n    send:"))
    desk.write_case(WEBHOOK)
    (sent,) = (line for line in desk.explain("an-order").stdout.splitlines() if " sends " in line)
    assert sent.endswith(", at low priority")


def test_a_required_field_that_fails_is_wrong(desk: Desk) -> None:
    text = RULES.replace('"Order ${body.number}"', '"${lower(body.number)}"')
    desk.write_rules(text.replace("[attributes.email]", "[trigger_properties.order]"))
    desk.write_case(WEBHOOK)
    result = desk.explain("an-order")
    assert "    recipients[0].trigger_properties.order is wrong: " in result.stdout
    assert "  dead letter, unrenderable: trigger_properties.order: " in result.stdout


def test_an_address_is_shown_as_it_is_sent(desk: Desk) -> None:
    desk.write_rules(RULES)
    desk.write_case(WEBHOOK.replace("a@example.org", "' a@example.org'"))
    shown = 'recipients[0].attributes.email = "a@example.org" (trimmed)\n'
    assert shown in desk.explain("an-order").stdout


def test_each_recipient_has_its_fields_and_what_all_share(desk: Desk) -> None:
    two = "        - external_user_id: ${body.token}\n    required: []\n"
    desk.write_rules(RULES.replace("    required: [attributes.email]\n", two))
    desk.write_case(WEBHOOK.replace("id: 7", "id: 7, token: t1"))
    first, second = desk.told()["requests"]
    assert [it["field"] for it in second["fields"]] == [
        "campaign_id",
        "recipients[1].external_user_id",
    ]
    assert first["delivery"]["id"] != second["delivery"]["id"]


def test_a_value_in_the_recipient_stands_in_place_of_the_shared_one(desk: Desk) -> None:
    shared = "      context: {plan: '${body.a}', shop: '${body.b}'}\n      recipients:"
    text = RULES.replace("campaign_id", "canvas_id").replace("      recipients:", shared)
    desk.write_rules(text.replace("trigger_properties: {order", "context: {plan"))
    desk.write_case(WEBHOOK.replace("id: 7", "id: 7, a: 1, b: 2"))
    fields = {it["field"]: it.get("value") for it in desk.told()["requests"][0]["fields"]}
    assert fields["recipients[0].context.plan"] == "Order 41"
    assert fields["recipients[0].context.shop"] == 2
