"""A broadcast has no recipient: the tools show, test and compare its request all the same."""

from handler.core.models import Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from relay.rules.check.sample_coverage import missing_fields
from tests.relay.rules.desk import Desk

RULES = """\
verify: {preset: shopify}
rules:
  - name: sale
    type: orders/create
    allow_broadcast: true
    send:
      campaign_id: c-1
      broadcast: true
      trigger_properties: {title: "${body.name}", more: "${body.more}"}
"""
CASE = """\
webhook:
  headers: {x-shopify-topic: orders/create}
  body: {id: 7, name: Tea, line_items: []}
expect:
  deliveries:
    - rule: sale
      path: /campaigns/trigger/send
      body: {campaign_id: c-1, broadcast: true, trigger_properties: {title: Tea}}
"""


def test_a_case_of_a_broadcast_passes_and_its_branches_are_counted(desk: Desk) -> None:
    desk.write_rules(RULES)
    desk.write_case(CASE)
    report = desk.tested()
    assert desk.test().exit_code == 0, report
    assert "trigger_properties.more is sent" in desk.test().stdout


def test_the_fields_of_a_broadcast_are_explained(desk: Desk) -> None:
    desk.write_rules(RULES)
    desk.write_case(CASE)
    (request,) = desk.told()["requests"]
    assert {it["field"]: it.get("value") for it in request["fields"]} == {
        "campaign_id": "c-1",
        "broadcast": True,
        "trigger_properties.title": "Tea",
        "trigger_properties.more": None,
    }


def test_a_broadcast_that_changes_is_told(desk: Desk) -> None:
    base = desk.write_rules(RULES, folder="base")
    desk.write_case(CASE)
    desk.write_rules(RULES.replace("body.name", "body.id"))
    run = desk.diff(base)
    assert (run.exit_code, "changed" in run.stdout) == (0, True), run.stdout


def test_what_no_sample_fills_in_a_broadcast_is_told() -> None:
    source = load("shop", RULES, "shop.yaml", "dev")
    topic = {"x-shopify-topic": "orders/create"}
    raw = b'{"id": 7, "name": "Tea", "line_items": []}'
    made = plan(Verified(Webhook("shop", "POST", topic, "", raw, 1)), source)
    assert list(missing_fields(source, [made])) == ["shop/sale: trigger_properties.more is missing"]
