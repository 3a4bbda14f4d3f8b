"""Faults that strike requests which change profiles: over real sockets."""

from contextlib import suppress
from typing import Any

import pytest
import requests

from tests.relay.simulated_braze.simulated import ID, NEW, NOON, SUBSCRIBE, TRACK, Client

VIEWED = {"external_id": "u", "name": "viewed", "time": "2026-11-20T21:00:00Z"}
GROUP = {"subscription_group_id": ID, "subscription_state": "subscribed", "external_ids": ["u"]}
UPDATES: dict[str, dict[str, Any]] = {
    TRACK: {"attributes": [{"external_id": user} for user in "uv"], "events": [VIEWED]},
    SUBSCRIBE: {"subscription_groups": [GROUP]},
}
OBJECTS = {TRACK: 3, SUBSCRIBE: 1}
REFUSED = {"type": "EMAIL_BAD_FORMAT", "input_array": "recipients", "index": 1}


@pytest.mark.parametrize(
    "objects, places, lost",
    [
        ("first", [("attributes", 0)], [("attributes", 0)]),
        ("all", [("attributes", 0), ("attributes", 1), ("events", 0)], None),
        ("absent", [("attributes", 2)], []),
    ],
)
def test_the_errors_of_a_fault_name_objects_and_nothing_of_these_is_written(
    braze: Client,
    objects: str,
    places: list[tuple[str, int]],
    lost: list[tuple[str, int]] | None,
) -> None:
    fault = {"kind": "errors", "objects": objects, "body": "no", "times": 1, "path": TRACK}
    braze.call("POST", "/faults", [fault])

    told = braze.post(TRACK, UPDATES[TRACK]).json()

    errors = [{"type": "no", "input_array": name, "index": index} for name, index in places]
    assert (told["message"], told["errors"]) == ("success", errors)
    lost = places if lost is None else lost
    assert told["attributes_processed"] == 2 - sum(name == "attributes" for name, _ in lost)
    assert told["events_processed"] == 1 - sum(name == "events" for name, _ in lost)
    entries = braze.call("GET", "/updates")
    dropped = [(one["array"], one["index"]) for one in entries if not one["applied"]]
    assert dropped == lost
    assert len(entries) == 3


def test_a_fault_can_name_recipients_and_groups_too(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "errors", "objects": "first"}])

    error = {"type": "simulated minor error", "index": 0}
    told = braze.trigger(NEW, NEW | {"external_user_id": "v"}).json()["errors"]
    assert told == [error | {"input_array": "recipients"}]
    told = braze.post(SUBSCRIBE, UPDATES[SUBSCRIBE]).json()["errors"]
    assert told == [error | {"input_array": "subscription_groups"}]
    assert braze.call("GET", "/profiles") == {"v": NEW["attributes"]}
    assert [one["applied"] for one in braze.call("GET", "/updates")] == [False]


@pytest.mark.parametrize("path", [TRACK, SUBSCRIBE])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["status", "slow", "reset", "cut", "drip"])
def test_a_fault_strikes_what_changes_profiles_as_it_strikes_what_sends(
    braze: Client, path: str, kind: str, *, after: bool
) -> None:
    fault = {"kind": kind, "after": after, "times": 1, "seconds": 0.01}
    braze.call("POST", "/faults", [fault])

    answered = None
    with suppress(requests.RequestException):
        answered = braze.post(path, UPDATES[path], timeout=60).status_code

    assert answered == {"status": 503, "slow": 201, "drip": 201}.get(kind)
    is_done = after or kind == "slow"
    assert braze.call("GET", "/counts")["updates"] == is_done * OBJECTS[path]
    assert braze.post(path, UPDATES[path]).status_code == 201


@pytest.mark.parametrize("path, seconds", [(TRACK, 3), (SUBSCRIBE, 60)])
def test_a_429_tells_of_the_endpoint_s_own_window(braze: Client, path: str, seconds: int) -> None:
    limited = {"kind": "status", "status": 429, "times": 1}
    braze.call("POST", "/faults", [limited, limited | {"limit": "retry_after"}])
    first, second = (braze.post(path, UPDATES[path]) for _ in range(2))
    assert first.headers["x-ratelimit-reset"] == str(int(NOON) + seconds)
    assert second.headers["x-ratelimit-retry-after"] == str(seconds)
    assert "x-ratelimit-reset" not in second.headers


@pytest.mark.parametrize("errors", ["minor", {"a": 1}, ["minor"], [REFUSED]])
def test_errors_of_any_shape_stand_beside_those_of_bad_objects(braze: Client, errors: Any) -> None:
    fault = {"kind": "errors", "body": errors, "path": TRACK}
    braze.call("POST", "/faults", [fault])
    assert braze.post(TRACK, UPDATES[TRACK]).json()["errors"] == errors

    told = braze.post(TRACK, {"events": [VIEWED, {**VIEWED, "time": "today"}]}).json()

    bad = {"type": "'time' must be a time in ISO 8601", "input_array": "events", "index": 1}
    assert told["errors"] == [bad, *(errors if isinstance(errors, list) else [])]


def test_a_notice_changes_no_profile(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "notice", "body": "closed"}])
    assert braze.post(TRACK, UPDATES[TRACK]).json()["notice"] == "closed"
    assert braze.call("GET", "/updates") == []
