"""Attributes are written before the message is sent: from a rule to the profile's history."""

from typing import Any

import pytest

from tests.contract.way import made, sent
from tests.relay.simulated_braze.simulated import CAMPAIGN, CANVAS, ID, NOON, Client

PLAN = {
    "custom_attribute": {
        "custom_attribute_name": "plan",
        "comparison": "equals",
        "value": "paid",
    }
}
BODY = {"id": 7, "email": "zoe@example.org", "plan": "paid"}
WRITTEN = {"email": "zoe@example.org", "plan": "paid"}
TARGETS = [("campaign_id", CAMPAIGN), ("canvas_id", CANVAS)]


def rule(key: str, *, existing_only: bool, **more: Any) -> Any:
    attributes = {"email": "${body.email}", "plan": "${body.plan}"}
    recipient = {
        "external_user_id": "${body.id}",
        "send_to_existing_only": existing_only,
        "attributes": attributes,
    }
    return {key: ID, "recipients": [recipient], **more}


def ask(braze: Client, whose: str) -> dict[str, Any]:
    """Let an audience ask for the attribute; return what the request needs for it."""
    dashboard = PLAN if whose == "dashboard" else None
    braze.call("PUT", f"/targets/{ID}", {"channel": "email", "audience": dashboard})
    return {"audience": PLAN} if whose == "request" else {}


@pytest.mark.parametrize("key, path", TARGETS)
@pytest.mark.parametrize("whose", ["request", "dashboard", "nobody"])
def test_a_new_user_has_a_profile_with_the_attributes_before_the_message(
    braze: Client, key: str, path: str, whose: str
) -> None:
    more = ask(braze, whose)
    (delivery,) = made(rule(key, existing_only=False, **more), BODY)

    outcome = sent(braze, delivery).outcome

    assert (outcome.kind, outcome.warnings) == ("accepted", ())
    shown = braze.call("GET", "/profiles/7")
    assert {name: shown[name] for name in ("profile", "history")} == {
        "profile": WRITTEN,
        "history": [
            {
                "cause": f"POST {path}",
                "dispatch_id": outcome.dispatch_id,
                "time": NOON,
                "before": None,
                "after": WRITTEN,
            }
        ],
    }
    (send,) = braze.sends()
    assert (send["profile_before"], send["profile_after"]) == (None, WRITTEN)
    assert (send["reached"], send["because"]) == (True, None)


@pytest.mark.parametrize("key, path", TARGETS)
@pytest.mark.parametrize("whose", ["request", "dashboard"])
def test_an_audience_that_the_attributes_do_not_meet_is_not_met(
    braze: Client, key: str, path: str, whose: str
) -> None:
    more = ask(braze, whose)
    (delivery,) = made(rule(key, existing_only=False, **more), BODY | {"plan": "free"})

    assert delivery.path == path
    assert sent(braze, delivery).outcome.kind == "accepted"
    (send,) = braze.sends()
    assert send["because"] == f"the user is not in the {whose}'s audience"
    assert braze.call("GET", "/profiles")["7"]["plan"] == "free"


@pytest.mark.parametrize("key, path", TARGETS)
def test_an_unknown_user_gets_nothing_where_only_existing_ones_do(
    braze: Client, key: str, path: str
) -> None:
    (delivery,) = made(rule(key, existing_only=True), BODY)

    assert delivery.path == path
    assert sent(braze, delivery).outcome.kind == "accepted"
    (send,) = braze.sends()
    assert (send["reached"], send["attributes"]) == (False, {})
    assert send["because"] == "unknown user, and send_to_existing_only is true"
    assert braze.call("GET", "/profiles") == {}
    shown = braze.call("GET", "/profiles/7")
    assert (shown["profile"], shown["history"]) == (None, [])


@pytest.mark.parametrize("existing_only", [True, False])
@pytest.mark.parametrize("whose", ["request", "dashboard"])
def test_a_known_user_is_judged_by_the_attributes_that_came_with_the_message(
    braze: Client, whose: str, *, existing_only: bool
) -> None:
    more = ask(braze, whose)
    braze.call("PUT", "/profiles/7", {"plan": "free", "city": "Oslo"})

    sent(braze, made(rule("campaign_id", existing_only=existing_only, **more), BODY)[0])

    (send,) = braze.sends()
    assert send["reached"], send["because"]
    assert send["profile_before"] == {"plan": "free", "city": "Oslo"}
    assert send["profile_after"] == {"city": "Oslo", **WRITTEN}


def test_an_alias_that_nobody_has_makes_nobody(braze: Client) -> None:
    alias = {"alias_name": "${body.id}", "alias_label": "shop"}
    recipient = {"user_alias": alias, "attributes": {"plan": "${body.plan}"}}
    (delivery,) = made({"campaign_id": ID, "recipients": [recipient]}, BODY)

    assert sent(braze, delivery).outcome.kind == "accepted"
    assert [send["because"] for send in braze.sends()] == ["unknown alias"]
    assert braze.call("GET", "/profiles") == {}


def test_the_attributes_of_an_outcome_nobody_knows_are_written_once_more_and_change_nothing(
    braze: Client,
) -> None:
    (delivery,) = made(rule("campaign_id", existing_only=False), BODY)
    fault = {"kind": "reset", "after": True, "times": 1, "path": CAMPAIGN}
    braze.call("POST", "/faults", [fault])

    first, again = sent(braze, delivery), sent(braze, delivery)

    assert [first.outcome.kind, again.outcome.kind] == ["unknown", "accepted"]
    history = braze.call("GET", "/profiles/7")["history"]
    assert [it["after"] for it in history] == [WRITTEN, WRITTEN]
