"""The JSON Schema of rules files: published, explained, and as strict as the loader on keys."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # ships no types

from handler.core.configuration import yaml12
from handler.core.verification.presets.catalogue import PRESETS
from relay.paths import PROJECT
from relay.rules.check.json_schema import rules_schema, schema
from tests.docs_pages import RULES_FILES
from tests.handler.core.rules_files import GOOD, HAND, changed

SCHEMA = schema()
EVENT = "event: {type: a, type_signed: true}"
ID = "417220e4-5a2a-b634-7f7d-9ec891532368"
FILES = [
    *(file.read_text(encoding="utf-8") for file in PROJECT.glob("*/rules/*.yaml")),
    *RULES_FILES,
    GOOD,
    HAND.replace("campaign_id: c", f"campaign_id: {ID}"),
]


def mistakes(text: str) -> list[str]:
    value = yaml12.load(text, "f.yaml").value
    return [one.message for one in Draft202012Validator(SCHEMA).iter_errors(value)]


def test_the_published_schema_is_the_one_of_this_code() -> None:
    published = PROJECT / "docs" / "rules.schema.json"
    assert published.read_text(encoding="utf-8") == rules_schema()


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", FILES)
def test_every_file_of_ours_fits_the_schema(text: str) -> None:
    assert mistakes(text) == []


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_needs_nothing_beside_it(name: str) -> None:
    assert mistakes(changed("preset: shopify", f"preset: {name}")) == []


@pytest.mark.parametrize(
    "old, new",
    [
        ("verify:", "verfy:"),
        ("preset: shopify", "preset: shopfy"),
        ("preset: shopify", "preset: shopify, secrt: a"),
        ("    type:", "    tpye:"),
        ("campaign_id:", "campain_id:"),
        ("external_user_id:", "externl_user_id:"),
        ("${body.id}", "${body.id}\n          attributes: {external_id: a}"),
        ("${body.id}", "${body.id}\n          attributes: {email_subscribe: yes}"),
        ("${body.id}", "${body.id}\n          email: a"),
        ("recipients:\n        - external_user_id: ${body.id}", "audience: {}"),
        ("recipients:", "broadcast: yes\n      recipients:"),
        ("    type:", "    allow_broadcast: yes\n    type:"),
        ("    type:", "    on_unknown: drop\n    type:"),
        ("    type:", "    expires_after: 6 hours\n    type:"),
        ("vars:", "sources: {My Shop: {}}\nvars:"),
        ("vars:", "event: {tpe: a}\nvars:"),
        ("preset: shopify", "preset: shopify, secret: whsec_0123456789abcdef"),
        ("preset: shopify", "preset: shopify, secret: 0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d"),
        ("vars:", "sources: {shop: {secret: whsec_0123456789abcdef}}\nvars:"),
        ("${body.id}", "body.id"),
        ("${body.id}", "$.id"),
        ("external_user_id: ${body.id}", "email: a\n          prioritization: [identified]"),
        ("external_user_id: ${body.id}", "user_alias: {alias_name: a, alias_label: b}"),
        ("verify: {preset: shopify}", f"verify: {{scheme: token}}\n{EVENT}"),
        ("verify: {preset: shopify}", f"verify: {{}}\n{EVENT}"),
        ("verify: {preset: shopify}", "verify: {scheme: basic}"),
    ],
)  # fmt: skip
def test_what_the_loader_refuses_in_keys_and_choices_does_not_fit(old: str, new: str) -> None:
    assert mistakes(changed(old, new))


@pytest.mark.parametrize("value", ["Order Receipt", ID[:-1], "c", "body.id"])
def test_what_the_check_refuses_of_ids_does_not_fit(value: str) -> None:
    assert mistakes(changed("campaign_id: ${vars.campaign}", f"campaign_id: {value}"))


@pytest.mark.parametrize("value", [ID, ID.upper(), "${vars.campaign}"])
def test_an_id_fits(value: str) -> None:
    assert mistakes(changed("campaign_id: ${vars.campaign}", f"campaign_id: {value}")) == []


def test_one_text_does_for_a_list_of_one() -> None:
    text = changed("    send:", "    required: attributes.email\n    send:")
    assert mistakes(text) == []


def test_what_a_preset_has_can_be_taken_away_or_said_in_part() -> None:
    verify = "verify: {preset: stripe, timestamp: {tolerance: 60}, signature: {key: v0}}"
    text = changed("verify: {preset: shopify}", f"{verify}\nevent: {{id: null}}")
    assert mistakes(text) == []


def blocks(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [part, *part["$defs"].values()]


@pytest.mark.parametrize("part", blocks(SCHEMA), ids=lambda part: str(sorted(part)[:3]))
def test_every_key_is_explained(part: dict[str, Any]) -> None:
    for key, of in part.get("properties", {}).items():
        assert of is False or of["description"], json.dumps(key)
