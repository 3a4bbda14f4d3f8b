"""The profiles of the simulated Braze, and what attributes make of them: over real sockets."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import (
    ALIAS,
    BY_EMAIL,
    CAMPAIGN,
    ID,
    KNOWN,
    NEW,
    NOON,
    Client,
)


def test_a_profile_without_an_external_id_is_reached_by_its_address_alone(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {"email": "a@x.io"})
    braze.call("PUT", "/unidentified/v", {"email": "a@x.io"})
    words: list[list[str]] = [["identified"], ["unidentified"], ["most_recently_updated"]]
    for prioritization in words:
        braze.trigger({"email": "a@x.io", "prioritization": prioritization})
    braze.trigger({"external_user_id": "v"})

    reached = [send["external_id"] for send in braze.sends()]
    assert reached == ["u", "(unidentified) v", "(unidentified) v", None]


def test_every_change_of_a_profile_is_told_with_its_cause(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {"city": "Rome"})
    dispatch_id = braze.trigger(NEW).json()["dispatch_id"]
    braze.trigger(KNOWN)

    told = braze.call("GET", "/profiles/u")
    assert told["profile"] == {"city": "Oslo"}
    assert told["history"] == [
        {
            "cause": "PUT /_sim",
            "dispatch_id": None,
            "time": NOON,
            "before": None,
            "after": {"city": "Rome"},
        },
        {
            "cause": f"POST {CAMPAIGN}",
            "dispatch_id": dispatch_id,
            "time": NOON,
            "before": {"city": "Rome"},
            "after": {"city": "Oslo"},
        },
    ]


@pytest.mark.parametrize(
    "value, becomes",
    [
        ({"n": {"inc": -2}}, {"n": 5}),
        ({"new": {"inc": 2}}, {"new": 2}),
        ({"tags": {"add": ["a", "c"], "remove": ["b"]}}, {"tags": ["a", "c"]}),
        ({"tags": {"add": ["c", "a", "c"]}}, {"tags": ["b", "a", "c"]}),
        (
            {"tags": ["hot dog", "hot dog", "hot dog", "pizza"]},
            {"tags": ["hot dog", "pizza"]},
        ),
        ({"tags": [1, True, "1", 1.0, True]}, {"tags": ["1", 1.0, True]}),
        ({"cars": [{"id": 1}, {"id": 1}]}, {"cars": [{"id": 1}, {"id": 1}]}),
        ({"cars": {"add": ["a"]}}, {"cars": [{"id": 1, "km": 5}, "a"]}),
        ({"cars": {"$add": [{"id": 2}]}}, {"cars": [{"id": 1, "km": 5}, {"id": 2}]}),
        (
            {"cars": {"$remove": [{"$identifier_key": "id", "$identifier_value": 1}]}},
            {"cars": []},
        ),
        (
            {
                "_merge_objects": True,
                "cars": {
                    "$update": [
                        {
                            "$identifier_key": "id",
                            "$identifier_value": 1,
                            "$new_object": {"km": 9},
                        }
                    ]
                },
            },
            {"cars": [{"id": 1, "km": 9}]},
        ),
        ({"_merge_objects": True, "pet": {"age": 3}}, {"pet": {"name": "Rex", "age": 3}}),
        ({"pet": {"age": 3}}, {"pet": {"age": 3}}),
        ({"pet": {"text": "x" * 255, "more": ["y" * 255] * 400}}, {}),
        ({"pet": {"born": {"$time": "soon"}}}, {}),
        ({"pet": {"age": 3, "born": None}}, {}),
        ({"_merge_objects": True, "pet": {"toys": [{"name": None}]}}, {}),
        ({"cars": {"$add": [{"id": None}]}}, {}),
        ({"cars": {"$remove": [{"$identifier_key": "id", "$identifier_value": None}]}}, {}),
        ({"bio": "x"}, {}),
    ],
)
def test_attributes_are_written_as_their_operators_say(
    braze: Client, value: dict[str, Any], becomes: dict[str, Any]
) -> None:
    before = {"n": 7, "tags": ["a", "b"], "cars": [{"id": 1, "km": 5}], "pet": {"name": "Rex"}}
    braze.call("PUT", "/profiles/u", before)

    assert braze.trigger(KNOWN | {"attributes": value}).status_code == 201

    assert braze.call("GET", "/profiles")["u"] == before | becomes


def test_alias_reaches_the_profile_that_has_it(braze: Client) -> None:
    braze.call("PUT", "/profiles/u%2F1", {"user_aliases": [ALIAS]})

    braze.trigger({"user_alias": ALIAS, "attributes": {"city": "Oslo"}})

    assert braze.call("GET", "/profiles")["u/1"]["city"] == "Oslo"


@pytest.mark.parametrize(
    "prioritization, user",
    [
        (["identified"], None),
        (["unidentified", "most_recently_updated"], None),
        (["most_recently_updated"], "first"),
        (["identified", "least_recently_updated"], "second"),
    ],
)
def test_email_reaches_a_user_only_when_prioritization_leaves_one(
    braze: Client, prioritization: list[str], user: str | None
) -> None:
    for name in ("first", "second", "first"):
        braze.call("PUT", f"/profiles/{name}", {"email": "a@x.io", "name": name})

    braze.trigger(BY_EMAIL | {"prioritization": prioritization})

    (send,) = braze.sends()
    assert send["reached"] is bool(user)
    assert (send["profile_after"] or {}).get("name") == user


def test_user_named_twice_gets_one_message_per_request_but_one_for_each_request(
    braze: Client,
) -> None:
    first, last = {"trigger_properties": {"n": 1}}, {"trigger_properties": {"n": 2}}
    braze.trigger(NEW | first, {"external_user_id": "v"}, KNOWN | last)
    braze.trigger(KNOWN)

    sends = braze.sends()
    assert [send["reached"] for send in sends] == [False, False, True, True]
    assert sends[0]["because"] == "this user is in the request once more"
    assert sends[2]["message"] == {"campaign_id": ID} | last
    assert sends[2]["profile_after"] == {"city": "Oslo"}
