"""`relay plan`: the requests of one webhook, for programs."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from relay.paths import PROJECT
from tests.relay.rules.desk import RULES, Desk, run

BODY: dict[str, Any] = {"id": 7, "email": "a@example.org", "customer": {"id": 9}}


def plan(desk: Desk, body: object, source: str = "shop", *arguments: str) -> Result:
    webhook = {"source": source, "headers": {"X-Shopify-Topic": "orders/create"}, "body": body}
    file = desk.folder / "webhook.json"
    file.write_text(json.dumps(webhook), encoding="utf-8")
    return run("plan", str(file), "--rules", str(desk.rules), *arguments)


def test_the_requests_are_printed_as_json_and_nothing_else(desk: Desk) -> None:
    result = plan(desk, BODY)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "deliveries": [
            {
                "rule": "confirm",
                "id": sha256(b'[1,"shop","confirm","7",""]').hexdigest(),
                "path": "/campaigns/trigger/send",
                "body": {
                    "campaign_id": "c-1",
                    "recipients": [
                        {
                            "external_user_id": "9",
                            "attributes": {"email": "a@example.org"},
                            "trigger_properties": {},
                        }
                    ],
                },
            }
        ],
        "failures": [],
    }


def test_it_says_that_nothing_was_verified(desk: Desk) -> None:
    assert "the signature was not verified" in plan(desk, BODY).stderr


def test_what_cannot_be_sent_is_a_failure_and_no_mistake(desk: Desk) -> None:
    result = plan(desk, {"id": 7, "customer": {"id": 9}})
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "deliveries": [],
        "failures": [
            {
                "rule": "confirm",
                "reason": "unrenderable",
                "detail": "attributes.email: it is required, and missing",
            }
        ],
    }


def test_why_nothing_is_sent_is_said_beside(desk: Desk) -> None:
    result = plan(desk, {**BODY, "test": True})
    assert json.loads(result.stdout) == {"deliveries": [], "failures": []}
    assert "confirm: not matched, body.test is true\n" in result.stderr


def test_a_rule_in_shadow_sends_nothing(desk: Desk) -> None:
    desk.write_rules(f"{RULES}    shadow: true\n")
    result = plan(desk, BODY)
    assert json.loads(result.stdout)["deliveries"] == []
    assert "confirm: in shadow" in result.stderr


def test_a_stage_has_its_own_vars(desk: Desk) -> None:
    (delivery,) = json.loads(plan(desk, BODY, "shop", "--stage", "prod").stdout)["deliveries"]
    assert delivery["body"]["campaign_id"] == "c-2"


def test_a_webhook_recorded_long_ago_is_planned_as_of_its_day(desk: Desk) -> None:
    desk.write_rules(f"{RULES}    expires_after: 1h\n")
    result = plan(desk, {**BODY, "created_at": "2019-05-01T10:00:00+02:00"})
    assert len(json.loads(result.stdout)["deliveries"]) == 1


def test_the_same_webhook_gives_the_same_bytes(desk: Desk) -> None:
    assert plan(desk, BODY).stdout == plan(desk, BODY).stdout


def test_rules_that_do_not_load_are_a_mistake(desk: Desk) -> None:
    desk.write_rules(RULES.replace("campaign_id", "campaing_id"))
    result = plan(desk, BODY)
    assert result.exit_code == 1
    assert result.stdout == ""


def test_the_command_ends_with_1_and_every_finding(desk: Desk) -> None:
    desk.write_rules(RULES.replace("campaign_id", "campaing_id"))
    plan(desk, BODY)
    command = [str(PROJECT / ".venv" / "bin" / "relay"), "plan", "webhook.json", "--rules", "rules"]
    ended = subprocess.run(command, cwd=desk.folder, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    known = "did you mean campaign_id?"
    assert f"rules/shop.yaml:11:7: unknown key campaing_id; {known}\n" in ended.stderr


def test_what_is_wrong_with_other_sources_does_not_matter(desk: Desk) -> None:
    desk.write_rules("rules: []\n", "other")
    assert plan(desk, BODY).exit_code == 0


@pytest.mark.parametrize(
    "text, why",
    [
        ("{", "not JSON"),
        ('{"source": "shop", "headers": {}}', "body is missing"),
        ('{"source": "nobody", "headers": {}, "body": {}}', "no source nobody"),
        ('{"source": "shop", "headers": {}, "body": NaN}', "JSON"),
    ],
)
def test_a_file_that_is_no_webhook_is_told(desk: Desk, text: str, why: str) -> None:
    file = desk.folder / "webhook.json"
    file.write_text(text, encoding="utf-8")
    result = run("plan", str(file), "--rules", str(desk.rules))
    assert result.exit_code in (1, 2)
    assert why in f"{result.stderr}{result.exception}"  # main prints what is raised
    assert result.stdout == ""


def test_a_case_is_planned_as_a_file_is(desk: Desk) -> None:
    shown = plan(desk, BODY).stdout
    case = desk.write_case(f"webhook: {{event: {desk.folder / 'webhook.json'}}}\n")

    assert run("plan", str(case), "--rules", str(desk.rules)).stdout == shown


def test_a_sample_is_planned_by_its_name() -> None:
    result = run("plan", "shopify-order", "--rules", str(PROJECT / "tests" / "rules"))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["deliveries"]


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert run("plan", str(tmp_path / "nothing.json")).exit_code == 2
