import json
from hashlib import sha256
from typing import Any

import pytest
import yaml
from pydantic import JsonValue

from handler.core.errors import Unrenderable
from handler.core.models import Delivery, Event
from handler.core.planning.render import Packed, render
from handler.core.rules.load import Source, load

ACCEPTED_AT = 1_000_000


def source(rule: dict[str, Any], preset: str = "shopify", **send: Any) -> Source:
    recipients = [{"external_user_id": "${body.id}"}]
    request = {"campaign_id": "${vars.c}", "recipients": recipients, **send}
    block = {"name": "confirm", "type": "*", "send": request, **rule}
    file = {"verify": {"preset": preset}, "vars": {"dev": {"c": "c-1"}}, "rules": [block]}
    return load("shop", yaml.safe_dump(file), "shop.yaml", "dev")


def deliveries(
    of: Source, body: JsonValue = None, occurred_at: int | None = None
) -> tuple[Delivery, ...]:
    body = {"id": 42, "email": "ann@example.com"} if body is None else body
    event = Event("shop", "orders/create", "e-1", body, {}, occurred_at, ACCEPTED_AT)
    return render(of.rules[0], Packed(event, "packed"), of)


def one(of: Source, body: JsonValue = None, occurred_at: int | None = None) -> Delivery:
    (delivery,) = deliveries(of, body, occurred_at)
    return delivery


def meaning(*parts: str) -> str:
    return sha256(json.dumps([1, *parts], separators=(",", ":")).encode()).hexdigest()


def test_a_delivery_is_the_request_for_one_recipient() -> None:
    assert one(source({})) == Delivery(
        id=meaning("shop", "confirm", "e-1", ""),
        source="shop",
        rule="confirm",
        rules_version=source({}).version,
        workspace="default",
        path="/campaigns/trigger/send",
        send={"campaign_id": "c-1"},
        recipient={"external_user_id": "42"},
        event_id="e-1",
        event="packed",
        accepted_at=ACCEPTED_AT,
        expires_at=None,
        on_unknown="retry",
    )


def test_a_delivery_says_its_priority_only_where_it_is_low() -> None:
    assert one(source({"priority": "normal"})).priority is None
    assert one(source({"priority": "low"})).priority == "low"


def test_a_canvas_goes_to_the_endpoint_of_canvases() -> None:
    text = """\
verify: {preset: shopify}
rules:
  - name: welcome
    type: "*"
    send: {canvas_id: k, context: {n: "${body.id}"}, recipients: [{external_user_id: "${id}"}]}
"""
    delivery = one(load("shop", text, "f", "dev"))
    assert delivery.path == "/canvas/trigger/send"
    assert delivery.recipient == {"external_user_id": "e-1", "context": {"n": 42}}


@pytest.mark.parametrize(
    "once, preset, key",
    [
        (None, "shopify", "e-1"),
        (None, "standard_webhooks", '["orders/create", "e-1"]'),
        ("${body.id}", "shopify", "42"),
        ("${body.id}", "standard_webhooks", "42"),
        ("${body.id}-paid", "shopify", "42-paid"),
    ],
)
def test_the_id_says_what_a_delivery_means(once: str | None, preset: str, key: str) -> None:
    assert one(source({"once": once}, preset)).id == meaning("shop", "confirm", key, "")


def test_several_recipients_are_told_apart_by_their_identifiers() -> None:
    recipients = [
        {"external_user_id": "${body.id}"},
        {"user_alias": {"alias_name": "${body.email}", "alias_label": "shop"}},
        {"email": "${body.email}", "prioritization": ["identified"]},
    ]
    found = deliveries(source({}, recipients=recipients))
    parts = ("42", '["ann@example.com","shop"]', "ann@example.com")
    assert [it.id for it in found] == [meaning("shop", "confirm", "e-1", part) for part in parts]


def test_templated_properties_are_folded_and_the_recipients_own_win() -> None:
    recipient = {
        "external_user_id": "${id}",
        "trigger_properties": {"x": "own", "gone": "${body.no}"},
    }
    shared = {"shop": "Tea", "x": "${body.id}", "y": "${body.id}", "gone": "${body.email}"}
    delivery = one(source({}, recipients=[recipient], trigger_properties=shared))
    assert delivery.send == {"campaign_id": "c-1", "trigger_properties": {"shop": "Tea"}}
    assert delivery.recipient == {
        "external_user_id": "e-1",
        "trigger_properties": {"x": "own", "y": 42, "gone": "ann@example.com"},
    }


@pytest.mark.parametrize(
    "value, text",
    [(42, "42"), ("a", "a"), (2**63 - 1, "9223372036854775807"), (-1, "-1"), ("ü", "ü")],
)
def test_an_identifier_is_cast_to_text(value: JsonValue, text: str) -> None:
    assert one(source({}), {"id": value}).recipient == {"external_user_id": text}


@pytest.mark.parametrize(
    "value", [None, "", " ", 0, "0", "null", "None", "undefined", " null ", True, 1.5, [], {"a": 1}]
)
def test_an_identifier_that_names_nobody_is_unrenderable(value: JsonValue) -> None:
    with pytest.raises(Unrenderable) as raised:
        deliveries(source({}), {"id": value})
    assert raised.value.path == "external_user_id"


def test_an_identifier_over_brazes_limit_is_unrenderable() -> None:
    with pytest.raises(Unrenderable, match="longer than 987 bytes"):
        deliveries(source({}), {"id": "x" * 988})


def test_an_alias_with_a_missing_part_is_unrenderable() -> None:
    recipients = [{"user_alias": {"alias_name": "${body.no}", "alias_label": "shop"}}]
    with pytest.raises(Unrenderable) as raised:
        deliveries(source({}, recipients=recipients))
    assert raised.value.path == "user_alias.alias_name"


CREATES = [
    {
        "external_user_id": "${id}",
        "send_to_existing_only": False,
        "attributes": {"email": "${body.email}", "age": "${body.age}"},
    }
]


@pytest.mark.parametrize(
    "rule, body, message",
    [
        ({}, {"no": 1}, "attributes: there are none, and Braze creates no profile without"),
        (
            {"required": ["attributes.email"]},
            {"email": " ", "age": 4},
            "attributes.email: it is required, and missing",
        ),
        ({"required": ["attributes"]}, {}, "attributes: it is required, and missing"),
        (
            {"once": "${body.no}"},
            {"email": "a"},
            "once: it is missing, so nothing says what is to happen only once",
        ),
        (
            {"once": "${body}"},
            {"email": "a"},
            "once: a text cannot hold an object; join() makes text of a list",
        ),
    ],
)
def test_a_rule_that_cannot_make_its_request_says_which_field(
    rule: dict[str, Any], body: JsonValue, message: str
) -> None:
    with pytest.raises(Unrenderable) as raised:
        deliveries(source(rule, recipients=CREATES), body)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "recipient, path",
    [
        ({"attributes": "${body.text}"}, "attributes"),
        (
            {"send_to_existing_only": "${body.text}", "attributes": {"a": "b"}},
            "send_to_existing_only",
        ),
        ({"trigger_properties": "${body.text}"}, "trigger_properties"),
        ({"trigger_properties": {"x": "${body.long}"}}, "trigger_properties"),
    ],
)
def test_what_braze_would_refuse_is_unrenderable(recipient: dict[str, Any], path: str) -> None:
    of = source({}, recipients=[{"external_user_id": "${id}", **recipient}])
    with pytest.raises(Unrenderable) as raised:
        deliveries(of, {"text": "no", "long": "é" * 26_000})
    assert raised.value.path == path


@pytest.mark.parametrize(
    "occurred_at, expires_at", [(None, ACCEPTED_AT + 3600), (900_000, 903_600)]
)
def test_it_expires_counted_from_when_it_happened(occurred_at: int | None, expires_at: int) -> None:
    of = source({"expires_after": "1h"})
    assert one(of, None, occurred_at).expires_at == expires_at


def test_what_is_missing_is_left_out_and_what_is_kept_stays() -> None:
    attributes = {"a": "${body.none}", "b": "${body.none}", "c": None, "d": "${body.id}"}
    recipient = {"external_user_id": "${id}", "attributes": attributes}
    kept = source({"keep_empty": "attributes.b"}, recipients=[recipient])
    delivery = one(kept, {"none": None, "id": 42})
    assert delivery.recipient == {
        "external_user_id": "e-1",
        "attributes": {"b": None, "c": None, "d": 42},
    }


def test_two_recipients_of_one_identifier_are_no_request() -> None:
    twice = [{"external_user_id": "${body.id}"}, {"external_user_id": "${text(body.id)}"}]
    with pytest.raises(Unrenderable, match="the same identifier"):
        deliveries(source({}, recipients=twice))
