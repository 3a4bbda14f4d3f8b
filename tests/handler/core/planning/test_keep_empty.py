"""`keep_empty`: what an event says empty is sent so, and what it does not say stays as it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.core.one_rule import planned, recipient_of

GONE = object()


def kept(template: Any, body: dict[str, Any], *paths: str, **rule: Any) -> Any:
    """Return what is sent as the attribute `a`, kept empty: GONE where it is not sent."""
    recipient = {"external_user_id": "u", "attributes": {"a": template, "other": 1}}
    keep = list(paths) or ["attributes.a"]
    made = planned(body, recipient, keep_empty=keep, **rule)
    return recipient_of(made)["attributes"].get("a", GONE)


@pytest.mark.parametrize(
    "body, value",
    [
        ({}, GONE),
        ({"x": None}, GONE),
        ({"x": []}, GONE),
        ({"x": "text"}, GONE),
        ({"x": {}}, GONE),
        ({"x": {"y": None}}, None),
        ({"x": {"y": ""}}, ""),
        ({"x": {"y": " "}}, " "),
        ({"x": {"y": 0}}, 0),
    ],
)
def test_absent_is_left_out_and_empty_and_null_are_sent(body: Any, value: Any) -> None:
    assert kept("${body.x.y}", body) == value


@pytest.mark.parametrize(
    "expression, body",
    [
        ("body.x[0]", {"x": [None]}),
        ("body.x[-1].y", {"x": [{"y": 1}, {"y": None}]}),
        ("body.x[?k == 'a'] | [0].y", {"x": [{"k": "a", "y": None}]}),
        ("body.x[].y | [0][0]", {"x": [{"y": [None]}]}),
        ("body.x | y", {"x": {"y": None}}),
        ("root().body.x", {"x": None}),
        ('body."x-y"', {"x-y": None}),
    ],
)
def test_a_path_to_a_null_is_null_and_the_same_path_to_nothing_is_left_out(
    expression: str, body: Any
) -> None:
    assert kept(f"${{{expression}}}", body) is None
    assert kept(f"${{{expression}}}", {"w": [{"k": "b"}]}) is GONE


@pytest.mark.parametrize(
    "expression",
    [
        "coalesce(body.x, body.y)",
        "body.x || body.y",
        "if(body.x, body.x, body.y)",
        "not_null(body.x)",
        "lower(body.x)",
        "text(body.x)",
        "body.x && body.y",
        "`null`",
        "max(body.z)",
        "occurred_at",
    ],
)
def test_a_null_that_is_not_found_but_made_is_left_out(expression: str) -> None:
    assert kept(f"${{{expression}}}", {"x": None, "y": None, "z": []}) is GONE


@pytest.mark.parametrize(
    "template, sent",
    [
        ("${body.o}", {"y": None, "d": {"y": None}}),
        ("${{y: body.o.y, z: body.o.z, d: body.o.d}}", {"y": None, "d": {"y": None}}),
        (
            {"y": "${body.o.y}", "z": "${body.o.z}", "d": {"y": "${body.o.d.w}"}},
            {"y": None, "d": {}},
        ),
        ("${body.l[].{y: y, z: z}}", [{"y": None}, {}, {"y": ""}]),
        ("${body.l[?y == `null`].{y: y}}", [{"y": None}, {}]),
        ("${body.l}", [{"y": None}, {}, {"y": ""}]),
        ("${[body.o.y, body.o.z, 'b']}", ["b"]),
        ('${merge(body.o, `{"k": 1}`)}', {"k": 1, "d": {"y": None}}),
        ("${map(&{y: y, z: z}, body.l)}", [{"y": None}, {}, {"y": ""}]),
    ],
)
def test_within_objects_and_lists_a_null_is_sent_only_where_a_path_has_found_it(
    template: Any, sent: Any
) -> None:
    body = {
        "o": {"y": None, "d": {"y": None, "z": None}},
        "l": [{"y": None}, {}, {"y": ""}],
    }
    paths = ("attributes.a.y", "attributes.a.z", "attributes.a.d.y")
    assert kept(template, body, *paths) == sent


def test_items_of_a_list_are_kept_by_the_path_of_the_list() -> None:
    templates = ["${body.l}", "${[body.o.y, body.o.z, 'b']}", "${map(&@, body.l)}"]
    lists = [*templates, ["${body.o.y}", "${body.o.z}", "b"]]
    recipient = {
        "external_user_id": "u",
        "trigger_properties": dict(zip("abcd", lists, strict=True)),
    }
    keep = [f"trigger_properties.{it}" for it in "abcd"]
    made = planned({"l": ["", None, "b"], "o": {"y": None}}, recipient, keep_empty=keep)
    assert recipient_of(made)["trigger_properties"] == {
        "a": ["", None, "b"],
        "b": [None, "b"],
        "c": ["", "b"],
        "d": [None, "b"],
    }


@pytest.mark.parametrize(
    "body, value",
    [({}, GONE), ({"x": None}, "Dear "), ({"x": ""}, "Dear "), ({"x": "A"}, "Dear A")],
)
def test_a_text_with_an_absent_part_is_left_out_whole(body: Any, value: Any) -> None:
    assert kept("Dear ${body.x}", body) == value


def test_elements_are_told_apart_each_by_itself() -> None:
    recipient = {"external_user_id": "${item.id}", "attributes": {"a": "${item.a}", "b": 1}}
    body = {"all": [{"id": "u1", "a": None}, {"id": "u2"}, {"id": "u3", "a": ""}]}
    made = planned(body, recipient, for_each="body.all", keep_empty=["attributes.a"])
    assert [one.recipient["attributes"] for one in made.deliveries if one.recipient] == [
        {"a": None, "b": 1},
        {"b": 1},
        {"a": "", "b": 1},
    ]


def test_properties_of_the_whole_request_are_kept_alike() -> None:
    send = {"trigger_properties": {"x": "${body.x}", "y": "${body.y}", "z": "${body.z}"}}
    keep = [f"trigger_properties.{it}" for it in "xyz"]
    made = planned({"x": None, "z": ""}, {"external_user_id": "u"}, send, keep_empty=keep)
    assert recipient_of(made)["trigger_properties"] == {"x": None, "z": ""}


def test_a_field_that_fails_is_never_null() -> None:
    assert kept("${lower(body.x)}", {"x": 1}) is GONE


BODIES = st.recursive(
    st.none() | st.just("") | st.integers(1, 2),
    lambda inner: (
        st.dictionaries(st.sampled_from("xyz"), inner, max_size=3) | st.lists(inner, max_size=2)
    ),
    max_leaves=8,
)
STEPS = st.sampled_from([".x", ".y", "[0]", "[-1]", ".z"])


@given(BODIES, st.lists(STEPS, min_size=1, max_size=4))
def test_null_is_sent_exactly_where_the_last_step_of_a_path_is_said(
    root: Any, steps: list[str]
) -> None:
    found, is_said = root, True
    for step in steps:
        key: Any = step[1:] if step[0] == "." else int(step[1:-1])
        try:
            found = found[key] if isinstance(found, dict) == isinstance(key, str) else GONE
        except (KeyError, IndexError, TypeError):
            found = GONE
        is_said = found is not GONE
        if not is_said:
            break
    value = kept("${body.r" + "".join(steps) + "}", {"r": root})
    if not is_said:
        assert value is GONE
    elif found is None:
        assert value is None
