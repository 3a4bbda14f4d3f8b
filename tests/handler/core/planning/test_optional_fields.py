"""A field whose expression fails on an event's types costs nobody the message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.expressions.expression import compile_expression
from tests.handler.core.one_rule import only, planned, recipient_of, why_parked

WRONG = "${lower(body.n)}"  # of a number
WHY = "${lower(body.n)}: lower() takes string or null as argument 1, not a number"
GROUP = {"subscription_state": "subscribed"}
BODY: dict[str, Any] = {"n": 5, "email": "ann@example.org", "list": [1], "map": {"a": "A"}}


def sent(fields: dict[str, Any], send: Any = None, body: Any = None, **rule: Any) -> Any:
    return recipient_of(planned(body or BODY, {"external_user_id": "u", **fields}, send, **rule))


@pytest.mark.parametrize(
    "template",
    [
        WRONG,
        "${contains(body.n, 'x')}",
        "${lookup(body.list, 'x')}",
        "${from_items(body.n, 'a', 'b')}",
        "${join(', ', body.list)}",
        "${sort_by(body.list, &x)}",
        "${sum(body.map)}",
        "${body.email > `1`}",
        "${text(body.list)}",
        "${body.list[].{a: upper(@)}}",
        "Hello ${lower(body.n)}!",
        "Hello ${body.list}!",
        "Hello ${body.map}!",
    ],
)
def test_an_optional_field_that_fails_is_left_out_with_a_warning(template: str) -> None:
    properties = {"x": template, "y": "${body.email}"}
    made = planned(BODY, {"external_user_id": "u", "trigger_properties": properties})
    assert recipient_of(made)["trigger_properties"] == {"y": "ann@example.org"}
    (warning,) = made.warnings
    assert warning.startswith("confirm: trigger_properties.x is left out: ")


@pytest.mark.parametrize(
    "fields, send, path, rest",
    [
        ({"attributes": {"a": WRONG, "b": 1}}, {}, "attributes.a", {"attributes": {"b": 1}}),
        (
            {"attributes": {"a": {"b": WRONG, "c": 1}}},
            {},
            "attributes.a.b",
            {"attributes": {"a": {"c": 1}}},
        ),
        (
            {"attributes": {"tags": ["x", WRONG, "y"]}},
            {},
            "attributes.tags",
            {"attributes": {"tags": ["x", "y"]}},
        ),
        ({}, {"trigger_properties": {"a": WRONG}}, "trigger_properties.a", {}),
        ({}, {"trigger_properties": WRONG}, "trigger_properties", {}),
        (
            {"trigger_properties": {"own": 1}},
            {"trigger_properties": {"a": WRONG}},
            "trigger_properties.a",
            {"trigger_properties": {"own": 1}},
        ),
    ],
)
def test_the_smallest_value_with_the_failure_in_it_is_left_out(
    fields: Any, send: Any, path: str, rest: Any
) -> None:
    made = planned(BODY, {"external_user_id": "u", **fields}, send)
    assert recipient_of(made) == {"external_user_id": "u", **rest}
    assert made.warnings == (f"confirm: {path} is left out: {WHY}",)


def test_a_broadcast_goes_without_a_property_that_fails() -> None:
    properties = {"a": WRONG, "b": "${body.email}"}
    send = {"broadcast": True, "trigger_properties": properties}
    made = planned(BODY, None, send, allow_broadcast=True)
    assert only(made).send["trigger_properties"] == {"b": "ann@example.org"}
    assert made.warnings == (f"confirm: trigger_properties.a is left out: {WHY}",)


@pytest.mark.parametrize(
    "fields, rule, path",
    [
        ({"external_user_id": WRONG}, {}, "external_user_id"),
        ({"external_user_id": "a-${body.list}"}, {}, "external_user_id"),
        ({"attributes": {"email": WRONG}}, {}, "attributes.email"),
        ({"attributes": {"phone": WRONG}}, {}, "attributes.phone"),
        ({"attributes": {"email_subscribe": WRONG}}, {}, "attributes.email_subscribe"),
        ({"attributes": {"push_subscribe": WRONG}}, {}, "attributes.push_subscribe"),
        ({"attributes": {"subscription_groups": WRONG}}, {}, "attributes.subscription_groups"),
        (
            {"attributes": {"subscription_groups": [GROUP | {"subscription_group_id": WRONG}]}},
            {},
            "attributes.subscription_groups.subscription_group_id",
        ),
        ({"attributes": {"_merge_objects": WRONG, "a": 1}}, {}, "attributes._merge_objects"),
        ({"attributes": WRONG}, {}, "attributes"),
        (
            {"send_to_existing_only": WRONG, "attributes": {"a": 1}},
            {},
            "send_to_existing_only",
        ),
        ({}, {"once": WRONG}, "once"),
        ({}, {"when": "lower(body.n)"}, "when"),
        ({}, {"for_each": "body.n"}, "for_each"),
        ({}, {"for_each": "split(body.n, ',')"}, "for_each"),
        (
            {"attributes": {"a": WRONG}},
            {"required": ["attributes.a"]},
            "attributes.a",
        ),
        (
            {"attributes": {"a": "${{b: lower(body.n)}}"}},
            {"required": ["attributes.a.b"]},
            "attributes.a",
        ),
    ],
)
def test_what_decides_who_is_reached_and_what_is_required_parks(
    fields: Any, rule: Any, path: str
) -> None:
    made = planned(BODY, {"external_user_id": "u", **fields}, **rule)
    assert why_parked(made).startswith(f"{path}: ")
    assert made.warnings == ()


def test_an_expression_that_takes_too_many_steps_parks_whatever_field_it_is() -> None:
    endless = "${" + " | ".join(["[@, @]"] * 40) + "}"
    made = planned(BODY, {"external_user_id": "u", "trigger_properties": {"x": endless}})
    assert "trigger_properties.x: " in why_parked(made)
    assert "200,000 steps" in why_parked(made)


def test_a_warning_names_the_field_and_the_function_and_no_value() -> None:
    body = BODY | {"n": {"secret": "ann@example.org"}}
    made = planned(
        body, {"external_user_id": "u", "trigger_properties": {"x": "Hi ${lower(body.n)}"}}
    )
    (warning,) = made.warnings
    why = "lower() takes string or null as argument 1, not an object"
    assert warning == f"confirm: trigger_properties.x is left out: {WRONG}: {why}"


@pytest.mark.parametrize(
    "expression, body, value",
    [
        (
            "from_items(body.x, 'name', 'value')",
            {"0": {"name": "gift", "value": "yes"}, "2": {"name": "card", "value": "no"}},
            {"gift": "yes", "card": "no"},
        ),
        ("from_items(body.x, 'name', 'value')", {}, {}),
        ("from_items(body.x, 'name', 'value')", {"gift": "yes"}, {}),
        ("lookup(body.x, 'a')", [], None),
        ("keys(body.x)", [], []),
        ("values(body.x)", [], []),
        ('merge(body.x, `{"a": 1}`)', [], {"a": 1}),
        ("contains(body.x, 'a')", {}, False),
        ("join(', ', body.x)", {}, ""),
        ("sort(body.x)", {}, []),
        ("sum(body.x)", {}, 0),
        ("map(&@, body.x)", {}, []),
        ("sort_by(body.x, &a)", {}, []),
        ("max_by(body.x, &a)", {}, None),
    ],
)
def test_an_empty_list_is_an_empty_map_and_a_map_of_items_their_list(
    expression: str, body: Any, value: Any
) -> None:
    assert compile_expression(expression).search({"body": {"x": body}}) == value


@pytest.mark.parametrize(
    "fields", [{"attributes": "${body.x}"}, {"trigger_properties": "${body.x}"}]
)
def test_an_empty_list_where_an_object_is_to_be_is_an_empty_object(fields: dict[str, Any]) -> None:
    (name,) = fields
    assert sent(fields, body={"x": []}) == {"external_user_id": "u", name: {}}


def test_an_empty_map_has_no_elements() -> None:
    made = planned({"x": {}}, {"external_user_id": "u"}, for_each="body.x")
    assert (made.deliveries, made.parked, made.wanted) == ((), (), 1)


def test_a_list_that_is_not_empty_is_no_map() -> None:
    made = planned({"x": [1]}, {"external_user_id": "u", "trigger_properties": "${body.x}"})
    assert "it is not an object" in why_parked(made)


@pytest.mark.parametrize(
    "address", [" ann@example.org", "ann@example.org\n", "\u00a0ann@example.org "]
)
def test_an_address_with_blanks_around_it_is_sent_without_them(address: str) -> None:
    made = planned(
        {"email": address},
        {"external_user_id": "u", "attributes": {"email": "${body.email}"}},
        required=["attributes.email"],
    )
    assert recipient_of(made)["attributes"] == {"email": "ann@example.org"}
    by_address = {"email": "${body.email}", "prioritization": ["identified"]}
    assert recipient_of(planned({"email": address}, by_address))["email"] == "ann@example.org"
    assert made.warnings == ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(1, 9) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)  # fmt: skip
OPTIONAL = {
    "a": "${lower(body.a)}",
    "b": "Hello ${body.b}, ${upper(body.a)}",
    "c": ["${join(', ', body.c)}", "${body.a}"],
    "d": {"e": "${from_items(body.b, 'k', 'v')}", "f": "${lookup(body.c, body.a)}"},
    "g": "${body.c[?x > `1`].{y: trim(y)}}",
}


@given(st.fixed_dictionaries({"a": VALUES, "b": VALUES, "c": VALUES}))
def test_no_type_of_an_optional_value_loses_the_message(body: Any) -> None:
    made = planned(body, {"external_user_id": "u", "trigger_properties": OPTIONAL})
    assert made.parked == ()
    assert len(made.deliveries) == 1
    for warning in made.warnings:
        assert warning.startswith("confirm: trigger_properties.")
