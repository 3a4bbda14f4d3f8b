"""Rules that track a user or change subscriptions, in every command for rules."""

import json
from typing import Any

import pytest

from tests.relay.rules.desk import Desk, run

GROUP = "5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24"
RULES = f"""\
verify: {{preset: shopify}}
event: {{version: body.updated_at}}
vars: {{dev: {{group: {GROUP}}}}}
rules:
  - name: bought
    type: orders/create
    once: ${{body.id}}
    on_unknown: hold
    delay: 5m
    track:
      attributes:
        - external_id: ${{body.customer.id}}
          _update_existing_only: false
          email: ${{body.email}}
          first_name: ${{body.name}}
      events:
        - external_id: ${{body.customer.id}}
          _update_existing_only: false
          name: tea bought
          time: ${{body.created_at}}
          properties: {{number: "${{body.number}}", coupon: "${{body.coupon || 'none'}}"}}
    required: [events.properties.number]
  - name: newsletter
    type: customers/update
    guard: consent
    subscribe:
      subscription_groups:
        - subscription_group_id: ${{vars.group}}
          subscription_state: ${{if(body.wants, 'subscribed', 'unsubscribed')}}
          external_ids: ["${{body.id}}"]
"""
ORDER = """\
webhook:
  headers: {x-shopify-topic: orders/create}
  body: {id: 7, email: a@example.org, name: Ada, number: 41, customer: {id: 9},
         created_at: '2026-11-20T21:00:00Z', updated_at: '2026-11-20T21:00:00Z'}
"""
CUSTOMER = """\
webhook:
  headers: {x-shopify-topic: customers/update}
  body: {id: 9, wants: false, updated_at: '2026-11-20T21:00:00Z'}
"""
BOUGHT = """\
expect:
  deliveries:
    - rule: bought
      path: /users/track
      body:
        attributes:
          - external_id: '9'
            _update_existing_only: false
            email: a@example.org
            first_name: Ada
        events:
          - external_id: '9'
            _update_existing_only: false
            name: tea bought
            time: '2026-11-20T21:00:00Z'
            properties:
              number: 41
              coupon: none
"""
UNSUBSCRIBED = f"""\
expect:
  deliveries:
    - rule: newsletter
      path: /v2/subscription/status/set
      body:
        subscription_groups:
          - subscription_group_id: {GROUP}
            subscription_state: unsubscribed
            external_ids:
              - '9'
"""


@pytest.fixture
def kinds(desk: Desk) -> Desk:
    desk.write_rules(RULES)
    desk.write_case(ORDER, "shop/an-order")
    desk.write_case(CUSTOMER, "shop/a-customer")
    return desk


def requests(desk: Desk, case: str, rule: str) -> list[dict[str, Any]]:
    (event,) = desk.explained(f"shop/{case}")["events"]
    (told,) = [one for one in event["rules"] if one["rule"] == rule]
    found: list[dict[str, Any]] = told["requests"]
    return found


def fields(desk: Desk, case: str, rule: str) -> dict[str, Any]:
    (request,) = requests(desk, case, rule)
    return {one["field"]: one for one in request["fields"]}


def test_a_case_expects_the_whole_request(kinds: Desk) -> None:
    kinds.write_case(ORDER + BOUGHT, "shop/an-order")
    kinds.write_case(CUSTOMER + UNSUBSCRIBED, "shop/a-customer")
    result = kinds.test()
    assert result.exit_code == 0, result.stdout
    kinds.write_case(CUSTOMER + UNSUBSCRIBED.replace("unsubscribed", "subscribed"), "shop/x")
    assert kinds.test().exit_code == 1


def test_update_writes_the_request_into_the_case(kinds: Desk) -> None:
    assert kinds.test("--update").exit_code == 0
    assert (kinds.cases / "shop/an-order.yaml").read_text(encoding="utf-8") == ORDER + BOUGHT
    assert kinds.test().exit_code == 0


def test_every_optional_field_and_choice_is_a_branch(kinds: Desk) -> None:
    uncovered = {(one["rule"], one["branch"]) for one in kinds.tested()["coverage"]["uncovered"]}
    assert uncovered == {
        ("bought", "attributes[0].email is left out"),
        ("bought", "attributes[0].first_name is left out"),
        ("bought", "events[0].properties.coupon takes body.coupon (1 of 2)"),
        (
            "newsletter",
            "subscription_groups[0].subscription_state takes 'subscribed' (1 of 2)",
        ),
    }


def test_a_case_covers_what_it_leaves_out(kinds: Desk) -> None:
    poor = ORDER.replace("email: a@example.org, name: Ada,", "coupon: c,")
    kinds.write_case(poor, "shop/a-poor-order")
    kinds.write_case(CUSTOMER.replace("false", "true"), "shop/a-reader")
    assert kinds.tested()["coverage"]["uncovered"] == []


def test_each_field_is_explained_with_its_value_in_the_request(kinds: Desk) -> None:
    told = fields(kinds, "an-order", "bought")
    assert {name: one["value"] for name, one in told.items()} == {
        "attributes[0].external_id": "9",
        "attributes[0]._update_existing_only": False,
        "attributes[0].email": "a@example.org",
        "attributes[0].first_name": "Ada",
        "events[0].external_id": "9",
        "events[0]._update_existing_only": False,
        "events[0].name": "tea bought",
        "events[0].time": "2026-11-20T21:00:00Z",
        "events[0].properties.number": 41,
        "events[0].properties.coupon": "none",
    }
    assert told["attributes[0].external_id"]["cast"] == "number to string"
    told = fields(kinds, "a-customer", "newsletter")
    assert told["subscription_groups[0].external_ids[0]"]["value"] == "9"
    assert told["subscription_groups[0].subscription_state"]["value"] == "unsubscribed"


def test_a_delay_is_told_beside_the_request(kinds: Desk) -> None:
    shown = kinds.explain("shop/an-order").stdout
    assert "  sends /users/track, id " in shown
    assert ", 300 s later\n" in shown
    (request,) = requests(kinds, "an-order", "bought")
    assert request["delay"] == 300


def test_an_attribute_that_braze_would_not_take_is_said_to_be_left_out(kinds: Desk) -> None:
    kinds.write_case(ORDER.replace("a@example.org", "nobody"), "shop/an-order")
    email = fields(kinds, "an-order", "bought")["attributes[0].email"]
    assert (email["status"], email["because"]) == ("left out", "it takes an e-mail address")


def test_a_request_that_cannot_be_made_says_why_and_what_it_would_hold(kinds: Desk) -> None:
    kinds.write_case(ORDER.replace("number: 41, ", ""), "shop/an-order")
    shown = kinds.explain("shop/an-order").stdout
    assert "dead letter, unrenderable: events.properties.number" in shown
    (request,) = requests(kinds, "an-order", "bought")
    assert request["delivery"] is None


def diffed(desk: Desk, old: str, new: str) -> str:
    assert old in RULES
    base = desk.write_rules(RULES, folder="base")
    desk.write_rules(RULES.replace(old, new))
    return desk.diff(base).stdout


@pytest.mark.parametrize(
    "old, new, line",
    [
        ("name: tea bought", "name: tea ordered", 'events[0].name: "tea bought" -> "tea ordered"'),
        ("first_name: $", "last_name: $", 'attributes[0].last_name: + "Ada"'),
        ("'unsubscribed')", "'subscribed')",
         'subscription_groups[0].subscription_state: "unsubscribed" -> "subscribed"'),
        ("guard: consent", "guard: newsletter", 'guard: - "consent"'),
        ("delay: 5m", "delay: 6m", "delay: 300 -> 360"),
        ("on_unknown: hold", "on_unknown: retry", 'on_unknown: "hold" -> "retry"'),
    ],
)  # fmt: skip
def test_a_change_is_shown_where_it_is(kinds: Desk, old: str, new: str, line: str) -> None:
    shown = diffed(kinds, old, new)
    assert f"  {line}\n" in shown
    assert ": changed\n" in shown


def test_what_is_counted_again_after_a_change_of_once_is_told(kinds: Desk) -> None:
    shown = diffed(kinds, "once: ${body.id}", "once: ${body.number}")
    assert "shop/bought: new id" in shown
    assert "Events among them: 1. Braze counts such an event a second time" in shown


def test_a_state_under_a_new_id_is_counted_by_nobody(kinds: Desk) -> None:
    shown = diffed(kinds, "guard: consent", "once: ${body.id}")
    assert "shop/newsletter: new id" in shown
    assert "Events among them" not in shown


def test_the_same_rules_change_nothing(kinds: Desk) -> None:
    base = kinds.write_rules(RULES, folder="base")
    assert "nothing changes" in kinds.diff(base).stdout


def test_a_plan_is_printed_as_a_send_is(kinds: Desk) -> None:
    where = ("--rules", str(kinds.rules), "--cases", str(kinds.cases))
    found = json.loads(run("plan", "shop/a-customer", *where).stdout)
    text = json.dumps(found)
    assert "/v2/subscription/status/set" in text
    assert '"unsubscribed"' in text
