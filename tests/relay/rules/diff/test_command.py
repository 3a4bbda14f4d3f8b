"""`relay rules diff`: what a reviewer is to see of changed rules."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.docs_pages import page
from tests.relay.rules.desk import RULES, WEBHOOK, Desk
from tests.unframed import unframed


@pytest.fixture
def base(desk: Desk) -> Path:
    """Return the rules as they were, beside one case."""
    desk.write_case(WEBHOOK)
    return desk.write_rules(RULES, folder="base")


def changes(desk: Desk, base: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(desk.diff(base, "--json").stdout)["changes"]
    return found


def differences(desk: Desk, base: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(desk.diff(base, "--json").stdout)["differences"]
    return found


def kinds(desk: Desk, base: Path) -> list[str]:
    return [it["kind"] for it in changes(desk, base)]


def test_the_same_rules_change_nothing(desk: Desk, base: Path) -> None:
    result = desk.diff(base)
    assert result.exit_code == 0
    assert result.stdout == "1 webhook compared; nothing changes\n"


def test_another_comment_or_order_of_keys_changes_nothing(desk: Desk, base: Path) -> None:
    moved = RULES.replace(
        'email: "${body.email}", first_name: "${body.name}"',
        'first_name: "${body.name}", email: "${body.email}"',
    )
    desk.write_rules(f"# new\n{moved}")
    assert kinds(desk, base) == []


def test_a_changed_request_is_shown_where_it_changes(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES.replace("{email:", "{nickname:").replace("[attributes.email]", "[]"))
    result = desk.diff(base)
    assert result.exit_code == 0
    assert (
        result.stdout
        == """\
shop/confirm: changed
  shown by case shop/an-order
  recipients[0].attributes.email: - "a@example.org"
  recipients[0].attributes.nickname: + "a@example.org"

1 webhook compared; changed: 1
"""
    )


def test_another_priority_is_a_change(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES.replace("    send:", "    priority: low\n    send:"))
    assert '  priority: "normal" -> "low"\n' in desk.diff(base).stdout


def test_a_change_is_told_once_with_all_webhooks_that_show_it(desk: Desk, base: Path) -> None:
    desk.write_case(WEBHOOK.replace("41", "42"), "shop/another")
    desk.write_case(WEBHOOK.replace("name: Ada, ", ""), "shop/nameless")
    text = RULES.replace("Order $", "No. $").replace('"${body.name}"', '"${upper(body.name)}"')
    desk.write_rules(text.replace("trigger_properties: {", "trigger_properties: {shop: Tea, "))
    shown = desk.diff(base).stdout
    assert f"```\n{shown}```\n" in page("testing-rules")
    assert (
        shown
        == """\
shop/confirm: changed
  shown by case shop/an-order, case shop/another, case shop/nameless
  recipients[0].attributes.first_name: "Ada" -> "ADA"
    shown by case shop/an-order, case shop/another
  recipients[0].trigger_properties.order: for example "Order 41" -> "No. 41"
  recipients[0].trigger_properties.shop: + "Tea"

3 webhooks compared; changed: 3
"""
    )


def test_a_request_that_appears_is_told_field_by_field(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES.replace("!(body.test)", "body.paid"), folder="base")
    shown = desk.diff(base).stdout
    assert (
        """\
shop/confirm: appears
  shown by case shop/an-order
  campaign_id: + "c-1"
  recipients[0].external_user_id: + "9"
  recipients[0].attributes.email: + "a@example.org"
"""
        in shown
    )


def test_many_webhooks_are_counted_and_json_names_them_all(desk: Desk, base: Path) -> None:
    for at in range(6):
        desk.write_case(WEBHOOK, f"shop/case-{at}")
    desk.write_rules(RULES.replace("Order $", "No. $"))
    assert "case shop/case-1, and 4 more\n" in desk.diff(base).stdout
    (told,) = differences(desk, base)
    assert len(told["webhooks"]) == len(told["fields"][0]["webhooks"]) == 7


def test_a_list_of_another_length_is_one_change(desk: Desk, base: Path) -> None:
    text = RULES.replace('"Order ${body.number}"', "[a, b]")
    desk.write_rules(text, folder="base")
    desk.write_rules(text.replace("[a, b]", "[a, c, b]"))
    assert '.order: ["a", "b"] -> ["a", "c", "b"]\n' in desk.diff(base).stdout
    desk.write_rules(text.replace("[a, b]", "[a, c]"))
    assert '.order[1]: "b" -> "c"\n' in desk.diff(base).stdout


def test_a_failure_is_told_once_with_its_reason(desk: Desk, base: Path) -> None:
    desk.write_case(WEBHOOK, "shop/another")
    desk.write_rules(
        RULES.replace("[attributes.email]", "[attributes.city]").replace(
            "attributes: {", 'attributes: {home_city: "${body.city}", city: "${body.city}", '
        )
    )
    shown = desk.diff(base).stdout
    assert shown.count("fails now, unrenderable: attributes.city: it is required") == 1


def test_a_renamed_rule_is_told_loudly(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES.replace("name: confirm", "name: thank"))
    (change,) = changes(desk, base)
    assert (change["kind"], change["before"]["rule"], change["after"]["rule"]) == (
        "new id",
        "confirm",
        "thank",
    )
    assert change["before"]["id"] != change["after"]["id"]
    shown = desk.diff(base).stdout
    assert "shop/confirm -> shop/thank: new id\n  shown by case shop/an-order\n\n" in shown
    assert "New ids: 1. A rule was renamed, or its once changed: a recipient of the" in shown


def test_a_changed_once_is_told_loudly(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES.replace("once: ${body.id}", "once: ${body.number}"))
    (change,) = changes(desk, base)
    assert change["kind"] == "new id"
    assert {**change["before"], "id": ""} == {**change["after"], "id": ""}
    assert "New ids: 1." in desk.diff(base).stdout


def test_a_rule_with_another_once_and_campaign_is_the_same_wish(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES.replace("${body.id}", "${body.number}").replace("c-1", "c-3"))
    assert kinds(desk, base) == ["new id"]


def test_a_request_that_disappears_says_why(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES.replace("!(body.test)", "body.paid"))
    (change,) = changes(desk, base)
    assert (change["kind"], change["why"], change["after"]) == (
        "disappears",
        "body.paid is null",
        {},
    )
    assert "shop/confirm: disappears, body.paid is null\n" in desk.diff(base).stdout


def test_a_request_that_appears_is_shown(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES.replace("!(body.test)", "body.paid"), folder="base")
    (change,) = changes(desk, base)
    assert (change["kind"], change["before"]) == ("appears", {})


def test_another_campaign_is_another_wish(desk: Desk, base: Path) -> None:
    other = RULES.replace("name: confirm", "name: thank").replace(
        "dev: {mail: c-1}", "dev: {mail: c-3}"
    )
    desk.write_rules(other)
    assert kinds(desk, base) == ["disappears", "appears"]


def test_a_rule_that_goes_into_shadow_disappears(desk: Desk, base: Path) -> None:
    desk.write_rules(f"{RULES}    shadow: true\n")
    (change,) = changes(desk, base)
    assert (change["kind"], change["why"]) == ("disappears", "it is in shadow")


def test_a_rule_that_leaves_the_shadow_appears(desk: Desk, base: Path) -> None:
    desk.write_rules(f"{RULES}    shadow: true\n", folder="base")
    (change,) = changes(desk, base)
    assert (change["kind"], change["why"]) == ("appears", "it was in shadow")
    assert "shop/confirm: appears, it was in shadow\n" in desk.diff(base).stdout


def test_a_wish_that_becomes_a_dead_letter_is_told(desk: Desk, base: Path) -> None:
    desk.write_rules(
        RULES.replace("[attributes.email]", "[attributes.email, trigger_properties.order]").replace(
            "${body.number}", "${body.order_number}"
        )
    )
    found = changes(desk, base)
    assert [it["kind"] for it in found] == ["disappears", "fails now"]
    assert found[1]["after"]["detail"] == "trigger_properties.order: it is required, and missing"
    desk.write_rules(desk.rules.joinpath("shop.yaml").read_text(encoding="utf-8"), folder="base")
    desk.write_rules(RULES)
    assert kinds(desk, base) == ["appears", "fails no more"]


@pytest.mark.parametrize(
    "more, key",
    [
        ("on_unknown: hold", "on_unknown"),
        ("expires_after: 6h", "expires_at"),
        ("workspace: eu", "workspace"),
    ],
)
def test_what_decides_how_it_is_sent_counts_too(
    desk: Desk, base: Path, more: str, key: str
) -> None:
    desk.write_rules(f"{RULES}    {more}\n")
    desk.write_rules("eu: {endpoint: https://rest.fra-01.braze.eu}\n", "workspaces")
    (change,) = changes(desk, base)
    assert change["kind"] == "changed"
    assert change["before"][key] != change["after"][key]


def test_recipients_are_compared_one_by_one(desk: Desk, base: Path) -> None:
    two = "        - external_user_id: ${body.name}\n    required: []\n"
    text = RULES.replace("    required: [attributes.email]\n", two)
    desk.write_rules(text, folder="base")
    desk.write_rules(text.replace("Order $", "No. $"))
    (change,) = changes(desk, base)
    assert change["before"]["body"]["recipients"][0]["external_user_id"] == "9"
    (told,) = differences(desk, base)
    assert [it["path"] for it in told["fields"]] == ["recipients[0].trigger_properties.order"]


def test_a_recipient_is_named_by_its_place_in_the_rule(desk: Desk, base: Path) -> None:
    more = "        - external_user_id: ${body.name}\n          trigger_properties: {to: a}\n"
    text = RULES.replace("    required: [attributes.email]\n", more)
    desk.write_rules(text, folder="base")
    desk.write_rules(text.replace("{to: a}", "{to: b}"))
    (told,) = differences(desk, base)
    assert told["fields"] == [
        {
            "path": "recipients[1].trigger_properties.to",
            "before": "a",
            "after": "b",
            "same": True,
            "webhooks": ["case shop/an-order"],
        }
    ]


def test_a_source_that_is_new_or_gone_is_compared_with_nothing(desk: Desk, base: Path) -> None:
    desk.write_rules(RULES, "store")
    desk.write_case(WEBHOOK, "store/an-order")
    assert kinds(desk, base) == ["appears"]
    (base / "shop.yaml").rename(desk.rules / "other.yaml")
    (desk.rules / "store.yaml").rename(base / "store.yaml")
    assert sorted(kinds(desk, base)) == ["appears", "disappears"]


def test_rules_that_no_webhook_reaches_are_named(desk: Desk, base: Path) -> None:
    send = "{campaign_id: c, recipients: [{external_user_id: '${body.id}'}]}"
    more = f"  - {{name: other, type: x, send: {send}}}\n"
    desk.write_rules(RULES + more)
    assert "no webhook makes a request of: shop/other\n" in desk.diff(base).stdout


def test_a_case_that_cannot_be_read_is_left_out_and_told(desk: Desk, base: Path) -> None:
    file = desk.write_case("webhook: {}", "shop/broken")
    result = desk.diff(base)
    assert result.exit_code == 0
    assert f"left out: {file}:1:1: a webhook has either event" in result.stderr


def test_the_samples_are_compared_too(desk: Desk) -> None:
    before = desk.write_rules(RULES, "shopify", "base")
    (desk.rules / "shop.yaml").unlink()
    desk.write_rules(RULES.replace("!(body.test)", "body.test"), "shopify")
    names = {it["webhook"] for it in changes(desk, before)}
    assert names == {
        "events/shopify-order.json",
        "events/shopify-order-guest.json",
        "events/shopify-order-test.json",
        "events/shopify-order-two-currencies.json",
    }


def test_of_a_commit_it_is_told_how_it_becomes_a_folder(desk: Desk) -> None:
    result = desk.diff(Path("HEAD"))
    assert result.exit_code == 2
    said = unframed(result.stderr)
    assert "HEAD is no folder; for a commit: --against HEAD" in said


def test_rules_that_do_not_load_cannot_be_compared(desk: Desk, base: Path) -> None:
    desk.write_rules("rules: []\n")
    assert desk.diff(base).exit_code == 1
