"""Profiles that /users/track of the simulated Braze finds, makes and writes: over real sockets."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import ALIAS, ID, NOON, TRACK, Client
from tests.relay.simulated_braze.tracked import (
    NAMELESS,
    SALE,
    TIME,
    VIEWED,
    Object,
    error,
    profiles,
    track,
)


def test_attributes_and_events_are_counted_and_an_unknown_id_makes_a_profile(
    braze: Client,
) -> None:
    told = track(braze, attributes=[{"external_id": "u", "city": "Oslo"}], events=[VIEWED, VIEWED])

    assert told == {"message": "success", "attributes_processed": 1, "events_processed": 2}
    shown = braze.call("GET", "/profiles/u")
    assert shown["profile"] == {"city": "Oslo"}
    (change,) = shown["history"]
    assert (change["cause"], change["before"], change["after"]) == (
        "POST /users/track",
        None,
        {"city": "Oslo"},
    )
    seen = {"kind": "event", "name": "viewed", "time": 1_795_208_400.0, "received": NOON}
    assert shown["events"] == [seen, seen]
    assert shown["commerce"]["events"] == {"viewed": 2}
    assert braze.sends() == []


def test_each_object_has_an_entry_with_what_came_of_it(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {"city": "Rome"})
    given = {"external_id": "u", "city": "Oslo"}

    track(braze, events=[{"name": "viewed", "time": TIME}], attributes=[given])

    written, bad = braze.call("GET", "/updates")
    assert written == {
        "time": NOON,
        "path": TRACK,
        "array": "attributes",
        "index": 0,
        "object": given,
        "external_id": "u",
        "applied": True,
        "because": None,
        "profile_before": {"city": "Rome"},
        "profile_after": {"city": "Oslo"},
    }
    assert (bad["array"], bad["applied"], bad["because"]) == ("events", False, NAMELESS)
    assert braze.call("GET", "/updates?last=1") == [bad]
    assert braze.call("GET", "/counts")["updates"] == 2


@pytest.mark.parametrize(
    "one",
    [
        {"external_id": "u", "_update_existing_only": True},
        {"user_alias": ALIAS},
        {"user_alias": ALIAS, "_update_existing_only": True},
        {"braze_id": "b"},
        {"email": "a@x.io", "_update_existing_only": True},
        {"phone": "+15043277269", "_update_existing_only": True},
    ],
)
@pytest.mark.parametrize("array", ["attributes", "events"])
def test_whom_braze_does_not_know_and_may_not_make_is_dropped_without_a_word(
    braze: Client, one: Object, array: str
) -> None:
    told = track(
        braze, **{array: [{**one, **({"name": "n", "time": TIME} if "ev" in array else {})}]}
    )

    assert told == {"message": "success", f"{array}_processed": 1}
    assert profiles(braze) == {}
    assert braze.call("GET", "/updates")[0]["because"].startswith("unknown ")


@pytest.mark.parametrize(
    "one, made",
    [
        ({"external_id": "u", "_update_existing_only": False}, {"u": {}}),
        (
            {"user_alias": ALIAS, "_update_existing_only": False},
            {"(unidentified) b: a": {"user_aliases": [ALIAS]}},
        ),
        ({"email": "a@x.io"}, {"(unidentified) a@x.io": {"email": "a@x.io"}}),
        ({"phone": "+15043277269"}, {"(unidentified) +15043277269": {"phone": "+15043277269"}}),
        (
            {"email": "a@x.io", "phone": "+15043277269"},
            {"(unidentified) a@x.io": {"email": "a@x.io", "phone": "+15043277269"}},
        ),
        (
            {"push_token_import": True, "push_tokens": [{"app_id": "i", "token": "t"}]},
            {"(unidentified) token t": {"push_tokens": [{"app_id": "i", "token": "t"}]}},
        ),
    ],
)
def test_whom_braze_does_not_know_it_makes(braze: Client, one: Object, made: Object) -> None:
    track(braze, attributes=[one])
    track(braze, attributes=[one])
    assert profiles(braze) == made


def test_an_event_makes_no_alias_unless_attributes_of_its_request_did(braze: Client) -> None:
    event = {"user_alias": ALIAS, "_update_existing_only": False, "name": "n", "time": TIME}
    track(braze, events=[event])
    assert profiles(braze) == {}

    track(braze, events=[event], attributes=[{"user_alias": ALIAS, "_update_existing_only": False}])
    assert list(profiles(braze)) == ["(unidentified) b: a"]
    assert braze.call("GET", "/commerce")["total"]["events"] == {"n": 1}


@pytest.mark.parametrize(
    "put, found",
    [
        (["profiles/one", "profiles/two", "unidentified/three"], "two"),
        (["unidentified/one", "unidentified/two"], "(unidentified) two"),
    ],
)
def test_of_several_with_an_address_the_last_identified_one_is_meant(
    braze: Client, put: list[str], found: str
) -> None:
    for place in put:
        braze.call("PUT", f"/{place}", {"email": "a@x.io"})

    track(braze, attributes=[{"email": "A@x.io", "city": "Oslo"}])

    changed = {user: one for user, one in profiles(braze).items() if "city" in one}
    assert changed == {found: {"email": "a@x.io", "city": "Oslo"}}


def test_beside_a_primary_identifier_address_and_number_are_attributes(braze: Client) -> None:
    braze.call("PUT", "/profiles/other", {"email": "a@x.io"})
    beside = {"email": "a@x.io", "phone": "+15043277269"}

    track(
        braze, attributes=[{"external_id": "u", **beside}], events=[{**VIEWED, "email": "b@x.io"}]
    )

    assert profiles(braze)["u"] == {**beside, "email": "b@x.io"}
    assert "city" not in profiles(braze)["other"]
    assert "email" not in braze.call("GET", "/profiles/u")["events"][0]


@pytest.mark.parametrize(
    "before, given, after",
    [
        ({"points": 5}, {"points": {"inc": -2}}, {"points": 3}),
        ({"tags": ["a", "b"]}, {"tags": {"add": ["a"], "remove": ["b"]}}, {"tags": ["a"]}),
        ({"pets": [{"id": 1}]}, {"pets": {"$add": [{"id": 2}]}}, {"pets": [{"id": 1}, {"id": 2}]}),
        ({"size": {"a": 1}}, {"size": {"b": 2}}, {"size": {"b": 2}}),
        (
            {"size": {"a": 1}},
            {"size": {"b": 2}, "_merge_objects": True},
            {"size": {"a": 1, "b": 2}},
        ),
        ({"size": {"a": 1}}, {"size": {"b": None}}, {"size": {"a": 1}}),
        ({"size": {"a": 1}}, {"size": {"b": ["x" * 250] * 500}}, {"size": {"a": 1}}),
        ({"city": "Rome", "a": 1}, {"city": None}, {"a": 1}),
        (
            {},
            {"name": "Ann", "time": "later", "product_id": 7},
            {"name": "Ann", "time": "later", "product_id": 7},
        ),
    ],
)
def test_attributes_are_written_as_those_of_a_recipient_are(
    braze: Client, before: Object, given: Object, after: Object
) -> None:
    braze.call("PUT", "/profiles/u", before)
    track(braze, attributes=[{"external_id": "u", **given}])
    assert profiles(braze) == {"u": after}


@pytest.mark.parametrize(
    "one, why",
    [
        ("u", "must be an object"),
        ({"city": "Oslo"}, NAMELESS),
        ({"external_user_id": "u"}, NAMELESS),
        ({"email": None}, NAMELESS),
        ({"external_id": "u", "user_alias": ALIAS}, "only one of 'external_id', 'user_alias'"),
        ({"external_id": "u", "braze_id": "b"}, "only one of"),
        ({"external_id": 7}, "'external_id' has the wrong type"),
        ({"external_id": None}, "'external_id' has the wrong type"),
        ({"external_id": " "}, "'external_id' is blank"),
        ({"external_id": "é" * 494}, "EXTERNAL_USER_ID_TOO_LARGE"),
        ({"user_alias": {"alias_name": "a"}}, "alias_label"),
        ({"user_alias": {"alias_name": "a" * 237, "alias_label": "b"}}, "over 236 bytes"),
        ({"email": "nobody"}, "not a valid email"),
        ({"external_id": "u", "email": "nobody"}, "not a valid email"),
        ({"phone": "(504) 327-7269"}, "E.164"),
        ({"external_id": "u", "_update_existing_only": "no"}, "wrong type"),
    ],
)
@pytest.mark.parametrize("array", ["attributes", "events", "purchases"])
def test_an_object_without_one_identifier_is_dropped_within_a_success(
    braze: Client, array: str, one: Any, why: str
) -> None:
    good = {"attributes": {"external_id": "u"}, "events": VIEWED, "purchases": SALE}[array]
    rest = {name: value for name, value in good.items() if name != "external_id"}
    bad = {**rest, **one} if isinstance(one, dict) else one

    told = track(braze, **{array: [good, bad]})

    assert told[f"{array}_processed"] == 1
    (found,) = told["errors"]
    assert found == error(array, found["type"], 1)
    assert why in found["type"]
    assert list(profiles(braze)) == ["u"]


@pytest.mark.parametrize(
    "given, why",
    [
        ({"email_subscribe": "yes"}, "BAD_EMAIL_SUBSCRIPTION_STATE"),
        ({"push_subscribe": "yes"}, "BAD_PUSH_SUBSCRIPTION_STATE"),
        ({"current_location": [1, 2]}, "BAD_LOCATION_UPDATE"),
        ({"push_tokens": [{"app_id": "a"}]}, "BAD_PUSH_TOKEN_VALUE"),
        ({"push_token_import": True, "push_tokens": []}, "BAD_PUSH_TOKEN_IMPORT"),
        (
            {"push_token_import": True, "push_tokens": [{"app_id": "a", "token": "t"}]},
            "BAD_PUSH_TOKEN_IMPORT",
        ),
        ({"push_token_import": "yes"}, "'push_token_import' has the wrong type"),
        ({"subscription_groups": [{"subscription_group_id": ID}]}, "BAD_SUBSCRIPTION_GROUP_HASH"),
        ({"email_subscription_info": 1}, "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO"),
        ({"dob": "20.11.1980"}, "must be YYYY-MM-DD"),
        ({"x" * 256: 1}, "1 to 255 characters"),
        ({"note": "x" * 256}, "over 255 characters"),
        ({"tags": list(range(501))}, "more than 500"),
        ({"points": {"inc": "1"}}, "inc takes a whole number"),
    ],
)
def test_an_object_with_a_bad_attribute_is_dropped_within_a_success(
    braze: Client, given: Object, why: str
) -> None:
    told = track(braze, attributes=[{"external_id": "u", "city": "Oslo", **given}])
    assert (told["attributes_processed"], len(told["errors"])) == (0, 1)
    assert why in told["errors"][0]["type"]
    assert profiles(braze) == {}

    braze.call("PUT", "/switches", {"bad_attributes": "ignored"})
    if "push_token_import" not in given:
        track(braze, attributes=[{"external_id": "u", "city": "Oslo", **given}])
        assert profiles(braze) == {"u": {"city": "Oslo"}}
