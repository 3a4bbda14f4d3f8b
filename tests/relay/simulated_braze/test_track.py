"""What /users/track of the simulated Braze takes, drops and remembers: over real sockets."""

from typing import Any

import pytest

from relay.simulated_braze.app import MAX_BODY
from tests.relay.simulated_braze.simulated import ALIAS, ID, NOON, TRACK, Client

Object = dict[str, Any]
TIME = "2026-11-20T21:00:00Z"
VIEWED: Object = {"external_id": "u", "name": "viewed", "time": TIME}
SALE: Object = {
    "external_id": "u",
    "product_id": "pen",
    "currency": "EUR",
    "price": 2.5,
    "time": TIME,
}
NAMELESS = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
NO_DATA = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."


def track(braze: Client, **arrays: list[Any]) -> Object:
    answer = braze.post(TRACK, arrays)
    assert answer.status_code == 201, answer.text
    told: Object = answer.json()
    return told


def error(array: str, why: str, index: int = 0) -> Object:
    return {"type": why, "input_array": array, "index": index}


def profiles(braze: Client) -> Object:
    found: Object = braze.call("GET", "/profiles")
    return found


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


@pytest.mark.parametrize(
    "change, why",
    [
        ({"name": None}, "name has the wrong type"),
        ({"name": " "}, "'name' must have 1 to 255"),
        ({"name": "x" * 256}, "'name' must have 1 to 255"),
        ({"name": "$viewed"}, "no leading dollar sign"),
        ({"time": 1_700_000_000}, "time has the wrong type"),
        ({"time": "2026-11-20"}, "ISO 8601"),
        ({"time": "2026-02-30T21:00:00Z"}, "ISO 8601"),
        ({"time": "20/11/2026 21:00"}, "ISO 8601"),
        ({"properties": []}, "properties has the wrong type"),
        ({"properties": {"time": 1}}, "Invalid 'properties' field"),
        ({"properties": {"event_name": "x"}}, "Invalid 'properties' field"),
        ({"properties": {"": 1}}, "Invalid 'properties' field"),
        ({"properties": {"$a": 1}}, "Invalid 'properties' field"),
        ({"properties": {"x" * 256: 1}}, "Invalid 'properties' field"),
        ({"properties": {"a": "x" * 256}}, "over 255 characters"),
        ({"properties": {"a": [{"b": "x" * 256}]}}, "over 255 characters"),
        ({"properties": {"a": ["2026-11-20"]}}, "a time within an array"),
        ({"properties": {"a": ["11/20/2026"]}}, "a time within an array"),
        ({"properties": {"a": ["x" * 250] * 405}}, "over 102400 bytes"),
        ({"app_id": 7}, "app_id has the wrong type"),
        ({"external_user_id": "u"}, "unknown key external_user_id"),
    ],
)
def test_a_bad_event_is_dropped_within_a_success(braze: Client, change: Object, why: str) -> None:
    told = track(braze, events=[{**VIEWED, **change}, VIEWED])
    assert told["events_processed"] == 1
    (found,) = told["errors"]
    assert found == error("events", found["type"])
    assert why in found["type"]
    assert braze.call("GET", "/commerce")["total"]["events"] == {"viewed": 1}


@pytest.mark.parametrize("lacking", ["name", "time"])
def test_an_event_has_a_name_and_a_time(braze: Client, lacking: str) -> None:
    one = {name: value for name, value in VIEWED.items() if name != lacking}
    assert track(braze, events=[one])["errors"] == [error("events", f"'{lacking}' is required")]


@pytest.mark.parametrize(
    "change, kept",
    [
        ({"name": " viewed "}, {}),
        ({"time": "2026-11-20T22:00:00+01:00"}, {}),
        ({"time": "2026-11-20 21:00:00"}, {}),
        ({"time": "2026-11-20T21:00:00:000+0000"}, {}),
        ({"time": "2037-01-01T00:00:00Z"}, {"time": NOON}),
        ({"app_id": "a"}, {"app_id": "a"}),
        *[
            ({"properties": it}, {"properties": it})
            for it in ({}, {"x" * 255: "y" * 255}, {"a": ["x" * 250] * 400}, {"a": None, "b": [1]})
        ],
    ],
)
def test_what_an_event_may_hold_is_recorded(braze: Client, change: Object, kept: Object) -> None:
    told = track(braze, events=[{**VIEWED, **change}])
    assert told == {"message": "success", "events_processed": 1}
    (event,) = braze.call("GET", "/profiles/u")["events"]
    seen = {"kind": "event", "name": "viewed", "time": 1_795_208_400.0, "received": NOON}
    assert event == seen | kept


@pytest.mark.parametrize(
    "body, text",
    [
        ({}, NO_DATA),
        ({"events": []}, NO_DATA),
        ({"events": VIEWED}, "events has the wrong type"),
        ({"events": [VIEWED], "api_key": "k"}, "unknown key api_key"),
        ({"attributes": [VIEWED] * 38, "events": [VIEWED] * 38}, "Max Input Length Exceeded"),
        ({"events": [VIEWED] * 76}, "Max Input Length Exceeded"),
    ],
)
def test_a_request_against_the_contract_is_refused_as_a_whole(
    braze: Client, body: Object, text: str
) -> None:
    answer = braze.post(TRACK, body)
    assert (answer.status_code, answer.json()) == (400, {"message": text})
    (entry,) = braze.call("GET", "/requests")
    assert (entry["outcome"], entry["reason"], profiles(braze)) == ("rejected", text, {})


def test_75_objects_of_all_arrays_are_one_request(braze: Client) -> None:
    told = track(
        braze,
        attributes=[{"external_id": f"u{n}"} for n in range(30)],
        events=[VIEWED] * 40,
        purchases=[SALE] * 5,
    )
    assert told["attributes_processed"] + told["events_processed"] == 70
    assert told["purchases_processed"] == 5


@pytest.mark.parametrize(
    "options, status",
    [
        ({"headers": {"Authorization": "Bearer other"}}, 401),
        ({"json": None, "data": "{"}, 415),
        ({"json": None, "data": "{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": {"events": "x" * MAX_BODY}}, 413),
    ],
)
def test_a_request_that_is_not_braze_s_changes_nothing(
    braze: Client, options: Object, status: int
) -> None:
    assert braze.post(TRACK, {"events": [VIEWED]}, **options).status_code == status
    assert braze.call("GET", "/updates") == []


def test_a_purchase_is_counted_apart_as_the_legacy_thing_that_it_is(braze: Client) -> None:
    told = track(braze, purchases=[SALE, {**SALE, "quantity": 3, "properties": {"a": 1}}])

    assert told == {"message": "success", "purchases_processed": 2}
    shown = braze.call("GET", "/profiles/u")["commerce"]
    assert (shown["purchases"], shown["purchase_revenue"]) == (4, {"EUR": 10.0})
    assert (shown["total_orders"], shown["total_revenue"]) == (0, {})


@pytest.mark.parametrize(
    "change, why",
    [
        ({"product_id": ""}, "'product_id' must have 1 to 255"),
        ({"product_id": "x" * 256}, "'product_id' must have 1 to 255"),
        ({"currency": "EURO"}, "'currency' must be an ISO 4217 currency"),
        ({"price": "2.50"}, "'price' is not valid"),
        ({"quantity": 0}, "'quantity' is not valid"),
        ({"quantity": 101}, "'quantity' is not valid"),
        ({"time": "today"}, "ISO 8601"),
        ({"properties": {"price": 1}}, "Invalid 'properties' field"),
        ({"properties": {"a": ["x" * 250] * 204}}, "over 51200 bytes"),
    ],
)
def test_a_bad_purchase_is_dropped_within_a_success(
    braze: Client, change: Object, why: str
) -> None:
    told = track(braze, purchases=[{**SALE, **change}])
    assert told["purchases_processed"] == 0
    assert why in told["errors"][0]["type"]


def test_a_request_of_no_valid_object_can_be_refused(braze: Client) -> None:
    braze.call("PUT", "/switches", {"no_valid_object": "refused"})
    bad = {"name": "viewed", "time": TIME}

    answer = braze.post(TRACK, {"events": [bad]})

    assert answer.status_code == 400
    assert answer.json() == {"message": NO_DATA, "errors": [error("events", NAMELESS)]}
    assert track(braze, events=[bad, VIEWED])["events_processed"] == 1


def test_older_contracts_and_creating_events_are_switches(braze: Client) -> None:
    braze.call("PUT", "/switches", {"track_objects": "each_array"})
    braze.call("PUT", "/switches", {"unknown_alias_of_event": "created"})
    braze.call("PUT", "/switches", {"unknown_keys": "ignored"})
    event = {"user_alias": ALIAS, "_update_existing_only": False, "name": "n", "time": TIME}

    told = track(braze, events=[{**event, "colour": "red"}] * 75, purchases=[SALE] * 75)

    assert (told["events_processed"], told["purchases_processed"]) == (75, 75)
    assert list(profiles(braze)) == ["(unidentified) b: a", "u"]
    assert braze.post(TRACK, {"events": [event] * 76}).status_code == 400


def test_a_key_needs_the_permission_and_the_answer_has_limits_of_its_own(braze: Client) -> None:
    answer = braze.post(TRACK, {"events": [VIEWED]})
    assert answer.headers["x-ratelimit-limit"] == "3000"
    assert answer.headers["x-ratelimit-remaining"] == "2999"
    assert answer.headers["x-ratelimit-reset"] == str(int(NOON) + 3)
    braze.call("PUT", "/key", {"permissions": ["campaigns.trigger.send"]})
    assert braze.post(TRACK, {"events": [VIEWED]}).status_code == 403
    braze.call("PUT", "/key", {"permissions": ["users.track"]})
    assert braze.post(TRACK, {"events": [VIEWED]}).status_code == 201


@pytest.mark.parametrize("style", ["epoch", "retry_after"])
def test_its_limit_is_a_burst_of_three_seconds_and_takes_nothing_from_the_hour(
    braze: Client, style: str
) -> None:
    braze.call("PUT", "/limits", {"track": 2})
    braze.call("PUT", "/switches", {"rate_limit_headers": style})

    answers = [braze.post(TRACK, {"events": [VIEWED]}) for _ in range(3)]

    assert [one.status_code for one in answers] == [201, 201, 429]
    told = answers[-1].headers
    if style == "epoch":
        assert told["x-ratelimit-remaining"] == "0"
    else:
        assert (told["x-ratelimit-retry-after"], "x-ratelimit-limit" in told) == ("3", False)
    assert braze.trigger({"external_user_id": "u"}).headers["x-ratelimit-remaining"] == "99"
    braze.now += 3
    assert braze.post(TRACK, {"events": [VIEWED]}).status_code == 201
