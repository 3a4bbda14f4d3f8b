"""Requests that the simulated Braze takes, refuses and remembers: over real sockets."""

from typing import Any

import pytest

from relay.simulated_braze.app import MAX_BODY
from tests.relay.simulated_braze.simulated import (
    ALIAS,
    BY_EMAIL,
    CAMPAIGN,
    CANVAS,
    ID,
    KNOWN,
    LARGE,
    NEW,
    NO_ID,
    NOON,
    Client,
)


@pytest.mark.parametrize(
    "options, status",
    [
        ({"headers": {"Authorization": "Bearer other"}}, 401),
        ({"headers": {"Authorization": '"Bearer local-braze-key"'}}, 401),
        ({"headers": {}}, 401),
        ({"json": None, "data": "{"}, 415),
        ({"json": None, "data": "{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": []}, 400),
        ({"json": {"x": "x" * MAX_BODY}}, 413),
    ],
)
def test_request_that_is_not_braze_s_is_refused_and_recorded(
    braze: Client, options: dict[str, Any], status: int
) -> None:
    answer = braze.post(CAMPAIGN, {"campaign_id": ID, "recipients": [NEW]}, **options)

    assert answer.status_code == status
    (entry,) = braze.call("GET", "/requests")
    assert (entry["status"], entry["outcome"], braze.sends()) == (status, "rejected", [])


def test_bad_json_is_told_under_error_and_an_unknown_path_under_message(braze: Client) -> None:
    assert "Error while parsing" in braze.post(CAMPAIGN, "text").json()["error"]
    assert braze.post("/campaigns/trigger/sent", {}).json() == {"message": "Invalid URL"}
    assert braze.session.get(braze.url + CAMPAIGN, timeout=60).status_code == 404


@pytest.mark.parametrize(
    "path, body, text",
    [
        (CAMPAIGN, NO_ID, "Invalid Campaign ID"),
        (CAMPAIGN, NO_ID | {"campaign_id": "order"}, "Invalid Campaign ID"),
        (CAMPAIGN, NO_ID | {"campaign_id": 7}, "campaign_id must be a string of the campaign api"),
        (CANVAS, NO_ID | {"campaign_id": ID}, "Invalid Campaign ID"),
        (CAMPAIGN, {"recipients": [KNOWN] * 51}, "The max number of external_ids"),
        (CAMPAIGN, {}, "No Recipients"),
        (CAMPAIGN, {"recipients": []}, "No Recipients"),
        (CAMPAIGN, {"broadcast": True, "recipients": [KNOWN]}, "broadcast excludes"),
        (CAMPAIGN, {"broadcast": True, "attachments": []}, "broadcast excludes"),
        (CAMPAIGN, NO_ID | {"recipient": 1}, "unknown key recipient"),
        (CAMPAIGN, NO_ID | {"context": {}}, "unknown key context"),
        (CANVAS, NO_ID | {"trigger_properties": {}}, "unknown key trigger_properties"),
        (CAMPAIGN, NO_ID | {"trigger_properties": ""}, "wrong type"),
        (CAMPAIGN, NO_ID | {"trigger_properties": LARGE}, "over 50 KB"),
        (CANVAS, {"recipients": [KNOWN | {"context": LARGE}]}, "over 50 KB"),
        (CANVAS, NO_ID | {"context": {}, "canvas_entry_properties": {}}, "two names"),
    ],
)
def test_body_against_the_contract_is_refused_and_sends_nothing(
    braze: Client, path: str, body: dict[str, Any], text: str
) -> None:
    known = (
        {}
        if body.keys() & {"campaign_id", "canvas_id"} or text.startswith("Invalid")
        else {"campaign_id" if path == CAMPAIGN else "canvas_id": ID}
    )

    answer = braze.post(path, known | body)

    assert (answer.status_code, text in answer.json()["message"]) == (400, True), answer.text
    assert braze.sends() == []


@pytest.mark.parametrize(
    "recipient, text",
    [
        ("u", "must be an object"),
        ({}, "exactly one of"),
        (KNOWN | {"user_alias": ALIAS}, "exactly one of"),
        ({"external_user_id": 7}, "wrong type"),
        ({"external_user_id": " "}, "blank"),
        ({"external_user_id": "é" * 494}, "over 987 bytes"),
        ({"user_alias": {"alias_name": "a"}}, "alias_label"),
        ({"user_alias": ALIAS, "send_to_existing_only": True}, "cannot be used with user_alias"),
        ({"email": "a@x.io"}, "need each other"),
        (KNOWN | {"prioritization": ["identified"]}, "need each other"),
        (BY_EMAIL | {"prioritization": ["identified", "unidentified"]}, "prioritization"),
        (BY_EMAIL | {"prioritization": []}, "prioritization"),
        (KNOWN | {"send_to_existing_only": False}, "needs attributes"),
        (NEW | {"attributes": {}}, "needs attributes"),
        (NEW | {"attributes": {"email": "nobody"}}, "not a valid email"),
        (NEW | {"trigger_properties": None}, "wrong type"),
    ],
)
def test_one_bad_recipient_refuses_the_request(braze: Client, recipient: object, text: str) -> None:
    answer = braze.trigger(NEW, recipient)

    assert (answer.status_code, text in answer.json()["message"]) == (400, True), answer.text
    assert braze.sends() == []
    assert braze.call("GET", "/profiles") == {}


def test_accepted_request_has_a_dispatch_id_and_the_rate_headers(braze: Client) -> None:
    answer = braze.trigger(NEW)

    assert answer.status_code == 201
    body = answer.json()
    assert body == {"dispatch_id": body["dispatch_id"], "message": "success"}
    assert len(bytes.fromhex(body["dispatch_id"])) == 16
    raw = {name: value for name, value in answer.raw.headers.items() if name.startswith("x-")}
    assert raw == {
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "99",
        "x-ratelimit-reset": str(int(NOON) + 3600),
    }


def test_hour_s_limit_is_429_until_the_clock_hour_ends(braze: Client) -> None:
    statuses = [braze.trigger(KNOWN).status_code for _ in range(101)]
    braze.now += 3600

    assert statuses == [201] * 100 + [429]
    assert braze.trigger(KNOWN).headers["x-ratelimit-remaining"] == "99"


def test_unknown_user_is_made_from_its_attributes_before_the_send(braze: Client) -> None:
    own, top = {"order": {"own": 1}}, {"order": {"all": 1}, "shop": "x"}

    answer = braze.trigger(NEW | {"trigger_properties": own}, trigger_properties=top).json()

    assert braze.sends() == [
        {
            "dispatch_id": answer["dispatch_id"],
            "time": NOON,
            "recipient": KNOWN,
            "external_id": "u",
            "profile_before": None,
            "attributes": {"city": "Oslo"},
            "profile_after": {"city": "Oslo"},
            "reached": True,
            "because": None,
            "message": {"campaign_id": ID, "trigger_properties": top | own},
        }
    ]


def test_known_user_s_attributes_are_overwritten_and_null_removes(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {"city": "Rome", "age": 7, "email": "a@x.io"})

    braze.trigger(KNOWN | {"attributes": {"city": "Oslo", "age": None}})

    (send,) = braze.sends()
    assert send["profile_before"] == {"city": "Rome", "age": 7, "email": "a@x.io"}
    assert send["profile_after"] == {"city": "Oslo", "email": "a@x.io"}
    assert braze.call("GET", "/profiles") == {"u": send["profile_after"]}


@pytest.mark.parametrize("key", ["context", "canvas_entry_properties"])
def test_canvas_merges_its_properties_under_the_name_used(braze: Client, key: str) -> None:
    braze.post(
        CANVAS, {"canvas_id": ID, key: {"a": 1, "b": 1}, "recipients": [NEW | {key: {"b": 2}}]}
    )

    assert braze.sends()[0]["message"] == {"canvas_id": ID, key: {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    "recipient, because",
    [
        (KNOWN | {"attributes": {"city": "Oslo"}}, "unknown user"),
        ({"user_alias": ALIAS, "attributes": {"city": "Oslo"}}, "unknown alias"),
        (BY_EMAIL | {"send_to_existing_only": False, "attributes": {"a": 1}}, "no user"),
    ],
)
def test_unknown_user_is_accepted_but_neither_reached_nor_made(
    braze: Client, recipient: dict[str, Any], because: str
) -> None:
    assert braze.trigger(recipient).status_code == 201

    (send,) = braze.sends()
    assert (send["reached"], send["message"], because in send["because"]) == (False, None, True)
    assert braze.call("GET", "/profiles") == {}
