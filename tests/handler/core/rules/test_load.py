from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.errors import RulesError
from handler.core.rules.load import load
from handler.core.verification.schemes import HmacScheme
from tests.handler.core.rules_files import GOOD, HAND, changed, findings

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("name", ["shopify", "accounts"])
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_rules_files_load_for_every_stage(name: str, stage: str) -> None:
    text = (ROOT / f"tests/rules/{name}.yaml").read_text(encoding="utf-8")
    source = load(name, text, f"{name}.yaml", stage)
    assert source.secret == name
    assert len(source.version) == 12
    assert source.rules


def test_a_source_is_what_its_file_says() -> None:
    source = load("shop", GOOD, "shop.yaml", "dev")
    (rule,) = source.rules
    assert source.secret == "shop"
    assert source.answer == "json"
    assert "x-shopify-topic" in source.headers
    assert rule.path == "/campaigns/trigger/send"
    assert rule.send == {"campaign_id": "c-1"}
    assert rule.on_unknown == "retry"


def test_a_scheme_written_by_hand_needs_no_preset() -> None:
    source = load("shop", HAND, "shop.yaml", "dev")
    assert isinstance(source.scheme, HmacScheme)
    assert source.scheme.signature.header == "x-sign"
    assert source.event.type_signed
    assert source.headers == ("x-shop",)


@pytest.mark.parametrize(
    "duration, seconds", [("90s", 90), ("30m", 1800), ("6h", 21_600), ("2d", 172_800)]
)
def test_a_duration_is_a_number_and_a_unit(duration: str, seconds: int) -> None:
    text = changed("    send:", f"    expires_after: {duration}\n    send:")
    assert load("shop", text, "f", "dev").rules[0].expires_after == seconds


def test_templated_properties_are_folded_and_literal_ones_stay_shared() -> None:
    properties = "trigger_properties: {shop: Tea, order: '${body.id}'}\n      recipients:"
    (rule,) = load("shop", changed("recipients:", properties), "f", "dev").rules
    assert rule.send["trigger_properties"] == {"shop": "Tea"}
    assert set(rule.varying) == {"trigger_properties"}


def test_a_stage_without_its_vars_is_one_finding() -> None:
    assert findings(GOOD, "prod") == ["2:1: vars has no stage prod; it has dev"]


def test_a_file_without_vars_loads_for_any_stage() -> None:
    assert load("shop", HAND, "f", "anything").vars == {}


def test_two_rules_of_one_name_are_a_mistake() -> None:
    twice = GOOD + GOOD[GOOD.index("  - name") :]
    assert findings(twice) == ["11:5: a rule named confirm stands above already"]


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file() -> None:
    text = changed("${body.id}", "${body.id", changed("    send:", "    when: body.\n    send:"))
    assert [finding.split(":")[0] for finding in findings(text)] == ["7", "11"]


@given(st.data())
def test_a_damaged_file_loads_or_has_findings(data: st.DataObject) -> None:
    lines = GOOD.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(st.sampled_from(["", lines[at] * 2, "  " + lines[at], "x: [\n"]))
    try:
        load("shop", "".join(lines), "f", "dev")
    except RulesError as error:
        found = error.findings
    else:
        found = ()
    assert all(finding.line >= 1 and finding.message for finding in found)


def test_a_stage_with_no_variables_borrows_none_of_another_stage() -> None:
    text = changed("dev: {campaign: c-1}", "{dev: {campaign: c-1}, prod: {}}")
    assert any("vars has no campaign" in finding for finding in findings(text, "prod"))


def test_a_campaign_that_is_left_blank_is_named() -> None:
    text = changed("campaign_id: ${vars.campaign}", "campaign_id:")
    assert any("campaign_id takes text" in finding for finding in findings(text))


@pytest.mark.parametrize("when", ["!body.test", "!body.items[0]", "body.a && !body.test"])
def test_a_negation_that_binds_too_tightly_is_named_with_its_mend(when: str) -> None:
    text = changed("type: orders/create", f'type: orders/create\n    when: "{when}"')
    assert findings(text) == ["7:5: !a.b reads as (!a).b, which is always null; write !(a.b)"]
