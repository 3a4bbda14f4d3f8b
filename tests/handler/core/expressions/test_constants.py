"""What no event changes is nobody's identifier: one profile would be everybody's."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.errors import RulesError
from handler.core.rules.load import load
from handler.core.verification.presets.catalogue import PRESETS
from tests.handler.core.rules_files import findings

RULES = """\
verify: {preset: stripe}
event: {EVENT}
vars: {dev: {user: u-1}}
tables: {codes: {a: x}}
rules:
  - name: confirm
    type: a
    ONCE
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      RECIPIENTS
"""
ONE = "external_user_id holds no ${...}: all would be one person"
# Each is one line of YAML, as it would be typed.
PATHS = {
    "$.data.object.client_reference_id": "${body.data.object.client_reference_id}",
    "$.body.id": "${body.id}",
    "$.id": "${body.id}",
    "id": "${body.id}",
    "\"$['data']['object'].id\"": "${body.data.object.id}",
    "client_reference_id": "${body.client_reference_id}",
    "data.object.customer": "${body.data.object.customer}",
    '"{body.data.id}"': "${body.data.id}",
    '"{client_reference_id}"': "${body.client_reference_id}",
    '"#{body.data.id}"': "${body.data.id}",
    '"%{id}"': "${body.id}",
    '"<%= body.id %>"': "${body.id}",
    '"<%= order.id %>"': "${body.order.id}",
    '"{{ body.data.object.id }}"': "${body.data.object.id}",
    '"{{client_reference_id}}"': "${body.client_reference_id}",
    '"{{{ body.id }}}"': "${body.id}",
}


def rules(recipient: str, once: str = "", event: str = "", key: str = "recipients") -> str:
    given = f"recipients: [{recipient}]" if key == "recipients" else f"recipient: {recipient}"
    text = RULES.replace("{EVENT}", f"{{{event}}}").replace("    ONCE\n", once)
    text = text.replace("RECIPIENTS", given)
    return text if key == "recipients" else text.replace("campaign_id", "transactional_campaign_id")


def one(value: str) -> str:
    return rules(f"{{external_user_id: {value}}}")


@pytest.mark.parametrize("written, meant", PATHS.items())
def test_an_identifier_that_is_a_path_without_an_expression_is_refused_with_the_mend(
    written: str, meant: str
) -> None:
    (said,) = findings(one(written))
    assert said.startswith("10:21: ")
    assert said.endswith(f"write {meant}")


@pytest.mark.parametrize("value", ["guest@shop.example", "7", "null", "true", "''", "hello"])
def test_an_identifier_that_is_a_value_is_refused(value: str) -> None:
    (said,) = findings(one(value))
    assert ONE in said


@pytest.mark.parametrize("value", ["{data.id}", "{id: a}", "[a]"])
def test_an_object_is_nobodys_identifier(value: str) -> None:
    assert findings(one(value))


@pytest.mark.parametrize(
    "recipient, field",
    [
        ("{external_user_id: u}", "external_user_id"),
        ("{email: a@shop.example, prioritization: [identified]}", "email"),
        ("{user_alias: {alias_name: u, alias_label: shop}}", "alias_name"),
        ("{user_alias: {alias_name: '{body.id}', alias_label: shop}}", "alias_name"),
    ],
)
def test_every_spelling_of_an_identifier_needs_an_expression(recipient: str, field: str) -> None:
    (said,) = findings(rules(recipient))
    assert field in said or "sent as it stands" in said


@pytest.mark.parametrize(
    "recipient", ["{external_user_id: u}", "{user_alias: {alias_name: u, alias_label: l}}"]
)
def test_the_recipient_of_a_transactional_campaign_needs_one_too(recipient: str) -> None:
    (said,) = findings(rules(recipient, key="recipient"))
    assert "holds no ${...}: all would be one person" in said


def test_a_label_of_an_alias_may_be_written_down() -> None:
    load("s", rules("{user_alias: {alias_name: '${body.id}', alias_label: shop}}"), "f", "dev")


@pytest.mark.parametrize(
    "expression",
    [
        "'abc'",
        "`7`",
        "vars.user",
        "source",
        "type",
        "tables.codes.a",
        "sha256('x')",
        "sha256(vars.user)",
        "concat('guest-', vars.user)",
        "join('-', ['a', vars.user])",
        "lookup(tables.codes, 'a')",
        "upper(text(vars.user))",
        "(vars.user | upper(@))",
        "{a: vars.user}.a",
    ],
)
@pytest.mark.parametrize("around", ["", "user-"])
def test_an_expression_that_reads_nothing_of_the_event_is_nobodys(
    expression: str, around: str
) -> None:
    value = json.dumps(f"{around}${{{expression}}}")
    (said,) = findings(one(value))
    assert "the same for every event" in said
    (said,) = findings(rules("{external_user_id: '${body.id}'}", f"    once: {value}\n"))
    assert "this would be sent once, ever" in said


@pytest.mark.parametrize(
    "expression, part",
    [
        ("coalesce(body.id, vars.user)", "vars.user"),
        ("body.id || sha256('x')", "sha256('x')"),
        ("concat('g', coalesce(body.id, 'none'))", "concat('g', coalesce(body.id, 'none'))"),
        ("not_null(body.id, 'none')", "'none'"),
        ("text(body.id || 'guest')", "text(body.id || 'guest')"),
        ("(body.id || 'guest') | upper(@)", "(body.id || 'guest') | upper(@)"),
        ("if(body.vip, vars.user, body.id)", "vars.user"),
        ("body.vip && vars.user || body.id", "vars.user"),
        ("join('-', [coalesce(body.a, 'x'), 'b'])", "join('-', [coalesce(body.a, 'x'), 'b'])"),
    ],
)  # fmt: skip
def test_an_identifier_that_falls_back_to_a_constant_is_one_for_all_without_their_own(
    expression: str, part: str
) -> None:
    (said,) = findings(one(json.dumps(f"${{{expression}}}")))
    assert f"{part} is one person for all who have no other id" in said


def test_a_text_in_which_each_part_may_be_a_constant_is_one_for_all() -> None:
    (said,) = findings(one(json.dumps("shop-${coalesce(body.id, 'none')}")))
    assert "'none' is one person for all who have no other id" in said


@pytest.mark.parametrize(
    "value",
    [
        "${body.id}",
        "shop-${body.id}",
        "${vars.user}-${body.id}",
        "${coalesce(body.shop, 'main')}-${body.id}",
        "${id}",
        "${concat(type, '-', body.id)}",
        '${headers."stripe-x"}',
        "${coalesce(text(body.customer.id), concat('guest-', sha256(lower(body.email))))}",
        "${lookup(tables.codes, body.code)}",
        "${root().body.id}",
        "${@.body.id}",
        "${body.ids[0] | text(@)}",
        "${body.lines[?sku == 'a'].id | [0]}",
        "${('a' | concat(@, root().body.id))}",
        "${body.id || ''}",
        "${body.id || `null`}",
        "${sha256(to_string({a: body.a, b: 'b'}))}",
        "${plain(body.id, `40`)}",
    ],
)
def test_an_identifier_that_the_event_decides_is_taken(value: str) -> None:
    text = rules(f"{{external_user_id: {json.dumps(value)}}}")
    try:
        load("s", text, "f", "dev")
    except RulesError as error:
        assert "carries no header" in str(error)  # noqa: PT017 - it is no matter of constants


@given(st.text(st.characters(codec="utf-8", exclude_characters="$"), max_size=40))
def test_no_text_at_all_is_an_identifier(text: str) -> None:
    assert findings(one(json.dumps(text)))


@pytest.mark.parametrize("expression", ["'order'", "sha256('x')", "coalesce(body.id, 'none')"])
def test_an_event_id_that_no_webhook_changes_is_refused(expression: str) -> None:
    event = f'id: "{expression}"'
    (said,) = findings(rules("{external_user_id: '${body.id}'}", event=event))
    assert "the same for every webhook" in said


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_has_an_id_that_no_webhook_changes(name: str) -> None:
    text = rules("{external_user_id: '${body.id}'}").replace("preset: stripe", f"preset: {name}")
    load("s", text, "f", "dev")


@pytest.mark.parametrize("written, meant", [
    ("$.data.customer.name", "${body.data.customer.name}"),
    ("$.body.name", "${body.name}"),
    ("'{first_name}'", "${body.first_name}"),
    ("'{customer.first_name}'", "${body.customer.first_name}"),
    ("'{body.name}'", "${body.name}"),
    ("'#{body.name}'", "${body.name}"),
    ("'%{name}'", "${body.name}"),
    ("'<%= name %>'", "${body.name}"),
    ("'<%- customer.name -%>'", "${body.customer.name}"),
    ("'<% name %>'", "${body.name}"),
])  # fmt: skip
@pytest.mark.parametrize(
    "place", ["attributes: {first_name: VALUE}", "trigger_properties: {a: [{b: VALUE}]}"]
)
def test_a_value_that_is_nothing_but_a_path_of_another_language_is_refused_with_the_mend(
    place: str, written: str, meant: str
) -> None:
    recipient = f"{{external_user_id: '${{body.id}}', {place.replace('VALUE', written)}}}"
    (said,) = findings(rules(recipient))
    assert said.endswith(f"is sent as it stands; for the event's value write {meant}")


@pytest.mark.parametrize(
    "value",
    [
        "'$.99'", "'$5'", "'{}'", "'{{ first_name }}'", "'{% if a %}'", "'{3}'", "'{a, b}'",
        "'{\"a\": 1}'", "'<b>'", "'<%'", "plain", "order.created", "a.b@shop.example",
        "${'{name}'}",
    ],
)  # fmt: skip
def test_a_text_that_only_looks_like_a_path_is_taken(value: str) -> None:
    properties = json.dumps({"a": value.strip("'")})
    recipient = f"{{external_user_id: '${{body.id}}', trigger_properties: {properties}}}"
    load("s", rules(recipient), "f", "dev")
