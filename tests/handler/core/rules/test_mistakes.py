import pytest

from handler.core.configuration.schema_errors import SECRET_TAKES
from handler.core.rules.load import load
from handler.core.verification.presets.catalogue import PRESETS
from tests.handler.core.rules_files import HAND, changed, findings

RULE = "    type: orders/create\n"
NOT_ROOT = "(there are: source, type, id, headers, body, vars, occurred_at, received_at)"


@pytest.mark.parametrize(
    "old, new, finding",
    [
        (
            "verify: {preset: shopify}\n",
            "",
            "1:1: verify is missing in the file: a source without verification is not possible",
        ),
        (
            "preset: shopify",
            "preset: shopfy",
            ("1:10: there is no preset shopfy; did you mean shopify?"
            f" (there are: {', '.join(sorted(PRESETS))})"),
        ),
        ("preset: shopify", "prest: shopify", "1:10: unknown key prest; did you mean preset?"),
        ("preset: shopify", "preset: shopify, secrt: a",
         "1:27: unknown key secrt; did you mean secret?"),
        ("verify:", "event: {tpe: a}\nverify:", "1:9: unknown key tpe; did you mean type?"),
        ("verify: {preset: shopify}", "verify: {scheme: none}",
         "1:10: scheme takes one of hmac, hash, standard_webhooks, token, basic"),
        ("verify: {preset: shopify}", "verify: {preset: stripe, timestamp: {tolerance: none}}",
         "1:38: tolerance takes a whole number"),
        ("verify: {preset: shopify}", "verify: {scheme: token, where: cookie}",
         "1:25: where takes 'header', 'bearer' or 'query'"),
        ("verify: {preset: shopify}", "verify: {preset: shopify}\nhandshakes: [ping]",
         ("2:14: handshakes takes 'get', 'challenge', 'okta', 'woocommerce', 'github' or"
          " 'url_verification'")),
        ("verify: {preset: shopify}", 'verify: {preset: okta}\nevent: {id: "headers.x"}',
         "2:9: events of one webhook could share this id; take it from body, the event, alone"),
        ("verify: {preset: shopify}", "verify: {preset: shopify}\nevent: {bind: {a: headers.x}}",
         "2:9: the sender does not sign x: bind is unproven"),
        ("rules:", "ruls:", "4:1: unknown key ruls; did you mean rules?"),
        (RULE, RULE + "    whne: body.x\n", "7:5: unknown key whne; did you mean when?"),
        (RULE, RULE + "    campaign_id: x\n",
         "7:5: unknown key campaign_id (it belongs under send)"),
        (RULE, "", "5:5: type is missing in rules"),
        (RULE, "    type: 5\n", "6:5: type takes a list"),
        (RULE, "    type: []\n", "6:5: type is empty"),
        (RULE, RULE + "    when: true\n",
         "7:5: when is one expression as text, or left out; conditions are joined by && and ||"),
        (RULE, RULE + "    expires_after: 6 hours\n",
         "7:5: expires_after takes a number and s, m, h or d, such as 30m or 6h"),
        (RULE, RULE + "    on_unknown: drop\n", "7:5: on_unknown takes 'retry' or 'hold'"),
        (RULE, RULE + "    priority: high\n", "7:5: priority takes 'normal' or 'low'"),
        (RULE, RULE + "    priority: 2\n", "7:5: priority takes 'normal' or 'low'"),
        ("name: confirm", "name: Confirm it",
         "5:5: name takes small letters, digits, - and _, at most 64"),
        (RULE, RULE + "    when: body.a ==\n",
         "7:5: it ends too early; == has no value behind it: write one, or leave it out"),
        (RULE, RULE + "    when: a ${body.a}\n",
         "7:5: when is one expression, with no text around it"),
        (RULE, RULE + "    when: bdy.test\n",
         (f"7:5: an event has no bdy; did you mean body, body.bdy, or 'bdy' in single quotes for"
         f" the text? {NOT_ROOT}")),
        (RULE, RULE + "    when: body.status == paid\n",
         (f"7:5: an event has no paid; did you mean body.paid, or 'paid' in single quotes for the"
         f" text? {NOT_ROOT}")),
        (RULE, RULE + "    when: body.test == true\n",
         "7:5: a bare true is the name of a field; the value is `true`, in backticks"),
        (RULE, RULE + "    when: lowr(body.a)\n",
         "7:5: there is no function lowr(); did you mean lower()?"),
        (RULE, RULE + "    once: body.id\n",
         "7:5: body.id is sent as it stands; for the event's value write ${body.id}"),
        (RULE, RULE + "    once: order_id\n",
         "7:5: once holds no ${...}: this rule would send once, ever; write ${body.order_id}"),
        (RULE, RULE + "    once: welcome\n",
         ("7:5: once holds no ${...}: this rule would send once, ever; write what happens only"
          " once, as in once: ${body.id}")),
        (RULE, RULE + "    required: [attributs.email]\n",
         "7:16: there is no attributs.email; paths begin in the recipient"),
        (RULE, RULE + "    keep_empty: external_user_i\n",
         "7:5: there is no external_user_i; did you mean external_user_id?"),
        ("${vars.campaign}", "${vars.campain}",
         "8:7: vars has no campain for this stage; did you mean vars.campaign?"),
        ("${vars.campaign}", "${body.campaign}",
         ("8:7: no webhook may change campaign_id, canvas_id, transactional_campaign_id,"
         " send_id, broadcast, audience: write the value, or ${vars.name}")),
        ("${vars.campaign}", "7", "8:7: campaign_id takes text, as Braze's dashboard shows it"),
        ("campaign_id:", "canvas_id: x\n      campaign_id:",
         ("7:5: send needs exactly one of campaign_id, canvas_id, transactional_campaign_id, and"
          " has campaign_id and canvas_id")),
        ("campaign_id:", "campain_id:", "8:7: unknown key campain_id; did you mean campaign_id?"),
        ("      recipients:", "      broadcast: true\n      recipients:",
         "10:7: a broadcast reaches an audience, and takes no recipients"),
        ("      recipients:", "      audience: {AND: ['${body.a}']}\n      recipients:",
         ("9:24: no webhook may change campaign_id, canvas_id, transactional_campaign_id,"
         " send_id, broadcast, audience: write the value, or ${vars.name}")),
        ("      recipients:", "      api_key: x\n      recipients:",
         ("9:7: unknown key api_key (the relay adds the API key itself; it never stands in a rules"
         " file)")),
        ("      recipients:", "      context: {a: b}\n      recipients:",
         "9:7: unknown key context (context is for Canvases; a campaign takes trigger_properties)"),
        ("      recipients:", "      trigger_properties: text\n      recipients:",
         "9:7: trigger_properties takes an object"),
        ("      recipients:\n        - external_user_id: ${body.id}", "      recipients: []",
         "9:7: recipients takes a list of 1 to 50 recipients"),
        ("        - external", "          external",
         "9:7: recipients takes a list of 1 to 50 recipients: begin each with a dash"),
        ("external_user_id: ${body.id}", "externl_user_id: x",
         "10:11: unknown key externl_user_id; did you mean external_user_id?"),
        ("external_user_id: ${body.id}", "attributes: {a: b}",
         ("10:11: a recipient needs exactly one of external_user_id, user_alias, email, and has"
         " none; an address to write to belongs under attributes")),
        ("external_user_id: ${body.id}", "{external_user_id: a, email: b, prioritization: [x]}",
         ("10:11: a recipient needs exactly one of external_user_id, user_alias, email, and has"
         " external_user_id and email; an address to write to belongs under attributes")),
        ("external_user_id: ${body.id}", "email: a",
         ("10:11: prioritization goes with email as the identifier: Braze takes none without the"
         " other")),
        ("external_user_id: ${body.id}", "user_alias: a",
         "10:11: user_alias takes alias_name and alias_label, both"),
        ("${body.id}", "x\n          send_to_existing_only: false",
         "11:11: send_to_existing_only: false needs attributes: Braze creates no profile without"),
        ("${body.id}", "x\n          send_to_existing_only: maybe",
         "11:11: send_to_existing_only takes true or false"),
        ("${body.id}", "x\n          attributes: none",
         "11:11: attributes takes an object"),
        ("${body.id}", "Hi {{${name}}}",
         ("10:11: ${ stands inside {{ }}, which Braze fills in only in messages: send the value as"
         " a property of its own, or write $${ to send it so")),
        ("${body.id}", "US$${body.id}",
         ("10:11: US${body.id} is sent as it stands; a dollar sign and a value:"
          " ${concat('$', ...)}")),
        ("${body.id}", "${body.id", "10:11: ${ is never closed; a literal ${ is written $${"),
        ("{campaign: c-1}", "{campaign: [c-1]}", "3:9: campaign does not take an array"),
        ("{preset: shopify}", "shopify", "1:1: verify takes an object: write {preset: shopify}"),
        ("rules:", "tables: {en: Hello}\nrules:",
         "4:10: en takes an object: each table has a name, such as tables: {words: {en: ...}}"),
        ("    type:", "    topic:",
         "6:5: unknown key topic (a sender's topic is its type: write type)"),
        (RULE, RULE + "    retry: 3\n",
         ("7:5: unknown key retry (deliveries are tried again without it; expires_after ends"
          " that)")),
        (RULE, RULE + "    expires_after: 3600\n",
         "7:5: expires_after takes a number and s, m, h or d, such as 3600s or 1h"),
        (RULE, RULE + "    expires_after: 5400\n",
         "7:5: expires_after takes a number and s, m, h or d, such as 5400s or 90m"),
        (RULE, RULE + "    expires_after: 86400000\n",
         "7:5: expires_after takes a number and s, m, h or d, such as 1000d"),
        (RULE, RULE + "    required: attributes.a, attributes.b\n",
         "7:5: required takes a list: [attributes.a, attributes.b]"),
        ("${body.id}", "x\n          attributes:\n            order:${body.name}",
         ("11:11: attributes takes an object: a blank belongs after the colon:"
          " order: ${body.name}")),
        ("${body.id}", "x\n          attributes: {email_subscribe: true}",
         "11:24: email_subscribe takes one of opted_in, subscribed, unsubscribed, and not true"),
        ("verify: {preset: shopify}", "verify: {preset: stripe, timestamp: {tolerance: 9999999}}",
         "1:38: tolerance takes 1 to 2,592,000 seconds, or null for any age"),
        ("verify: {preset: shopify}", "verify: {preset: shopify}\nheaders: ['X-Shop: blue']",
         "2:11: headers takes names of headers, without their values"),
        ("verify: {preset: shopify}", "verify: {preset: shopify}\nheaders: {X-Shop: blue}",
         "2:1: headers takes a list: names of headers, without their values"),
        ("{campaign: c-1}", "{braze_api_key: 8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55}",
         ("3:9: this looks like a secret itself, and a file is read by many: take it out, make a"
          " new one, and give that to `relay secrets set`")),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_what_was_meant(
    old: str, new: str, finding: str
) -> None:
    assert finding in findings(changed(old, new))


@pytest.mark.parametrize(
    "old, new, finding",
    [
        ("event: {type: body.kind, type_signed: true, id: body.id}\n", "",
         "1:1: event is missing: without a preset it says where type, id and occurred_at stand"),
        ("encoding: hex", "secret: 5\n  encoding: hex", f"2:3: secret {SECRET_TAKES}"),
        ("encoding: hex", "encoding: hax", "2:3: encoding takes 'hex' or 'base64'"),
        ("header: X-Sign", "hader: X-Sign", "3:15: unknown key hader; did you mean header?"),
        ("id: body.id", "id: headers.x",
         "4:45: the sender does not sign x: id is unproven"),
        ("id: body.id", "id: to_string(headers)",
         "4:45: the sender does not sign its headers: id is unproven"),
        ("type: body.kind", "type: headers.kind",
         "4:9: the sender does not sign kind: type is unproven"),
        ("id: body.id", "id: vars.x",
         ("4:45: an event has no vars; did you mean body.vars, or 'vars' in single quotes for the"
         " text? (there are: headers, body, digest)")),
        ("X-Shop]", "Authorization]", "5:1: an event never carries authorization"),
        ("type: body.kind, type_signed: true", "type: headers.x, type_signed: false",
         "4:9: an event carries no header x; name it under headers, in the file"),
        ("type: a\n", "type: a\n    when: headers.cookie\n",
         "9:5: an event carries no header cookie; name it under headers, in the file"),
        ('"${body.id}"', """'${headers."X-Shop"}'""",
         "9:42: headers have names in small letters: x-shop"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_scheme_written_by_hand_is_named(old: str, new: str, finding: str) -> None:
    assert finding in findings(changed(old, new, HAND))


def test_a_misspelt_key_of_the_request_is_told_alone() -> None:
    text = changed(
        "      recipients:", '      triggerProperties: {total: "${body.total}"}\n      recipients:'
    ).replace(RULE, f"{RULE}    required: [trigger_properties.total]\n")
    assert findings(text) == [
        "10:7: unknown key triggerProperties; did you mean trigger_properties?"
    ]


def test_the_mend_of_a_path_is_a_path_that_is_sent() -> None:
    text = changed(
        "      recipients:", '      trigger_properties: {total: "${body.total}"}\n      recipients:'
    )
    for wrong in ("trigger_properties.totel", "trigger_properties.total.*"):
        (said,) = findings(text.replace(RULE, f"{RULE}    required: [{wrong}]\n"))
        assert said.endswith("did you mean trigger_properties.total?")


@pytest.mark.parametrize("part", ["{body}", "{timestamp}", "{header:X-Id}"])
def test_a_dollar_before_a_part_of_what_is_signed_is_an_error(part: str) -> None:
    scheme = (
        "{scheme: hmac, encoding: hex, signature: {header: x},"
        f' signed: "${part}.{{body}}", timestamp: {{header: y}}}}'
    )
    text = changed("{preset: shopify}", scheme)
    assert f"1:1: verify: signed: a $ would be signed, too: write {part}, without $" in findings(
        text
    )


@pytest.mark.parametrize("name", ["password", "secret", "token", "access_token", "BRAZE_API_KEY"])
def test_a_secret_among_the_variables_is_refused_under_the_name_of_one(name: str) -> None:
    value = "8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55"
    (said,) = findings(changed("{campaign: c-1}", f"{{campaign: c-1, {name}: {value}}}"))
    assert "this looks like a secret itself" in said
    load("shop", changed("{campaign: c-1}", f"{{campaign: c-1, welcome: {value}}}"), "f", "dev")
