"""Rules must say some words, and cannot say others, by the kind of their request."""

from typing import Any

import pytest

from handler.core.verification.presets.catalogue import PRESETS
from tests.handler.core.one_rule import only
from tests.handler.core.rules.kinds import (
    ATTRIBUTES,
    BODY,
    BOTH,
    BOUGHT,
    COUNTED,
    EVENT,
    EVENTS,
    GROUP,
    PERSON,
    SEND,
    SUBSCRIBE,
    WHO,
    planned,
    said,
    source,
    written,
)
from tests.handler.core.rules_files import findings

POINTS: dict[str, Any] = {"track": {"attributes": [{**WHO, "points": {"inc": "${body.n}"}}]}}
BASKET: dict[str, Any] = {
    "track": {"attributes": [{**WHO, "cars": {"$add": [{"id": 1, "name": "x"}]}}]}
}
ORDER = {
    **WHO,
    "name": "ecommerce.order_cancelled",
    "time": "${body.at}",
    "properties": {
        "order_id": "${body.id}",
        "total_value": 1,
        "currency": "EUR",
        "source": "shop",
        "cancel_reason": "${body.reason}",
        "products": "${body.products}",
    },
}
UNORDERED = {name: one for name, one in EVENT.items() if name != "version"}
ONCE = "say what it counts once"
UNKNOWN = "retry may count it twice, with its revenue, and hold keeps it for a person"


def without(rule: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: one for name, one in rule.items() if name != key}


@pytest.mark.parametrize("rule", [EVENTS, BOTH, {**POINTS, **COUNTED}, {**BASKET, **COUNTED}])
def test_what_braze_counts_says_what_it_counts_once(rule: dict[str, Any]) -> None:
    (text,) = said(without(rule, "once"))
    assert ONCE in text
    assert "once: ${body.id}" in text


@pytest.mark.parametrize("rule", [EVENTS, BOTH, {**POINTS, **COUNTED}, {**BASKET, **COUNTED}])
def test_what_braze_counts_says_what_becomes_of_an_unknown_outcome(rule: dict[str, Any]) -> None:
    (text,) = said(without(rule, "on_unknown"))
    assert UNKNOWN in text


def test_a_once_that_is_left_blank_says_nothing() -> None:
    (text,) = said({**EVENTS, "once": None})
    assert ONCE in text


def test_a_mistake_in_the_terms_has_the_line_of_the_request() -> None:
    text = written(without(EVENTS, "once"))
    line = text.splitlines().index("  track:") + 1
    assert [one.partition(":")[0] for one in findings(text)] == [str(line)]


@pytest.mark.parametrize("choice", ["retry", "hold"])
def test_either_choice_is_taken_for_events(choice: str) -> None:
    assert only(planned({**EVENTS, "on_unknown": choice})).on_unknown == choice


@pytest.mark.parametrize("rule", [ATTRIBUTES, SUBSCRIBE])
def test_a_state_is_written_again_and_needs_no_words(rule: dict[str, Any]) -> None:
    assert only(planned(rule)).on_unknown == "retry"
    assert only(planned({**rule, "on_unknown": "retry"})).on_unknown == "retry"
    (text,) = said({**rule, "on_unknown": "hold"})
    assert text.startswith("on_unknown: hold is for what must not come twice")


@pytest.mark.parametrize(
    "rule, what",
    [(ATTRIBUTES, "an attribute"), (SUBSCRIBE, "a subscription"), (BOTH, "an attribute")],
)
def test_a_state_never_expires(rule: dict[str, Any], what: str) -> None:
    (text,) = said({**rule, "expires_after": "6h"})
    assert text.startswith(f"expires_after: {what} is true however late it comes")
    assert ("give the events a rule of their own" in text) == (rule is BOTH)


@pytest.mark.parametrize("rule", [EVENTS, {**POINTS, **COUNTED}, {**BASKET, **COUNTED}])
def test_an_event_may_expire_and_so_may_what_is_added(rule: dict[str, Any]) -> None:
    assert only(planned({**rule, "expires_after": "6h"})).expires_at is not None


def test_a_state_beside_what_is_added_never_expires() -> None:
    (own,) = POINTS["track"]["attributes"]
    rule = {"track": {"attributes": [{**own, "first_name": "${body.first}"}]}, **COUNTED}
    (text,) = said({**rule, "expires_after": "6h"})
    assert text.startswith("expires_after: an attribute is true however late it comes")


def test_nothing_of_a_subscription_is_kept_empty() -> None:
    (text,) = said({**SUBSCRIBE, "keep_empty": ["subscription_groups.subscription_state"]})
    assert text == "keep_empty: no part of a subscription is ever empty"


def test_attributes_and_properties_of_custom_events_may_be_empty() -> None:
    body = {**BODY, "first": "", "n": None}
    kept: Any = only(planned({**ATTRIBUTES, "keep_empty": ["attributes.first_name"]}, body))
    assert kept.recipient["attributes"][0]["first_name"] == ""
    kept = only(planned({**EVENTS, "keep_empty": ["events.properties.n"]}, body))
    assert kept.recipient["events"][0]["properties"] == {"n": None}


@pytest.mark.parametrize("path", ["events.time", "events.external_id"])
def test_of_an_event_only_its_properties_may_be_empty(path: str) -> None:
    (text,) = said({**EVENTS, "keep_empty": [path]})
    assert text == "keep_empty: of an event only its properties may be empty"


def test_no_property_of_an_ecommerce_event_is_kept_empty() -> None:
    rule = {**EVENTS, "track": {"events": [ORDER]}, "keep_empty": ["events.properties.order_id"]}
    (text,) = said(rule)
    assert "Braze drops an event ecommerce.* with an empty value" in text


@pytest.mark.parametrize("rule", [ATTRIBUTES, EVENTS, SUBSCRIBE])
def test_a_broadcast_is_a_send(rule: dict[str, Any]) -> None:
    (text,) = said({**rule, "allow_broadcast": True})
    assert text.startswith("allow_broadcast is for send")


@pytest.mark.parametrize("key", ["required", "keep_empty"])
@pytest.mark.parametrize(
    "rule, wrong, mend",
    [
        (EVENTS, "events.propertis.n", "did you mean events.properties.n?"),
        (ATTRIBUTES, "first_name", "did you mean attributes.first_name?"),
        (ATTRIBUTES, "nothing_like_it", "paths begin in track"),
    ],
)
def test_a_path_that_is_not_in_the_request_is_told(
    key: str, rule: dict[str, Any], wrong: str, mend: str
) -> None:
    texts = said({**rule, key: [wrong]})
    assert f"there is no {wrong}; {mend}" in texts


@pytest.mark.parametrize(
    "event",
    [
        without(UNORDERED, "id"),
        {**UNORDERED, "id": "digest"},
        {**UNORDERED, "id": {"t.other": "body.id"}},
        {**UNORDERED, "id": {"*": "concat(body.id, digest)"}},
    ],
)
@pytest.mark.parametrize("rule", [EVENTS, {**POINTS, **COUNTED}])
def test_nothing_is_counted_by_an_id_that_may_be_a_digest(
    event: dict[str, Any], rule: dict[str, Any]
) -> None:
    (text,) = said({**rule, "once": "${id}"}, event=event)
    assert text.startswith("once reads id, and an event t.updated has none but a digest")
    assert source(rule, event=event).rules  # by a value of the body it is


@pytest.mark.parametrize("rule", [EVENTS, {**POINTS, **COUNTED}])
def test_what_is_counted_of_each_element_is_told_by_no_place_in_a_list(
    rule: dict[str, Any],
) -> None:
    (text,) = said({**rule, "for_each": "body.refunds"})
    assert text.startswith("once reads no item")
    assert source({**rule, "for_each": "body.refunds", "once": "${item.id}"}).rules
    assert source({**ATTRIBUTES, "for_each": "body.people"}).rules


def test_the_digest_of_another_type_is_no_matter() -> None:
    event = {**UNORDERED, "id": {"t.updated": "body.id", "*": "digest"}}
    assert source({**EVENTS, "once": "${id}"}, event=event).rules


def test_an_event_that_has_no_id_after_all_is_counted_by_nobody() -> None:
    plan = planned({**EVENTS, "once": "order ${id}"}, without(BODY, "id"))
    (parked,) = plan.parked
    assert (parked.reason, plan.deliveries) == ("unrenderable", ())
    assert "once" in parked.detail
    assert "digest" in parked.detail


def test_an_attribute_may_rest_on_a_digest() -> None:
    assert only(planned(ATTRIBUTES, without(BODY, "id"))).again_after is not None


@pytest.mark.parametrize("name", ["event", "Events", "purchases"])
def test_events_under_another_name_are_told_by_that_alone(name: str) -> None:
    told = said({"track": {name: [BOUGHT]}, **COUNTED})
    assert not [text for text in told if "leave it out" in text]
    assert [text for text in told if text.startswith(f"unknown key {name}")]


@pytest.mark.parametrize("kind", ["t.updated", "t.*", "*", "customers/update", "UPDATE people"])
def test_a_change_of_consent_says_what_orders_it(kind: str) -> None:
    (text,) = said(SUBSCRIBE, kind, event=UNORDERED)
    assert text.startswith(f"an older {kind} that comes late would undo a newer choice")
    assert "event: {version: body.updated_at}" in text
    assert source(SUBSCRIBE, kind).rules


@pytest.mark.parametrize("missing", [None, ""])
def test_a_change_of_consent_whose_event_lacks_its_version_is_a_dead_letter(missing: Any) -> None:
    (parked,) = planned(SUBSCRIBE, {**BODY, "at": missing}).parked
    assert parked.reason == "unrenderable"
    assert parked.detail.startswith("event.version: it is missing in this event")
    made = planned(SUBSCRIBE, {**BODY, "at": missing, "type": "t.created"}, "t.*")
    assert len(made.deliveries) == 1
    assert len(planned(ATTRIBUTES, {**BODY, "at": missing}).deliveries) == 1


@pytest.mark.parametrize(
    "consent",
    [
        {"email_subscribe": "${body.state}"},
        {"push_subscribe": "${body.state}"},
        {
            "subscription_groups": [
                {"subscription_group_id": GROUP, "subscription_state": "${body.state}"}
            ]
        },
    ],
)
@pytest.mark.parametrize("more", [{}, {"events": [{**BOUGHT, "time": "${body.since}"}]}])
def test_consent_among_attributes_is_no_more_written_without_the_version_of_its_event(
    consent: dict[str, Any], more: dict[str, Any]
) -> None:
    rule = {"track": {"attributes": [{**WHO, **consent}], **more}, **(COUNTED if more else {})}
    body = {**without(BODY, "at"), "since": BODY["at"]}
    (parked,) = planned(rule, body).parked
    assert (parked.reason, parked.detail.partition(":")[0]) == ("unrenderable", "event.version")
    # What was made has nothing older, and a file that orders nothing is told so when it is checked.
    assert len(planned(rule, {**body, "type": "t.created"}, "t.*").deliveries) == 1
    assert len(planned(rule, body, event=UNORDERED).deliveries) == 1


@pytest.mark.parametrize(
    "kind", ["user.created", "customers/create", "subscriber_created", "INSERT people"]
)
def test_of_what_is_just_made_there_is_nothing_older(kind: str) -> None:
    assert source(SUBSCRIBE, kind, event=UNORDERED).rules


def test_a_version_of_another_type_orders_nothing() -> None:
    event = {**UNORDERED, "version": {"t.other": "body.at"}}
    assert said(SUBSCRIBE, event=event)
    assert source(SUBSCRIBE, "t.other", event=event).rules


def test_every_type_that_a_preset_takes_for_a_creation_is_one() -> None:
    globs = {
        glob.replace("*", "x")
        for preset in PRESETS.values()
        if isinstance(ids := preset["event"].get("id"), dict)
        for glob in ids
        if "creat" in glob
    }
    assert globs
    for kind in globs:
        assert source(SUBSCRIBE, kind, event=UNORDERED).rules


@pytest.mark.parametrize("rule", [ATTRIBUTES, EVENTS, SEND])
def test_only_consent_needs_an_order(rule: dict[str, Any]) -> None:
    assert source(rule, event=UNORDERED).rules


@pytest.mark.parametrize("rule", [ATTRIBUTES, EVENTS, BOTH, SUBSCRIBE])
def test_every_kind_carries_the_version_of_its_event(rule: dict[str, Any]) -> None:
    assert only(planned(rule)).event_version == 1_795_208_400


@pytest.mark.parametrize(
    "rule, path",
    [
        ({**EVENTS, "once": "${headers.x}"}, "once"),
        ({**EVENTS, "for_each": "headers.x"}, "for_each"),
        ({**EVENTS, "track": {"events": [{**BOUGHT, "external_id": "${headers.x}"}]}}, "id"),
        ({**EVENTS, "track": {"events": [{**BOUGHT, "email": "${headers.x}"}]}}, "email"),
        ({"track": {"attributes": [{**PERSON, "email": "${headers.x}"}]}}, "email"),
        ({"track": {"attributes": [{**PERSON, "email_subscribe": "${headers.x}"}]}}, "consent"),
    ],
)
def test_only_signed_data_decides_who_is_written_to_and_how_often(
    rule: dict[str, Any], path: str
) -> None:
    texts = said(rule, headers=["x"])
    assert any(one.startswith("the sender does not sign x") for one in texts), path


@pytest.mark.parametrize("key", ["subscription_state", "external_ids"])
def test_only_signed_data_decides_a_subscription(key: str) -> None:
    (group,) = SUBSCRIBE["subscribe"]["subscription_groups"]
    value = ["${headers.x}"] if key == "external_ids" else "${headers.x}"
    rule = {"subscribe": {"subscription_groups": [{**group, key: value}]}}
    assert any("the sender does not sign x" in one for one in said(rule, headers=["x"]))


def test_other_values_may_be_unsigned() -> None:
    event = {**BOUGHT, "properties": {"n": "${headers.x}"}}
    assert source({**EVENTS, "track": {"events": [event]}}, headers=["x"]).rules


@pytest.mark.parametrize("rule", [EVENTS, ATTRIBUTES])
def test_a_header_that_no_event_carries_is_told(rule: dict[str, Any]) -> None:
    ((name, (own,)),) = rule["track"].items()
    changed = {**rule, "track": {name: [{**own, "properties": {"n": "${headers.y}"}}]}}
    texts = said(changed)
    assert "an event carries no header y; name it under headers, in the file" in texts


@pytest.mark.parametrize(
    "rule, text",
    [
        (
            {**EVENTS, "track": {"events": [{**BOUGHT, "external_id": "guest"}]}},
            "external_id holds no ${...}: all would be one person; write ${body.guest}",
        ),
        (
            {**EVENTS, "track": {"events": [{**BOUGHT, "external_id": "${occurred_at}"}]}},
            "occurred_at is a time, and no person",
        ),
        (
            {"track": {"attributes": [{**PERSON, "external_id": "${coalesce(body.u, 'guest')}"}]}},
            "'guest' is one person for all who have no other id: leave it out",
        ),
    ],
)
def test_an_identifier_that_names_nobody_of_the_event_is_told(
    rule: dict[str, Any], text: str
) -> None:
    assert any(one.startswith(text) for one in said(rule))


def test_a_list_of_identifiers_is_looked_at_item_by_item() -> None:
    (group,) = SUBSCRIBE["subscribe"]["subscription_groups"]
    rule = {"subscribe": {"subscription_groups": [{**group, "external_ids": ["${vars.group}"]}]}}
    (text,) = said(rule)
    assert text == "vars.group is the same for every event: all would be one person"


@pytest.mark.parametrize(
    "rule, place",
    [
        ({"track": {"events": [{**BOUGHT, "time": "${lower(body.n)}"}]}, **COUNTED}, "time"),
        ({"track": {"events": [{**BOUGHT, "external_id": "${lower(body.n)}"}]}, **COUNTED}, "id"),
        ({"track": {"attributes": [{**PERSON, "email": "${lower(body.n)}"}]}}, "email"),
        ({"subscribe": {"subscription_groups": [
            {**SUBSCRIBE["subscribe"]["subscription_groups"][0],
             "subscription_state": "${lower(body.n)}"}
        ]}}, "state"),
    ],
)  # fmt: skip
def test_an_expression_that_fails_on_an_event_parks_what_cannot_do_without_it(
    rule: dict[str, Any], place: str
) -> None:
    (parked,) = planned(rule).parked
    assert place in parked.detail
    assert "lower()" in parked.detail


@pytest.mark.parametrize(
    "rule",
    [
        {"track": {"events": [{**BOUGHT, "properties": {"n": "${lower(body.n)}"}}]}, **COUNTED},
        {"track": {"attributes": [{**PERSON, "size": "${lower(body.n)}"}]}},
    ],
)
def test_other_values_are_left_out_with_a_warning(rule: dict[str, Any]) -> None:
    made = planned(rule)
    assert len(made.deliveries) == 1
    assert any("is left out" in one for one in made.warnings)
