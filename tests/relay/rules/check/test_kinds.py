"""What is seldom meant in a rule that tracks a user or changes subscriptions is told."""

from typing import Any

import pytest
import yaml

from handler.core.configuration import yaml12
from handler.core.rules.load import load
from relay.rules.check.sample_coverage import missing_fields
from relay.rules.check.sample_values import number_notes, number_warnings
from relay.rules.check.shared_names import different_persons
from relay.rules.check.warnings import unseen_paths, warnings
from relay.send.new_ids import renewed
from relay.webhooks.samples import Sample
from tests.handler.core.rules.kinds import (
    ATTRIBUTES,
    BODY,
    BOTH,
    BOUGHT,
    CONSENT,
    EVENT,
    EVENTS,
    GROUP,
    PERSON,
    SEND,
    SUBSCRIBE,
    planned,
    source,
    written,
)

UNORDERED = {name: one for name, one in EVENT.items() if name != "version"}
TYPES = "user.updated"


def told(rule: dict[str, Any], kind: str = TYPES, **file: Any) -> dict[str, str]:
    """Return the warnings on a rule by their paths within it."""
    found = warnings(source(rule, kind, **file), "other")
    return {".".join(map(str, path[2:])): text for path, text in found}


def attributes(**more: Any) -> dict[str, Any]:
    return {"track": {"attributes": [{**PERSON, **more}]}}


def event(**more: Any) -> dict[str, Any]:
    return {**EVENTS, "track": {"events": [{**BOUGHT, **more}]}}


def group(**more: Any) -> dict[str, Any]:
    return {"subscribe": {"subscription_groups": [{**CONSENT, **more}]}}


@pytest.mark.parametrize("rule", [ATTRIBUTES, EVENTS, BOTH])
def test_a_good_rule_is_told_nothing(rule: dict[str, Any]) -> None:
    assert told(rule) == {}


@pytest.mark.parametrize(
    "state, words",
    [
        ("${body.state}", "the event can say unsubscribed"),
        ("unsubscribed", "unsubscribed also takes back"),
        ("${if(body.x, 'subscribed', 'unsubscribed')}", "unsubscribed also takes back"),
    ],
)
def test_consent_that_no_event_proves_is_told_of_each_kind(state: str, words: str) -> None:
    one = {"subscription_group_id": GROUP, "subscription_state": state}
    path = "subscription_groups"
    assert words in told(attributes(email_subscribe=state))["track.attributes.0.email_subscribe"]
    assert words in told(attributes(subscription_groups=[one]))[f"track.attributes.0.{path}"]
    assert words in told(group(subscription_state=state))[f"subscribe.{path}"]


@pytest.mark.parametrize(
    "kind, when",
    [
        ("user.unsubscribed", None),
        ("customers_email_marketing_consent/update", None),
        ("preferences.updated", None),
        (TYPES, "body.opt_out"),
        (TYPES, "body.email_marketing_consent.consent_updated_at == body.updated_at"),
    ],
)
def test_consent_that_the_event_is_about_is_right(kind: str, when: str | None) -> None:
    condition = {} if when is None else {"when": when}
    assert told({**SUBSCRIBE, **condition}, kind) == {}
    assert told({**attributes(email_subscribe="${body.state}"), **condition}, kind) == {}


def test_a_change_of_consent_in_a_message_is_still_one_that_its_event_must_prove() -> None:
    (recipient,) = SEND["send"]["recipients"]
    changed = {**recipient, "attributes": {"email_subscribe": "${body.state}"}}
    rule = {"send": {**SEND["send"], "recipients": [changed]}, "when": "body.consent"}
    assert "the event can say unsubscribed" in str(told({**rule, "once": "${body.id}"}))


def test_a_buyers_address_opts_nobody_in() -> None:
    texts = told(group(subscription_state="subscribed"), "orders/create")
    assert "a buyer can type any address" in texts["subscribe.subscription_groups"]


@pytest.mark.parametrize(
    "name, value",
    [
        ("email_subscribe", "opted_in"),
        ("push_subscribe", "opted_in"),
        (
            "subscription_groups",
            [{"subscription_group_id": GROUP, "subscription_state": "subscribed"}],
        ),
    ],
)
def test_consent_among_attributes_is_told_where_nothing_orders_it(name: str, value: Any) -> None:
    rule, path = attributes(**{name: value}), f"track.attributes.0.{name}"
    assert "would undo a newer choice" in told(rule, event=UNORDERED)[path]
    assert told(rule) == {}
    assert told(rule, "user.created", event=UNORDERED) == {}


@pytest.mark.parametrize("rule", [ATTRIBUTES, {**SEND, "once": "${body.id}"}])
def test_a_guard_that_keeps_nothing_back_is_told(rule: dict[str, Any]) -> None:
    guarded = {**rule, "guard": "customer"}
    assert "guard orders deliveries by event.version" in told(guarded, event=UNORDERED)["guard"]
    assert told(guarded) == {}


@pytest.mark.parametrize(
    "rule, path",
    [
        (attributes(first_name="${item.name}"), "track.attributes.0.first_name"),
        (
            group(subscription_state="${if(item.on, 'subscribed', 'unsubscribed')}"),
            "subscribe.subscription_groups.0.subscription_state",
        ),
    ],
)
def test_a_state_that_each_element_writes_to_one_user_is_told(
    rule: dict[str, Any], path: str
) -> None:
    kind = "preferences.updated"
    assert "each element writes this" in told({**rule, "for_each": "body.items"}, kind)[path]
    text = yaml.safe_dump(rule).replace("${body.user}", "${item.user}")
    assert told({**yaml.safe_load(text), "for_each": "body.items"}, kind) == {}


def test_what_each_element_adds_or_does_not_change_is_right() -> None:
    rule = {**attributes(points={"inc": "${item.n}"}, vip=True), "once": "${item.id}"}
    assert told({**rule, "on_unknown": "hold", "for_each": "body.items"}) == {}


@pytest.mark.parametrize("once", ["${body.user}", "person ${body.person}", "${body.user}/${type}"])
@pytest.mark.parametrize("rule", [ATTRIBUTES, SUBSCRIBE])
def test_a_state_that_only_its_first_change_would_write_is_told(
    rule: dict[str, Any], once: str
) -> None:
    kind = "preferences.updated"
    assert "the first one alone would be written" in told({**rule, "once": once}, kind)["once"]
    assert told({**rule, "once": once}, "consent.created") == {}


@pytest.mark.parametrize(
    "once", ["${id}", "${body.user}@${body.at}", "${body.id}/${body.updatedAt}", "${body.state}"]
)
def test_a_once_that_tells_changes_apart_is_right(once: str) -> None:
    assert told({**SUBSCRIBE, "once": once}, "preferences.updated") == {}


def test_what_is_counted_is_counted_once() -> None:
    assert told({**EVENTS, "once": "${body.user}"}) == {}


@pytest.mark.parametrize("rule, path", [
    (attributes(phone="${body.phone}"), "track.attributes.0.phone"),
    (event(phone="${body.phone}"), "track.events.0.phone"),
])  # fmt: skip
def test_a_number_without_its_country_is_told(rule: dict[str, Any], path: str) -> None:
    assert "an American one" in told(rule)[path]


@pytest.mark.parametrize(
    "rule, path",
    [
        (attributes(email="a@example.org"), "track.attributes.0.email"),
        (event(email="a@example.org"), "track.events.0.email"),
    ],
)
def test_an_address_that_every_profile_would_get_is_told(rule: dict[str, Any], path: str) -> None:
    assert "every profile would get the email" in told(rule)[path]


def test_liquid_in_a_property_is_told_at_its_place() -> None:
    texts = told(event(properties={"a": "{{${first_name}}}".replace("$", "")}))
    assert "is sent as it stands" in texts["track.events.0.properties.a"]


def test_an_attribute_that_is_called_nearly_like_the_profiles_own_is_told() -> None:
    assert (
        "the profile's is first_name"
        in told(attributes(firstName="x"))["track.attributes.0.firstName"]
    )


def test_a_path_that_no_sample_has_is_told_at_its_place() -> None:
    rule = event(properties={"n": "${body.nn}"})
    found = unseen_paths(source(rule), {TYPES: [], "t.updated": [{"body": BODY}]})
    paths = [path for path, _ in found]
    assert ("rules", 0, "track", "events", 0, "properties", "n") in paths


def test_a_number_that_is_text_in_every_sample_is_told_of_attributes_and_properties() -> None:
    body = {**BODY, "total": "12.50"}
    for rule, path in (
        (attributes(total="${body.total}"), ("track", "attributes", 0, "total")),
        (
            event(properties={"total": "${body.total}"}),
            ("track", "events", 0, "properties", "total"),
        ),
    ):
        notes = dict(number_notes(source(rule), {"t.updated": [{"body": body}]}))
        assert "write to_number(body.total)" in notes["rules", 0, *path]


def test_an_id_that_is_nobodys_is_told_in_a_list_too() -> None:
    body = {**BODY, "user": 0}
    for rule, path in (
        (ATTRIBUTES, ("track", "attributes", 0, "external_id")),
        (SUBSCRIBE, ("subscribe", "subscription_groups", 0, "external_ids", 0)),
    ):
        notes = dict(number_notes(source(rule), {"t.updated": [{"body": body}]}))
        assert "is 0 in a sample event" in notes["rules", 0, *path]


def test_an_order_for_a_person_is_told() -> None:
    body = {**BODY, "customer": {"id": 9}}
    rule = event(external_id="${body.id}")
    found = dict(number_warnings(source(rule), {"t.updated": [{"body": body}]}))
    text = found["rules", 0, "track", "events", 0, "external_id"]
    assert "write ${body.customer.id}" in text


def test_a_person_whom_two_rules_name_in_two_ways_is_told_across_kinds() -> None:
    other = {**SEND, "send": {"campaign_id": "c", "recipients": [{"external_user_id": "${id}"}]}}
    rules = [{"name": "a", "type": "t", **ATTRIBUTES}, {"name": "b", "type": "t", **other}]
    text = written({}).rpartition("rules:")[0]
    whole = {**yaml.safe_load(text), "rules": rules}
    text = yaml.safe_dump(whole, sort_keys=False)
    loaded = load("shop", text, "shop.yaml", "dev")
    ((path, said),) = different_persons(loaded, yaml12.load(text, "shop.yaml"))
    assert path == ("rules", 1, "send", "recipients", 0, "external_user_id")
    assert "is not that of a" in said


def test_a_field_that_is_missing_in_every_sample_is_noted() -> None:
    rule = {"track": {"attributes": [{**PERSON, "city": "${body.city}"}]}}
    found = list(missing_fields(source(rule), [planned(rule)]))
    assert found == ["shop/r: attributes.city is missing"]


def test_a_sample_is_made_new_without_another_person() -> None:
    sample = Sample("x", "shop", {}, {**BODY, "user": {"id": 5}, "id": "e-1"})
    rule = event(external_id="${body.user.id}")
    new = renewed(sample, source(rule), lambda letters: letters[0])
    assert isinstance(new.sample.body, dict)
    assert new.sample.body["user"] == {"id": 5}
    assert new.sample.body["id"] != "e-1"
