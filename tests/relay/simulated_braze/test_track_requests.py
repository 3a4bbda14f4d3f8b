"""Requests that /users/track of the simulated Braze takes and refuses, and their rate limit."""

import pytest

from relay.simulated_braze.app import MAX_BODY
from tests.relay.simulated_braze.simulated import ALIAS, NOON, TRACK, Client
from tests.relay.simulated_braze.tracked import (
    NAMELESS,
    NO_DATA,
    SALE,
    TIME,
    VIEWED,
    Object,
    error,
    profiles,
    track,
)


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
