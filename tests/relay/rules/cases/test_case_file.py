"""What is said of a case file that is wrong: where, what, and what was probably meant."""

import pytest

from tests.relay.rules.desk import EXPECT, WEBHOOK, Desk

BROKEN = {
    "webhook: {body: {}}\nexpct: {}": "2:1: unknown key expct; did you mean expect?",
    "webhook: {boddy: {}}": "1:11: unknown key boddy; did you mean body?",
    f"{WEBHOOK}{EXPECT.replace('path:', 'pth:')}": (
        "6:7: path is missing in expect.deliveries\n7:7: unknown key pth; did you mean path?"
    ),
    f"{WEBHOOK}expect: {{parked: [{{rule: a, reason: lost, detail: b}}]}}": (
        "4:29: reason: input should be 'malformed', 'too_many', 'unrenderable' or 'expired'"
    ),
    "expect: {}": "1:1: webhook is missing in the file",
    "webhook: {}": "1:1: a webhook has either event (a sample) or body",
    "webhook: {event: events/shopify-order.json, body: {}}": (
        "1:1: a webhook has either event (a sample) or body"
    ),
    "webhook: {body: {}, change: {a: 1}}": "1:21: change is for an event; write the body as it is",
    "webhook: {event: events/nothing.json}": "1:11: there is no events/nothing.json",
    "webhook: {event: pyproject.toml}": "1:11: pyproject.toml is no sample webhook",
    "webhook: {headers: {x-id: 5}, body: {}}": "1:21: x-id: input should be a valid string",
    f"{WEBHOOK}received_at: noon": "4:1: received_at: input should be a valid datetime",
    f"{WEBHOOK}received_at: 2026-01-01T00:00:00": (
        "4:1: received_at: input should have timezone info"
    ),
    "webhook: [": "2:1: not YAML: did not find expected node content",
    "": "1:1: the file is empty",
    "- a": "1:1: the file: input should be an object",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_told_with_its_place(desk: Desk, text: str) -> None:
    file = desk.write_case(text)
    result = desk.test()
    assert result.exit_code == 1
    for line in BROKEN[text].splitlines():
        assert f"{file}:{line}" in result.stdout


@pytest.mark.parametrize("name", ["an-order", "shop/deeper/an-order"])
def test_a_case_elsewhere_is_not_passed_over(desk: Desk, name: str) -> None:
    file = desk.write_case(WEBHOOK + EXPECT, name)
    result = desk.test()
    assert result.exit_code == 1
    where = "a case lies in a folder named as its source: SOURCE/CLAIM.yaml"
    assert f"{file}:1:1: {where}" in result.stdout


def test_another_ending_is_not_passed_over(desk: Desk) -> None:
    file = desk.write_case(WEBHOOK + EXPECT).rename(desk.cases / "shop" / "an-order.yml")
    assert f"{file}:1:1: a case lies in" in desk.test().stdout


def test_a_file_that_is_not_text_is_told(desk: Desk) -> None:
    desk.write_case("").write_bytes(b"\xff")
    assert "the file is not UTF-8 text" in desk.test().stdout
