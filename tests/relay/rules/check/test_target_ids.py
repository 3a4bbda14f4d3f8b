"""Ids of campaigns and Canvases: those that are none by their form, and the project's samples."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.configuration import yaml12
from relay.paths import PROJECT
from relay.rules.check.target_ids import SAMPLES, misshapen, samples

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OWN = "0d7b3a52-6f1e-4c88-9a3d-2b5e8f7c1a90"
SAMPLE = "8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55"
KEYS = ["campaign_id", "canvas_id", "transactional_campaign_id"]


def document(key: str, value: str, **file: Any) -> yaml12.Document:
    rule = {"name": "a", "type": "x", "send": {key: value}, **file.pop("rule", {})}
    return yaml12.load(json.dumps({"rules": [rule], **file}, indent=1), "shop.yaml")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "value",
    ["Order Receipt", "c", "417220e4", OWN[:-1], f"{OWN}0", OWN.replace("-", ""), "g" + OWN[1:]],
)  # fmt: skip
def test_an_id_that_is_none_by_its_form_is_named(key: str, value: str) -> None:
    (found,) = misshapen(document(key, value), ["shop"], ["dev"])
    assert found.message.startswith(f"{key} takes an API identifier")
    assert found.line == 7


@pytest.mark.parametrize("key", KEYS)
@given(st.uuids().map(str), st.sampled_from([str.upper, str.lower, str.title]))
def test_every_uuid_of_any_version_and_case_is_an_id(key: str, value: str, case: Any) -> None:
    assert misshapen(document(key, case(value)), ["shop"], ["dev"]) == []


def test_the_variables_of_every_stage_and_source_are_looked_at_each_at_its_line() -> None:
    file = document(
        "campaign_id",
        "${ vars.mail }",
        vars={"dev": {"mail": OWN, "other": "free text"}, "prod": {"mail": "none"}},
        sources={"de": {"vars": {"prod": {"mail": "keine"}}}, "fr": {}},
    )
    found = misshapen(file, ["de", "fr"], ["dev", "prod"])
    assert [it.message.split()[0] for it in found] == ["mail", "mail"]
    assert [samples_of.line for samples_of in found] == [17, 24]
    assert misshapen(file, ["de", "fr"], ["dev"]) == []


@pytest.mark.parametrize("value", ["${body.id}", "${", "$${x}", "a ${vars.mail}"])
def test_what_the_loader_refuses_breaks_nothing_here(value: str) -> None:
    misshapen(document("campaign_id", value), ["shop"], ["dev"])


@pytest.mark.parametrize(
    "value",
    [{}, [], {"rules": 1}, {"rules": [1]}, {"rules": [{"send": 1}]},
     {"rules": [{"send": {"canvas_id": 7}}]}],
)  # fmt: skip
def test_a_file_of_another_shape_has_none(value: Any) -> None:
    file = yaml12.load(json.dumps(value), "shop.yaml")
    assert misshapen(file, ["shop"], ["dev"]) == samples(file, ["shop"], "dev") == []


@pytest.mark.parametrize("rule", [{}, {"enabled": True}, {"shadow": False}])
def test_a_sample_that_would_be_sent_with_is_named(rule: dict[str, Any]) -> None:
    (found,) = samples(document("canvas_id", SAMPLE, rule=rule), ["shop"], "dev")
    assert found.message.startswith("canvas_id is a sample of this project")


@pytest.mark.parametrize("rule", [{"enabled": False}, {"shadow": True}])
def test_a_rule_that_sends_nothing_may_keep_it(rule: dict[str, Any]) -> None:
    assert samples(document("canvas_id", SAMPLE, rule=rule), ["shop"], "dev") == []


def test_samples_are_a_matter_of_the_stage_that_is_deployed() -> None:
    file = document("canvas_id", "${vars.a}", vars={"dev": {"a": OWN}, "prod": {"a": SAMPLE}})
    assert samples(file, ["shop"], "dev") == []
    assert len(samples(file, ["shop"], "prod")) == 1


# Of the rule that is for ever in shadow (docs/deploy.md): it is deployed as it stands.
NEVER_SENT = "00000000-0000-4000-8000-000000000000"


def test_the_samples_are_all_ids_that_our_rules_and_pages_show() -> None:
    files = [*PROJECT.glob("tests/rules/*.yaml"), *PROJECT.glob("docs/*.md"), PROJECT / "README.md"]
    shown = {it for file in files for it in UUID.findall(file.read_text("utf-8"))}
    assert shown - {NEVER_SENT} == SAMPLES


GROUPS = [{"subscription_group_id": "${vars.news}", "subscription_state": "subscribed"}]


@pytest.mark.parametrize(
    "rule",
    [
        {"subscribe": {"subscription_groups": GROUPS}},
        {"track": {"attributes": [{"subscription_groups": GROUPS}]}},
    ],
)
def test_a_subscription_group_that_is_a_sample_is_named_and_is_no_campaign(
    rule: dict[str, Any],
) -> None:
    block = {"name": "a", "type": "x", **rule}
    file = {"rules": [block], "vars": {"dev": {"news": OWN}, "prod": {"news": SAMPLE}}}
    read = yaml12.load(json.dumps(file, indent=1), "shop.yaml")
    (found,) = samples(read, ["shop"], "prod")
    assert found.message.startswith("news is a sample of this project")
    assert found.message.endswith("a subscription group of yours")
    assert samples(read, ["shop"], "dev") == []
    assert misshapen(read, ["shop"], ["dev", "prod"]) == []
