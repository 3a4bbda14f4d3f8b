"""`relay rules test`: what a case may say, and what is said of one that is wrong."""

import pytest
from typer.testing import Result

from tests.relay.rules.desk import EXPECT, RULES, WEBHOOK, Desk

FAILURE = """\
{file}: - is expected, + came
           - attributes:
               email: a@example.org
               first_name: Ada
  -          external_user_id: 9
  +          external_user_id: '9'
             trigger_properties:
               order: Order 41
       path: /campaigns/trigger/send

0 of 1 case is good
"""


def test_a_case_that_expects_the_exact_request_is_good(desk: Desk) -> None:
    desk.write_case(WEBHOOK + EXPECT)
    result = desk.test()
    assert result.exit_code == 0
    assert result.stdout.endswith("\n1 of 1 case is good\n")


def test_a_difference_is_shown_where_it_is_even_of_a_type_alone(desk: Desk) -> None:
    file = desk.write_case(WEBHOOK + EXPECT.replace("'9'", "9"))
    result = desk.test()
    assert result.exit_code == 1
    assert result.stdout.endswith(FAILURE.format(file=file))


def test_what_fails_comes_last_after_the_branches_that_no_case_covers(desk: Desk) -> None:
    file = desk.write_case(WEBHOOK + EXPECT.replace("'9'", "9"))
    said = desk.test().stdout
    assert 0 <= said.index("no case covers these branches") < said.index(str(file))
    assert said.splitlines()[-1] == "0 of 1 case is good"


def test_one_is_not_true(desk: Desk) -> None:
    desk.write_rules(RULES.replace("Order ${body.number}", "${body.paid}"))
    desk.write_case(WEBHOOK.replace("number: 41", "paid: true") + EXPECT.replace("Order 41", "1"))
    result = desk.test()
    assert result.exit_code == 1
    assert "order: 1\n" in result.stdout
    assert "order: true\n" in result.stdout


def test_a_request_that_nobody_expects_is_a_failure(desk: Desk) -> None:
    desk.write_case(WEBHOOK + "expect: {}\n")
    assert "+deliveries:" in desk.test().stdout


@pytest.mark.parametrize(
    "expect",
    ["expect: {}", "expect: {deliveries: []}", "expect: {unmatched: {confirm: body.test is true}}"],
)
def test_a_webhook_that_no_rule_wants_can_be_expected(desk: Desk, expect: str) -> None:
    desk.write_case(f"{WEBHOOK.replace('id: 7', 'id: 7, test: true')}{expect}\n")
    assert desk.test().exit_code == 0


def test_a_wrong_reason_is_a_failure(desk: Desk) -> None:
    webhook = WEBHOOK.replace("id: 7", "id: 7, test: true")
    desk.write_case(webhook + "expect: {unmatched: {confirm: body.test is 1}}\n")
    result = desk.test()
    assert result.exit_code == 1
    assert "-  confirm: body.test is 1\n  +  confirm: body.test is true" in result.stdout


def test_why_the_expected_request_did_not_come_is_shown(desk: Desk) -> None:
    desk.write_case(WEBHOOK.replace("id: 7", "id: 7, test: true") + EXPECT)
    assert "+unmatched:\n  +  confirm: body.test is true" in desk.test().stdout


def test_a_dead_letter_can_be_expected(desk: Desk) -> None:
    desk.write_case(
        WEBHOOK.replace("email: a@example.org, ", "")
        + "expect:\n  parked:\n    - rule: confirm\n      reason: unrenderable\n"
        "      detail: 'attributes.email: it is required, and missing'\n"
    )
    assert desk.test().exit_code == 0


def test_a_rule_in_shadow_is_expected_by_that_name(desk: Desk) -> None:
    desk.write_rules(RULES.replace("    required:", "    shadow: true\n    required:"))
    desk.write_case(WEBHOOK + EXPECT.replace("deliveries:", "shadow:"))
    assert desk.test().exit_code == 0


def test_an_id_counts_only_where_it_is_given(desk: Desk) -> None:
    desk.write_case(WEBHOOK + EXPECT)
    assert desk.test().exit_code == 0
    desk.write_case(WEBHOOK + EXPECT.replace("      path:", "      id: abc\n      path:"))
    result = desk.test()
    assert result.exit_code == 1
    assert "-    id: abc" in result.stdout


def test_a_stage_has_its_own_vars(desk: Desk) -> None:
    desk.write_case(WEBHOOK + EXPECT)
    result = desk.test("--stage", "prod")
    assert result.exit_code == 1
    assert "+      campaign_id: c-2" in result.stdout


def test_a_sample_is_changed_key_by_key(desk: Desk) -> None:
    desk.write_case(
        "webhook:\n  event: events/shopify-order.json\n"
        "  change: {customer: {first_name: null}, name: null, number: 3, email: b@example.org}\n"
    )
    (case,) = desk.tested()["cases"]
    (recipient,) = case["actual"]["deliveries"][0]["body"]["recipients"]
    assert recipient == {
        "external_user_id": "9204417730123",
        "attributes": {"email": "b@example.org"},
        "trigger_properties": {"order": "Order 3"},
    }


@pytest.mark.parametrize(
    "received_at, is_late", [("", False), ("received_at: 2025-06-02T00:00:00Z\n", True)]
)
def test_a_webhook_is_received_when_it_happened_unless_the_case_says_when(
    desk: Desk, received_at: str, *, is_late: bool
) -> None:
    desk.write_rules(RULES.replace("    required:", "    expires_after: 1h\n    required:"))
    webhook = WEBHOOK.replace("id: 7", 'id: 7, created_at: "2025-06-01T00:00:00Z"')
    desk.write_case(f"{webhook}{received_at}")
    (case,) = desk.tested()["cases"]
    assert ("parked" in case["actual"]) is is_late


def test_one_file_of_rules_serves_the_cases_of_all_its_sources(desk: Desk) -> None:
    desk.write_rules(f"sources: {{shop-eu: {{}}, shop-us: {{}}}}\n{RULES}")
    desk.write_case(WEBHOOK + EXPECT, "shop-eu/an-order")
    desk.write_case(WEBHOOK + EXPECT, "shop-us/an-order")
    assert [case["case"] for case in desk.tested()["cases"]] == [
        "shop-eu/an-order",
        "shop-us/an-order",
    ]


def test_no_case_is_a_mistake(desk: Desk) -> None:
    result = desk.test()
    assert result.exit_code == 1
    assert "there is no case (SOURCE/CLAIM.yaml)" in result.stdout


def test_rules_that_do_not_load_are_a_mistake_and_the_others_are_tested(desk: Desk) -> None:
    desk.write_rules("rules: []\n", "broken")
    desk.write_case(WEBHOOK + EXPECT)
    desk.write_case(WEBHOOK + EXPECT, "broken/an-order")
    result = desk.test()
    assert result.exit_code == 1
    assert "broken.yaml:1:1: verify is missing" in result.stdout
    assert "1 of 2 cases are good, 1 cannot be read" in result.stdout


def test_a_sample_goes_by_its_name_as_elsewhere(desk: Desk) -> None:
    desk.write_case("webhook: {event: shopify-order}\n")
    desk.write_case("webhook: {event: shopify-ordr}\n", "shop/another")
    result = desk.test()
    assert "there is no shopify-ordr; did you mean shopify-order?" in result.stdout
    assert "0 of 2 cases are good, 1 cannot be read" in result.stdout


def test_a_change_of_what_the_sample_does_not_have_is_noted(desk: Desk) -> None:
    change = "{customer: {frist_name: Ada}, name: A, of_our_own: 1}"
    file = desk.write_case(f"webhook:\n  event: shopify-order\n  change: {change}\n")
    text = "the sample has no body.customer.frist_name; did you mean first_name?"
    notes = [line for line in desk.test().stdout.splitlines() if ": note: " in line]
    assert notes == [f"{file}:3:23: note: {text}"]


def test_a_folder_that_is_not_there_is_wrong_usage(desk: Desk) -> None:
    assert desk.test("--cases", "nowhere").exit_code == 2


def test_the_report_for_programs_has_what_people_see(desk: Desk) -> None:
    file = desk.write_case(WEBHOOK, "nobody/an-order")
    desk.write_case(WEBHOOK + "expect: {}\n")
    found = desk.tested()
    assert found["passed"] is False
    assert found["mistakes"] == [
        {"file": str(file), "line": 1, "column": 1, "message": "there is no source nobody"}
    ]
    (case,) = found["cases"]
    assert (case["case"], case["passed"], case["expected"]) == ("shop/an-order", False, {})
    assert case["actual"]["deliveries"][0]["rule"] == "confirm"


def last_line(result: Result) -> str:
    assert result.exit_code == 1
    return result.stdout.rstrip().splitlines()[-1]


def test_a_case_that_differs_in_ids_alone_is_said_to_be_updated(desk: Desk) -> None:
    desk.write_case(WEBHOOK + EXPECT.replace("c-1", "c-0"))
    said = last_line(desk.test())
    assert said.startswith("cases that differ in ids of campaigns or Canvases alone: 1;")
    assert "`relay rules test --update`" in said

    desk.test("--update")
    assert desk.test().exit_code == 0


def test_a_case_that_differs_in_more_than_ids_is_not_said_to_be_updated(desk: Desk) -> None:
    desk.write_case(WEBHOOK + EXPECT.replace("c-1", "c-0").replace("Order 41", "Order 4"))
    assert "--update" not in last_line(desk.test())
    desk.write_case(WEBHOOK)
    assert "ids of campaigns" not in last_line(desk.test())


@pytest.mark.parametrize(
    "text", [WEBHOOK + EXPECT, "webhook: {event: no-such-sample}\nexpect: {}\n"]
)
def test_cases_of_what_is_not_there_are_said_to_be_deleted(desk: Desk, text: str) -> None:
    desk.write_case(WEBHOOK + EXPECT)
    file = desk.write_case(text, "accounts/a-signup")
    said = last_line(desk.test())
    assert str(file.parent) in said
    assert "delete those of what you have deleted" in said
