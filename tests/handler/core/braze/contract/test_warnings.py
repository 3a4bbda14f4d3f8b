import json
from typing import Any

from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load

RULE: dict[str, Any] = {
    "name": "welcome",
    "type": "*",
    "send": {
        "campaign_id": "c",
        "recipients": [
            {
                "external_user_id": "${body.id}",
                "send_to_existing_only": False,
                "attributes": {"email": "a@example.org", "dob": "${body.born}"},
            }
        ],
    },
}


def planned(body: Any, *rules: Any) -> Plan:
    text = json.dumps({"verify": {"preset": "shopify"}, "rules": list(rules)})
    headers = {"x-shopify-topic": "customers/create"}
    webhook = Webhook("shop", "POST", headers, "", json.dumps(body).encode(), 1_763_672_400)
    return plan(Verified(webhook), load("shop", text, "shop.yaml", "dev"))


def test_a_plan_tells_what_was_left_out_by_rule_and_path() -> None:
    made = planned({"id": 1, "born": "3 May"}, RULE, {**RULE, "name": "other"})
    told = "attributes.dob is left out: it takes a day as YYYY-MM-DD"
    assert made.warnings == (f"welcome: {told}", f"other: {told}")
    assert [it.recipient and it.recipient["attributes"] for it in made.deliveries] == [
        {"email": "a@example.org"}
    ] * 2


def test_a_plan_tells_nothing_of_what_is_as_it_should_be() -> None:
    assert planned({"id": 1, "born": "2001-05-03"}, RULE).warnings == ()


def test_a_new_profile_of_which_nothing_is_left_is_unrenderable() -> None:
    send = {**RULE["send"]["recipients"][0], "attributes": {"dob": "${body.born}"}}
    rule = {**RULE, "send": {**RULE["send"], "recipients": [send]}}
    (parked,) = planned({"id": 1, "born": "3 May"}, rule).parked
    assert parked.detail == "attributes: there are none, and Braze creates no profile without"
