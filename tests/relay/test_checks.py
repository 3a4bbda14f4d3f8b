"""What `relay doctor` concludes where no emulated stack can show it."""

from typing import Any

import pytest

from relay.checks import alarm_findings, braze_findings, dead_letter_findings, mapping_findings

HOST = "https://rest.iad-01.braze.com"
TOPIC = "arn:aws:sns:us-east-1:000000000000:alarms"


@pytest.mark.parametrize(
    "status, body",
    [
        (400, {"message": "Invalid Campaign ID"}),
        (400, {"error": "No Recipients"}),
        (404, {"message": "campaign not found"}),
    ],
)
def test_who_complains_of_the_campaign_has_taken_the_key(status: int, body: Any) -> None:
    assert list(braze_findings(HOST, status, body, "prod")) == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_or_wrong_host_says_which_to_check(status: int) -> None:
    (finding,) = braze_findings(HOST, status, {"message": "no"}, "prod")
    assert finding.level == "error"
    assert f"{HOST} ({status})" in finding.problem
    assert "BrazeEndpoint" in finding.remedy
    assert finding.remedy.endswith("relay secrets set --braze --stack-name prod")


@pytest.mark.parametrize(
    "status, body",
    [
        (201, {"message": "success"}),
        (301, None),
        (400, None),
        (400, ["message"]),
        (404, {"message": "Invalid URL"}),
        (429, {"message": "Rate Limited"}),
        (503, {"message": "try again"}),
    ],
)
def test_no_other_answer_proves_the_key(status: int, body: Any) -> None:
    (finding,) = braze_findings(HOST, status, body, "prod")
    assert finding.level == "error"
    assert f"answers {status}" in finding.problem


def test_a_topic_needs_one_confirmed_subscription() -> None:
    assert list(alarm_findings({TOPIC: ["PendingConfirmation", f"{TOPIC}:1"]})) == []
    for subscriptions in [], ["PendingConfirmation"], ["Deleted"]:
        (finding,) = alarm_findings({TOPIC: subscriptions})
        assert finding.level == "error"
        assert f"--topic-arn {TOPIC}" in finding.remedy


def test_a_stack_without_a_topic_is_worth_a_note() -> None:
    assert [finding.level for finding in alarm_findings({})] == ["note"]


def test_a_mapping_must_be_there() -> None:
    (finding,) = mapping_findings([])
    assert finding.level == "error"


def test_dead_letters_are_counted() -> None:
    assert list(dead_letter_findings(0, "url")) == []
    (finding,) = dead_letter_findings(2, "url")
    assert finding.problem == "about 2 dead letters waiting"
