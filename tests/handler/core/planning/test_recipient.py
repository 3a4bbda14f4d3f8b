"""Who is reached is decided by what the sender signs: a replay may have any other header."""

import json
from typing import Any

import pytest

from handler.core.errors import RulesError
from handler.core.expressions.defines import Roots
from handler.core.expressions.template import compile_text
from handler.core.models import Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.planning.recipient import fill_recipient
from handler.core.rules.load import load
from handler.core.rules.source import Scope, Source
from handler.core.verification.presets.catalogue import PRESETS

NOW = 1_763_672_400
HEADER = 'headers."x-who"'
UNSIGNED = {HEADER: "x-who", "headers": "its headers", "text(received_at)": "received_at",
            "type": "type"}  # fmt: skip
# What decides who is reached, beside the identifiers: with a place for the expression.
REACHING: dict[str, dict[str, Any]] = {
    "email": {"attributes": {"email": "EXPRESSION"}},
    "phone": {"attributes": {"phone": "EXPRESSION"}},
    "email in a text": {"attributes": {"email": "EXPRESSION@shop.example"}},
    "email_subscribe": {"attributes": {"email_subscribe": "EXPRESSION"}},
    "push_subscribe": {"attributes": {"push_subscribe": "EXPRESSION"}},
    "subscription_groups": {
        "attributes": {
            "subscription_groups": [
                {"subscription_group_id": "EXPRESSION", "subscription_state": "subscribed"}
            ]
        }
    },
    "push_tokens": {"attributes": {"push_tokens": [{"app_id": "a", "token": "EXPRESSION"}]}},
    "attributes": {"attributes": "EXPRESSION"},
    "send_to_existing_only": {
        "send_to_existing_only": "EXPRESSION",
        "attributes": {"vip": True},
    },
}
IDENTIFIERS: dict[str, dict[str, Any]] = {
    "external_user_id": {"external_user_id": "EXPRESSION"},
    "alias_name": {"user_alias": {"alias_name": "EXPRESSION", "alias_label": "shop"}},
    "alias_label": {"user_alias": {"alias_name": "${body.id}", "alias_label": "EXPRESSION"}},
    "email": {"email": "EXPRESSION", "prioritization": ["identified"]},
    "prioritization": {"email": "${body.email}", "prioritization": ["EXPRESSION"]},
}
RECIPIENTS = [
    *({"external_user_id": "${body.id}", **it} for it in REACHING.values()),
    *IDENTIFIERS.values(),
]


def rules(recipient: dict[str, Any], expression: str, **file: Any) -> str:
    written = json.dumps(recipient).replace("EXPRESSION", json.dumps(f"${{{expression}}}")[1:-1])
    send = {
        "campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
        "recipients": [json.loads(written)],
    }
    whole = {
        "verify": {"preset": "shopify"},
        "headers": ["X-Who"],
        "rules": [{"name": "confirm", "type": "*", "send": send}],
        **file,
    }
    return json.dumps(whole, indent=1)


def findings(text: str) -> list[str]:
    with pytest.raises(RulesError) as raised:
        load("shop", text, "f", "dev")
    return [it.message for it in raised.value.findings]


@pytest.mark.parametrize("expression, name", UNSIGNED.items())
@pytest.mark.parametrize("recipient", RECIPIENTS, ids=[*REACHING, *IDENTIFIERS])
def test_what_decides_who_is_reached_comes_from_nothing_unsigned(
    recipient: dict[str, Any], expression: str, name: str
) -> None:
    said = [it for it in findings(rules(recipient, expression)) if "does not sign" in it]
    assert said == [f"the sender does not sign {name}: who plays a webhook again could vary it"]


@pytest.mark.parametrize("key", ["email", "phone"])
def test_the_finding_stands_at_the_line_of_the_field(key: str) -> None:
    text = rules({"external_user_id": "${body.id}", **REACHING[key]}, HEADER)
    with pytest.raises(RulesError) as raised:
        load("shop", text, "f", "dev")
    (finding,) = raised.value.findings
    assert f'"{key}"' in text.splitlines()[finding.line - 1]


def test_a_recipient_of_a_transactional_campaign_is_no_exception() -> None:
    send = {
        "transactional_campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
        "recipient": {"external_user_id": "${body.id}", "attributes": {"email": f"${{{HEADER}}}"}},
    }
    rule = {"name": "confirm", "type": "*", "send": send}
    assert findings(rules({}, "", rules=[rule]))


@pytest.mark.parametrize("key", ["shop", "first_name", "language", "country"])
def test_what_reaches_nobody_may_come_from_an_unsigned_header(key: str) -> None:
    recipient = {"external_user_id": "${body.id}", "attributes": {key: "EXPRESSION"}}
    load("shop", rules(recipient, HEADER), "f", "dev")


@pytest.mark.parametrize(
    "verify",
    [
        {"scheme": "token", "where": "header", "name": "X-Key"},
        {"scheme": "token", "where": "bearer"},
        {"scheme": "token", "where": "query", "name": "key"},
        {"scheme": "basic"},
    ],
)
def test_who_shows_the_secret_vouches_for_every_header(verify: dict[str, str]) -> None:
    event = {"type": "body.type", "type_signed": True, "id": "body.id"}
    recipient = {"external_user_id": "${body.id}", **REACHING["email"]}
    load("shop", rules(recipient, HEADER, verify=verify, event=event), "f", "dev")


@pytest.mark.parametrize("signed", ["{body}", "{url}{body}", "{header:X-Who}.{body}"])
def test_of_a_signed_webhook_the_signed_headers_alone_count(signed: str) -> None:
    verify = {"encoding": "hex", "signature": {"header": "X-Sign"}, "signed": signed}
    event = {"type": "body.type", "type_signed": True, "id": "body.id"}
    recipient = {"external_user_id": "${body.id}", **REACHING["email"]}
    text = rules(recipient, HEADER, verify=verify, event=event)
    if "header" in signed:
        load("shop", text, "f", "dev")
    else:
        assert findings(text)


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_needs_an_unsigned_header_for_an_address(name: str) -> None:
    recipient = {"external_user_id": "${body.id}", **REACHING["email"]}
    load("shop", rules(recipient, "body.email", verify={"preset": name}), "f", "dev")


@pytest.mark.parametrize(
    "expression",
    [
        *('@.*.{email: "x-who"} | [0]', "* | [0]", 'values(@)[].{email: "x-who"} | [0]'),
        *("@ | *.{email: a} | [0]", "root() | * | [0]", "values(root()) | [0]", "root().*.a | [0]"),
        *(
            "body.x.root().values(@) | [0]",
            "[root()] | [0] | values(@) | [0]",
            "[root()][].headers",
        ),
        *('map(&{email: "x-who"}, values(@)) | [0]', "sort_by(values(@), &a)[0]", "to_array(@)[0]"),
        *("{h: @}.h", "(body.nope || @).headers.a", "body.items[?a == root().headers.b] | [0]"),
        *("body.nope && body || root() | values(@) | [0]", "merge(@, body)", "root().{a: @}.a"),
        *("@ | @ | values(@) | [0]", "root() | @.headers.a", "body.items[].root() | [0].headers"),
    ],
)
def test_an_address_out_of_the_whole_event_does_not_load(expression: str) -> None:
    recipient = {"external_user_id": "${body.id}", **REACHING["attributes"]}
    said = [it for it in findings(rules(recipient, expression)) if "does not sign" in it]
    assert said


@pytest.mark.parametrize(
    "expression",
    [
        *("root().body.email", "@.body.email", "@ | body.email", "root() | body.email"),
        *("body.items[?id == root().body.id].email | [0]", "body.items[*].email | [0]"),
        *("body.items[?@.a].email | [0]", "body.{a: @}.a.email", "values(body.by_id)[0].email"),
        *("body.* | [0]", "body.items | [0].email", "body | @.email", "root().{e: body.email}.e"),
        *("map(&@.email, body.items) | [0]", "body.x.root().body.email"),
    ],
)
def test_an_address_by_way_of_a_root_that_is_named_loads(expression: str) -> None:
    load(
        "shop", rules({"external_user_id": "${body.id}", **REACHING["email"]}, expression), "f", "d"
    )


SPELLINGS = [
    "root().headers.'x-who'",
    "[@][0].headers.'x-who'",
    "root() | headers.'x-who'",
    "{h: @}.h.headers.'x-who'",
    "values(@)[?\"x-who\"].'x-who' | [0]",
    "body.email || ([@][0].headers.'x-who')",
]


def made(source: Source, who: str, body: dict[str, Any]) -> Any:
    raw = json.dumps(body).encode()
    headers = {"x-shopify-topic": "orders/create", "x-who": who}
    return plan(Verified(Webhook("shop", "POST", headers, "", raw, NOW)), source)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "recipient",
    [
        {"email": "EXPRESSION", "phone": "EXPRESSION", "city": "Oslo"},
        "${merge(body, {email: SPELLING, city: 'Oslo'})}",
    ],
    ids=["field", "whole"],
)
def test_however_an_address_is_spelt_no_replay_mails_somebody_else(
    spelling: str, recipient: Any
) -> None:
    expression = spelling.replace("'x-who'", '"x-who"')
    attributes = (
        recipient.replace("SPELLING", expression) if isinstance(recipient, str) else recipient
    )
    text = rules({"external_user_id": "${body.id}", "attributes": attributes}, expression)
    try:
        source = load("shop", text, "f", "dev")
    except RulesError as error:
        assert "does not sign" in str(error)  # noqa: PT017 - one of two ways to refuse it
        return
    planned = made(source, "eve@example.org", {"id": 1, "city": "Oslo"})
    assert "eve@example.org" not in repr(planned.deliveries)
    for delivery in planned.deliveries:
        assert delivery.recipient["attributes"] == {"city": "Oslo", "id": 1} or (
            delivery.recipient["attributes"] == {"city": "Oslo"}
        )


def test_an_address_of_the_body_is_written_as_before() -> None:
    attributes = {"b": "1", "email": "EXPRESSION", "phone": "${body.phone}", "a": "2"}
    source = load(
        "shop",
        rules({"external_user_id": "${body.id}", "attributes": attributes}, "body.email"),
        "f",
        "dev",
    )
    body = {"id": 1, "email": "ann@example.org", "phone": " "}
    (delivery,) = made(source, "eve@example.org", body).deliveries
    assert list(delivery.recipient["attributes"].items()) == [
        ("b", "1"),
        ("email", "ann@example.org"),
        ("a", "2"),
    ]


def rendered(expression: str, signed: dict[str, Any]) -> dict[str, Any]:
    """Return a recipient whose attributes are one expression that the check of a file let by."""
    attributes = compile_text(f"${{{expression}}}")
    source = load("shop", rules({"external_user_id": "${body.id}"}, ""), "f", "dev")
    event: dict[str, Any] = {"headers": {"x-who": "eve@example.org"}, "body": {}}
    template = {"external_user_id": "u", "attributes": attributes}
    (rule,) = source.rules
    scope = Scope(Roots(event), Roots(signed))
    return fill_recipient(rule.recipient_form(template), rule, scope, [])


@pytest.mark.parametrize(
    "expression, shown",
    [
        (f"{HEADER} && {{email: {HEADER}, email_subscribe: 'opted_in', city: 'Oslo'}}", "Oslo"),
        (f"if({HEADER}, {{phone: '+4915123456789', city: 'Oslo'}}, 'none')", "Oslo"),
        (f"if({HEADER}, {{push_tokens: ['t'], city: 'Oslo'}}, `[1]`)", "Oslo"),
    ],
)
def test_where_nothing_signed_makes_attributes_they_reach_nobody(
    expression: str, shown: str
) -> None:
    filled = rendered(expression, {"headers": {}, "body": {}})
    assert filled["attributes"] == {"city": shown}


def test_no_unsigned_header_takes_a_signed_address_away() -> None:
    expression = f"if({HEADER}, `null`, {{email: 'ann@example.org', city: 'Oslo'}})"
    filled = rendered(expression, {"headers": {}, "body": {}})
    assert filled["attributes"] == {"email": "ann@example.org"}
