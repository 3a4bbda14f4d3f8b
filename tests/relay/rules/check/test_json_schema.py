"""The JSON Schema of rules files: published, explained, and as strict as the loader on keys."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # ships no types

from handler.core.configuration import yaml12
from handler.core.errors import RulesError
from handler.core.rules.load import load
from handler.core.rules.schema import FileBlock, RuleBlock, SourceBlock
from handler.core.rules.sender_blocks import EventBlock, SignatureBlock, TimestampBlock
from handler.core.verification.presets.catalogue import PRESETS
from relay.paths import PROJECT
from relay.rules.check.editor_words import BLOCKS, WORDS
from relay.rules.check.json_schema import rules_schema, schema
from relay.rules.check.target_ids import misshapen
from tests.docs_pages import RULES_FILES
from tests.handler.core.rules.kinds import (
    ATTRIBUTES,
    BOTH,
    BOUGHT,
    EVENTS,
    PERSON,
    SEND,
    SUBSCRIBE,
    said,
    source,
    written,
)
from tests.handler.core.rules_files import GOOD, HAND, changed

SCHEMA = schema()


def attribute(line: str) -> tuple[str, str]:
    return "${body.id}", f"${{body.id}}\n          attributes: {{{line}}}"


def first_name(value: str) -> tuple[str, str]:
    return attribute(f"first_name: {value}")


def beside(line: str) -> tuple[str, str]:
    return "      recipients:", f"      {line}\n      recipients:"


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


# What a newcomer writes in the first hour, by the line that is to be found at fault.
NEWCOMERS = {
    "a path of JSONPath for an id": ("${body.id}", "$.data.object.client_reference_id"),
    "a bare word for an id": ("${body.id}", "client_reference_id"),
    "braces for an id": ("${body.id}", '"{body.x}"'),
    "a template of Ruby for an id": ("${body.id}", '"<%= body.id %>"'),
    "Liquid for an id": ("${body.id}", '"{{ body.x }}"'),
    "a path of JSONPath for a name": first_name("$.data.customer.name"),
    "a bare path for a name": first_name("body.customer.name"),
    "a path without braces for a name": first_name("$body.name"),
    "braces for a name": first_name('"{body.name}"'),
    "a template of Ruby for a name": first_name('"<%= name %>"'),
    "a path for a custom attribute": attribute("size: {width: $.data.width}"),
    "a path in a list": attribute("tags: [a, $.data.tag]"),
    "a path for a property": beside("trigger_properties: {order: $.data.name}"),
    "a secret in the place of its name": (
        "preset: shopify", "preset: shopify, secret: whsec_0123456789abcdef0123"
    ),
    "the name of a campaign for its id": ("${vars.campaign}", "Order Receipt"),
    "a number for a duration": ("    type:", "    expires_after: 6\n    type:"),
    "a duration with a blank": ("    type:", "    expires_after: 6 h\n    type:"),
    "no duration": ("    type:", "    expires_after: ${vars.x}\n    type:"),
    "a surge without its time": ("    type:", "    surge: 200\n    type:"),
    "a name with capitals": ("name: confirm", "name: Order Confirmation"),
    "an id of the event's": ("${vars.campaign}", "${body.campaign}"),
    "a broadcast to nobody": (
        "recipients:\n        - external_user_id: ${body.id}", "broadcast: false"
    ),
    "an empty label": (
        "external_user_id: ${body.id}",
        "user_alias: {alias_name: '${body.id}', alias_label: ' '}",
    ),
    "a prioritization that is none": (
        "external_user_id: ${body.id}", "email: '${body.email}'\n          prioritization: [newest]"
    ),
    "an attachment by http": beside("attachments: [{file_name: a, url: 'http://a.example/b'}]"),
    "an attachment without a name": beside("attachments: [{url: 'https://a.example/b'}]"),
}  # fmt: skip


@pytest.mark.parametrize("name", NEWCOMERS)
def test_what_a_newcomer_gets_wrong_does_not_fit_and_does_not_pass_the_check(name: str) -> None:
    good = changed("c-1", ID)
    text = changed(*NEWCOMERS[name], good)
    assert mistakes(good) == []
    assert mistakes(text)
    try:
        load("shop", text, "shop.yaml", "dev")
    except RulesError:
        return
    assert misshapen(yaml12.load(text, "shop.yaml"), ["shop"], ["dev"])


@pytest.mark.parametrize(
    "line",
    [
        "first_name: The $.99 Store",
        "first_name: '{ }'",
        "first_name: 'A {body} of water'",
        "first_name: body",
        "seen: {add: ['${body.x}']}",
        "size: {width: '${body.w}', tags: [a, 1, null, true]}",
        "gender: '${body.gender}'",
    ],
)
def test_text_that_only_looks_like_a_path_fits(line: str) -> None:
    assert mistakes(changed(*attribute(line))) == []


def test_an_audience_without_recipients_fits() -> None:
    sent = "broadcast: false\n      audience: {push_subscription_status: {}}"
    text = changed("recipients:\n        - external_user_id: ${body.id}", sent)
    assert mistakes(text) == []


@pytest.mark.parametrize("name", WORDS)
def test_every_key_is_explained_with_an_example_that_fits(name: str) -> None:
    part = SCHEMA if name == "FileBlock" else SCHEMA["$defs"][name]
    assert part["description"] == BLOCKS[name]
    given = {key: one for key, one in part["properties"].items() if one is not False}
    assert given.keys() == WORDS[name].keys()
    for key, one in given.items():
        assert one["description"] == WORDS[name][key].text
        (example,) = one["examples"]
        whole = {"$defs": SCHEMA["$defs"], "properties": {key: one}}
        wrong = [each.message for each in Draft202012Validator(whole).iter_errors({key: example})]
        assert wrong == [], (name, key)


def test_no_words_are_those_of_the_code() -> None:
    told = json.dumps(SCHEMA)
    for model in (FileBlock, RuleBlock, SourceBlock, EventBlock, SignatureBlock, TimestampBlock):
        assert model.__doc__
        assert json.dumps(model.__doc__.splitlines()[0])[1:-1] not in told
    assert {name for name, part in SCHEMA["$defs"].items() if "properties" in part} <= WORDS.keys()


@pytest.mark.parametrize("rule", [ATTRIBUTES, EVENTS, BOTH, SUBSCRIBE])
def test_a_rule_of_each_kind_fits(rule: dict[str, Any]) -> None:
    text = written({**rule, "delay": "5m", "guard": "customer"})
    assert mistakes(text) == []


def _group(**change: Any) -> dict[str, Any]:
    (own,) = SUBSCRIBE["subscribe"]["subscription_groups"]
    return {"subscribe": {"subscription_groups": [{**own, **change}]}}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {**SEND, **EVENTS},
        {**ATTRIBUTES, **SUBSCRIBE},
        {"track": EVENTS["track"], "once": "${body.id}"},
        {"track": EVENTS["track"], "on_unknown": "retry"},
        {**EVENTS, "track": {"events": []}},
        {**EVENTS, "track": {"events": BOUGHT}},
        {**EVENTS, "track": {"evnts": [BOUGHT]}},
        {**EVENTS, "track": {"events": [{**BOUGHT, "nme": "x"}]}},
        {**EVENTS, "track": {"events": [{"name": "x", "time": "${body.at}"}]}},
        {**EVENTS, "track": {"events": [{**BOUGHT, "external_id": "7"}]}},
        {**EVENTS, "track": {"events": [{**BOUGHT, "_update_existing_only": "${body.x}"}]}},
        {"track": {"attributes": [{"external_id": "${body.user}", "first_name": "x"}]}},
        {"track": {"attributes": [{**PERSON, "external_user_id": "${body.user}"}]}},
        _group(subscription_state="opted_in"),
        _group(subscription_group_id="x"),
        _group(emails=["${body.email}"]),
        _group(external_ids="${body.user}"),
    ],
)
def test_what_is_wrong_in_a_request_about_a_user_does_not_fit_and_does_not_load(
    rule: dict[str, Any],
) -> None:
    assert mistakes(written(rule))
    assert said(rule)


def test_a_variable_fits_where_no_webhook_may_change_a_value() -> None:
    strict = {"external_id": "${body.user}", "_update_existing_only": "${vars.strict}"}
    text = written({"track": {"attributes": [{**strict, "first_name": "x"}]}})
    assert mistakes(text) == []
    assert source(_group(subscription_group_id="${vars.group}")).rules
    assert mistakes(written(_group(subscription_group_id="${vars.group}"))) == []
