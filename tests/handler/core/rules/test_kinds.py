"""A rule holds exactly one of `send`, `track` and `subscribe`, from the file to the queue."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.core import message
from handler.core.errors import RulesError
from handler.core.models import Delivery
from handler.core.planning.delivery_id import delivery_id
from tests.examples import examples
from tests.handler.core.one_rule import only
from tests.handler.core.rules.compiled import exact, read_back
from tests.handler.core.rules.kinds import (
    ATTRIBUTES,
    BODY,
    BOTH,
    BOUGHT,
    CONSENT,
    EVENTS,
    GROUP,
    PERSON,
    SEND,
    SUBSCRIBE,
    planned,
    said,
    source,
)

KINDS = [ATTRIBUTES, EVENTS, BOTH, SUBSCRIBE, SEND]
WHO = {"external_id": "u-7", "_update_existing_only": False}
COUNTED = {"name": "tea bought", "time": "2026-11-20T21:00:00Z", "properties": {"n": 3}}
STATE = {
    "subscription_group_id": GROUP,
    "subscription_state": "unsubscribed",
    "external_ids": ["u-7"],
}


def made(rule: dict[str, Any], **body: Any) -> Delivery:
    return only(planned(rule, {**BODY, **body}))


@pytest.mark.parametrize(
    "rule, path, body",
    [
        (ATTRIBUTES, "/users/track", {"attributes": [{**WHO, "first_name": "Ada"}]}),
        (EVENTS, "/users/track", {"events": [{**WHO, **COUNTED}]}),
        (
            BOTH,
            "/users/track",
            {"attributes": [{**WHO, "first_name": "Ada"}], "events": [{**WHO, **COUNTED}]},
        ),
        (SUBSCRIBE, "/v2/subscription/status/set", {"subscription_groups": [STATE]}),
    ],
)
def test_what_a_rule_says_of_a_user_is_one_delivery_of_that_part_of_the_request(
    rule: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    delivery = made(rule)
    assert (delivery.path, delivery.send, delivery.recipient) == (path, {}, body)
    assert message.decode(message.encode(delivery)) == delivery


def test_a_rule_without_a_request_says_which_there_are() -> None:
    assert said({}) == ["a rule has exactly one of send, track, subscribe, and has none"]


@pytest.mark.parametrize(
    "rule, has",
    [
        ({**SEND, **EVENTS}, "send and track"),
        ({**ATTRIBUTES, **SUBSCRIBE}, "track and subscribe"),
        ({**SEND, **ATTRIBUTES, **SUBSCRIBE}, "send and track and subscribe"),
    ],
)
def test_a_rule_of_two_requests_becomes_two_rules(rule: dict[str, Any], has: str) -> None:
    text = f"a rule has exactly one of send, track, subscribe, and has {has}"
    assert said(rule) == [f"{text}; make a rule of each"]


@pytest.mark.parametrize("key", ["track", "subscribe", "send"])
def test_a_request_that_is_no_object_is_an_error(key: str) -> None:
    assert said({key: ["x"]})[0].startswith(f"{key} takes an object")


@pytest.mark.parametrize("given", [["${body.user}"], {"id": "${body.user}"}])
def test_an_identifier_that_is_no_text_is_an_error_in_each_kind(given: Any) -> None:
    sent = {"campaign_id": "c", "recipients": [{"external_user_id": given}]}
    listed = {**CONSENT, "external_ids": [given]}
    for rule, name in (
        ({"send": sent}, "external_user_id"),
        ({"track": {"attributes": [{**PERSON, "external_id": given}]}}, "external_id"),
        ({"subscribe": {"subscription_groups": [listed]}}, "external_ids"),
    ):
        assert said(rule) == [f"{name} takes text with ${{...}} in it"]


@pytest.mark.parametrize("key", ["events", "attributes", "subscription_groups"])
def test_what_belongs_under_a_request_is_told_where_it_belongs(key: str) -> None:
    (text, *_) = said({**SEND, key: []})
    assert "under track" in text or "under subscribe" in text


def test_misspelt_kinds_are_told_with_the_right_one() -> None:
    texts = said({"trak": EVENTS["track"]})
    assert "unknown key trak; did you mean track?" in texts


@pytest.mark.parametrize("rule", KINDS)
def test_a_rule_of_each_kind_is_compiled_to_what_was_loaded(rule: dict[str, Any]) -> None:
    loaded = source({**rule, "delay": "5m", "guard": "customer"})
    assert exact(read_back(loaded)) == exact(loaded)


@pytest.mark.parametrize("rule", [ATTRIBUTES, EVENTS, SUBSCRIBE])
def test_a_request_about_a_user_is_ordered_under_the_rule_unless_it_shares_a_guard(
    rule: dict[str, Any],
) -> None:
    assert made(rule).guard == "r"
    assert made({**rule, "guard": "customer"}).guard == "customer"


def test_a_send_is_ordered_under_a_guard_only_where_it_names_one() -> None:
    assert made(SEND).guard is None
    assert made({**SEND, "guard": "customer"}).guard == "customer"


@pytest.mark.parametrize("rule", KINDS)
@pytest.mark.parametrize("delay, seconds", [("1s", 1), ("5m", 300), ("15m", 900)])
def test_a_rule_of_any_kind_may_be_delayed_as_long_as_sqs_allows(
    rule: dict[str, Any], delay: str, seconds: int
) -> None:
    assert made({**rule, "delay": delay}).delay == seconds
    assert made(rule).delay is None


@pytest.mark.parametrize("delay", ["0s", "5", 5, "1.5m", "-5m"])
def test_what_is_no_delay_is_told_one_that_would_be_taken(delay: Any) -> None:
    (text,) = said({**SEND, "delay": delay})
    assert text == "delay takes a number and s or m, 15m at most, such as 30s or 5m"
    assert made({**SEND, "delay": "5m"}).delay == 300


@pytest.mark.parametrize("rule", KINDS)
@pytest.mark.parametrize("delay", ["901s", "16m", "1h", "1d"])
def test_a_longer_delay_is_an_error(rule: dict[str, Any], delay: str) -> None:
    (text,) = said({**rule, "delay": delay})
    assert text.startswith("delay takes 1s to 15m")


@pytest.mark.parametrize("rule", [SEND, EVENTS])
def test_a_delay_in_which_everything_expires_is_an_error(rule: dict[str, Any]) -> None:
    (text,) = said({**rule, "delay": "10m", "expires_after": "10m"})
    assert text == "delay: what begins so late has expired before (expires_after: 10m)"
    assert made({**rule, "delay": "10m", "expires_after": "11m"}).delay == 600


def test_the_id_of_a_delivery_is_of_its_rule_and_what_it_counts_once() -> None:
    assert made(EVENTS).id == delivery_id("shop", "r", "e-1", "")
    assert made(EVENTS, n=4).id == made(EVENTS).id
    assert made(EVENTS, id="e-2").id != made(EVENTS).id


def test_each_element_of_for_each_is_a_delivery_of_its_own() -> None:
    event = {**BOUGHT, "properties": {"sku": "${item.sku}"}}
    each = {"for_each": "body.items", "once": "${concat(body.id, '/', item.sku)}"}
    rule = {**EVENTS, **each, "track": {"events": [event]}}
    plan = planned(rule, {**BODY, "items": [{"sku": "a"}, {"sku": "b"}]})
    bodies: list[Any] = [one.recipient for one in plan.deliveries]
    assert [one["events"][0]["properties"] for one in bodies] == [{"sku": "a"}, {"sku": "b"}]
    assert len({one.id for one in plan.deliveries}) == 2


@pytest.mark.parametrize("rule", [ATTRIBUTES, EVENTS, SUBSCRIBE])
def test_surge_shadow_enabled_priority_and_workspace_are_for_every_kind(
    rule: dict[str, Any],
) -> None:
    limited = made({**rule, "surge": "2/1m", "priority": "low", "workspace": "usa"})
    assert (limited.surge, limited.priority, limited.workspace) == ((2, 60), "low", "usa")
    assert len(planned({**rule, "shadow": True}).shadow) == 1
    assert planned({**rule, "enabled": False}).wanted == 0


@pytest.mark.parametrize(
    "where, value",
    [
        ("name", "${vars.bought}"),
        ("_update_existing_only", "${vars.strict}"),
    ],
)
def test_a_variable_of_the_stage_stands_for_what_no_webhook_may_change(
    where: str, value: str
) -> None:
    rule = {**EVENTS, "track": {"events": [{**BOUGHT, where: value}]}}
    variables = {"dev": {"bought": "tea bought", "strict": False}}
    body: Any = only(planned(rule, vars=variables)).recipient
    assert body == {"events": [{**WHO, **COUNTED}]}


@pytest.mark.parametrize(
    "array, change, key",
    [
        ("events", {"name": "${body.name}"}, "name"),
        ("events", {"name": "tea ${body.name}"}, "name"),
        ("events", {"_update_existing_only": "${body.x}"}, "_update_existing_only"),
        ("attributes", {"_update_existing_only": "${body.x}"}, "_update_existing_only"),
        (
            "attributes",
            {"subscription_groups": [
                {"subscription_group_id": "${body.g}", "subscription_state": "subscribed"}
            ]},
            "subscription_group_id",
        ),
    ],
)  # fmt: skip
def test_no_webhook_may_change_a_name_a_group_or_who_is_created(
    array: str, change: dict[str, Any], key: str
) -> None:
    own = {**(BOUGHT if array == "events" else PERSON), **change}
    rule = {**(EVENTS if array == "events" else ATTRIBUTES), "track": {array: [own]}}
    assert f"no webhook may change {key}: write the value, or ${{vars.name}}" in said(rule)


def test_no_webhook_may_change_the_label_of_an_alias() -> None:
    alias = {"alias_name": "${body.user}", "alias_label": "${body.label}"}
    person = {"user_alias": alias, "_update_existing_only": True, "first_name": "${body.first}"}
    texts = said({"track": {"attributes": [person]}})
    assert texts == ["no webhook may change alias_label: write the value, or ${vars.name}"]


VALUES = st.recursive(
    st.sampled_from(
        [None, True, 0, 1.5, "", "x", "${body.user}", "${vars.group}", "Order ${body.id}", "${"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([*BOUGHT, *PERSON, "user_alias", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all parts of a value."""
    steps: Any = value.items() if isinstance(value, dict) else ()
    steps = enumerate(value) if isinstance(value, list) else steps
    return [path, *(one for key, part in steps for one in places(part, (*path, key)))]


def damaged(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """Return a value with another part at a path."""
    if not path:
        return part
    key, *rest = path
    if isinstance(value, dict):
        return {**value, key: damaged(value[key], tuple(rest), part)}
    return [damaged(one, tuple(rest), part) if at == key else one for at, one in enumerate(value)]


@given(st.data())
@settings(max_examples=examples(30))
def test_a_damaged_request_is_refused_with_its_mistakes_or_makes_deliveries_and_dead_letters(
    data: st.DataObject,
) -> None:
    rule = data.draw(st.sampled_from([ATTRIBUTES, EVENTS, BOTH, SUBSCRIBE]))
    path = data.draw(st.sampled_from([one for one in places(rule) if one]))
    changed = damaged(rule, path, data.draw(VALUES))
    try:
        loaded = source(changed)
    except RulesError as error:
        found = error.findings
    else:
        found = ()
    assert all(one.line >= 1 and one.message for one in found)
    if found:
        return
    assert exact(read_back(loaded)) == exact(loaded)
    plan = planned(changed)
    assert len(plan.deliveries) + len(plan.parked) == 1
