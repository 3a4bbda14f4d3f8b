"""A deployment that fails is told in words, by the stack's events: what happened, what to do."""

from typing import Any

import pytest

from relay.deploy.alarm_address import Topic, missing, unconfirmed
from relay.deploy.deployed import Deployed, hindrance
from relay.deploy.outcome import failed, since
from relay.deploy.rollback import TRIGGERS, configuration, triggers
from relay.paths import TEMPLATE
from relay.stacks.selection import ChosenStack
from relay.stacks.template import parse

STACK = ChosenStack("braze-relay-prod", "prod")
HERE = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm"
ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/braze-relay-prod/0"
NAMES = {name: f"braze-relay-prod-{name}-1A2B" for name in TRIGGERS}
DEPLOYED = Deployed(ID, "UPDATE_COMPLETE", {}, {}, NAMES)


def event(number: int, resource: str, status: str, reason: str = "") -> dict[str, Any]:
    given = {"ResourceStatusReason": reason} if reason else {}
    return {
        "EventId": str(number),
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        **given,
    }


def told(status: str, *events: dict[str, Any]) -> str:
    newest_first = list(reversed(events))
    return "\n".join(failed(status, newest_first, triggers(DEPLOYED), STACK))


def test_an_alarm_that_took_an_update_back_is_named() -> None:
    arn = f"{HERE}:{NAMES['DeliverErrorsAlarm']}"
    said = told(
        "UPDATE_ROLLBACK_COMPLETE",
        event(1, "braze-relay-prod", "UPDATE_IN_PROGRESS"),
        event(2, "braze-relay-prod", "UPDATE_ROLLBACK_IN_PROGRESS", f"[{arn}] is in ALARM"),
    )
    assert said.startswith("taken back: DeliverErrorsAlarm rang")
    assert "code, rules and parameters of before" in said
    assert said.endswith("make deploy CONFIG=prod")


def test_the_first_resource_that_failed_is_named_and_none_that_was_cancelled() -> None:
    said = told(
        "UPDATE_ROLLBACK_COMPLETE",
        event(1, "Ledger", "UPDATE_FAILED", "User: x is not authorized to perform: a:B"),
        event(2, "Queue", "UPDATE_FAILED", "Resource update cancelled"),
    )
    assert said.startswith("taken back, for the update failed:\n  Ledger: AccessDenied: your AWS")
    assert "may not do a:B" in said
    assert "Queue" not in said


@pytest.mark.parametrize(
    "status, words",
    [
        ("ROLLBACK_COMPLETE", "delete --stack-name braze-relay-prod"),
        ("CREATE_FAILED", "cannot be updated: delete"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name braze-relay-prod"),
        ("UPDATE_IN_PROGRESS", "another deployment (UPDATE_IN_PROGRESS): wait"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "another deployment"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_said_before_and_after(status: str, words: str) -> None:
    assert words in hindrance(status, STACK)
    assert words in told(status, event(1, "Ledger", "CREATE_FAILED", "a reason"))


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "CREATE_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_can_be_updated_is_not_hindered(status: str) -> None:
    assert hindrance(status, STACK) == ""


def test_what_happened_before_this_deployment_is_not_told() -> None:
    old, new = event(1, "Ledger", "UPDATE_FAILED", "long ago"), event(2, "Queue", "UPDATE_FAILED")
    assert since([new, old], "1") == [new]
    assert since([old], "1") == []
    assert list(failed("UPDATE_ROLLBACK_COMPLETE", [], {}, STACK)) == []


def test_a_deployment_that_another_one_was_faster_than_is_told() -> None:
    (said,) = failed("UPDATE_IN_PROGRESS", [], {}, STACK)
    assert "is being changed by another deployment" in said


def test_the_triggers_are_alarms_of_the_template_and_as_many_as_cloudformation_takes() -> None:
    resources = parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    assert {resources[name]["Type"] for name in TRIGGERS} == {"AWS::CloudWatch::Alarm"}
    assert len(TRIGGERS) <= 5
    assert all("Condition" not in resources[name] for name in TRIGGERS)


def test_an_alarm_that_rings_already_or_that_an_older_release_has_not_is_no_trigger() -> None:
    found = triggers(DEPLOYED, [NAMES["IngestErrorsAlarm"]])
    assert found.keys() == set(TRIGGERS) - {"IngestErrorsAlarm"}
    assert triggers(Deployed(ID, "", {}, {}, {})) == {}
    assert configuration(15, []) == configuration(0, list(found.values()))
    assert configuration(0, [])["RollbackTriggers"] == []


PENDING = Topic("arn:aws:sns:eu-west-1:123456789012:t", "a@example.org", ("PendingConfirmation",))
HEARD = Topic(PENDING.arn, PENDING.address, ("PendingConfirmation", f"{PENDING.arn}:1"))


@pytest.mark.parametrize(
    "given, topic, refused, noted",
    [
        (None, PENDING, True, False),  # kept, and never confirmed
        ("a@example.org", PENDING, True, False),
        ("b@example.org", PENDING, False, False),  # this deployment has another mail sent
        ("", PENDING, False, True),  # nobody, on purpose
        (None, Topic(PENDING.arn, "a@example.org", ()), True, False),  # SNS has given it up
        (None, Topic(PENDING.arn, "", ()), False, True),
        (None, HEARD, False, False),
        ("a@example.org", HEARD, False, False),
    ],
)
def test_an_address_that_nobody_confirmed_is_refused_and_a_missing_one_is_said(
    given: str | None, topic: Topic, *, refused: bool, noted: bool
) -> None:
    assert bool(unconfirmed(given, topic, STACK)) == refused
    assert bool(missing(given, topic, "samconfig.toml:13")) == noted
    assert "a@example.org" not in unconfirmed(given, topic, STACK)
