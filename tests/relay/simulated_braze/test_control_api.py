"""The control API: cheap looks, the last entries alone, and what is none of its bodies."""

import pytest
import requests

from tests.relay.simulated_braze.simulated import NEW, TRACK, Client


def test_the_counts_change_with_whatever_braze_receives_or_is_told(braze: Client) -> None:
    zero = dict.fromkeys(("requests", "sends", "updates", "profiles", "faults"), 0)
    assert braze.call("GET", "/counts") == zero
    assert braze.trigger(NEW).status_code == 201
    assert braze.post(TRACK, {"attributes": [{"external_id": "v"}]}).status_code == 201
    braze.call("POST", "/faults", [{"kind": "hang"}])
    assert braze.call("GET", "/counts") == {
        "requests": 2,
        "sends": 1,
        "updates": 1,
        "profiles": 2,
        "faults": 1,
    }
    braze.call("DELETE", "")
    assert braze.call("GET", "/counts") == zero


@pytest.mark.parametrize("last, shown", [("0", []), ("2", ["b", "c"]), ("9", ["a", "b", "c"])])
def test_of_a_list_the_last_entries_can_be_asked_for(
    braze: Client, last: str, shown: list[str]
) -> None:
    for name in "abc":
        braze.trigger({**NEW, "external_user_id": name})
    sends = braze.call("GET", f"/sends?last={last}")
    assert [one["external_id"] for one in sends] == shown
    assert len(braze.call("GET", f"/requests?last={last}")) == len(shown)


def test_the_sends_of_some_requests_can_be_asked_for(braze: Client) -> None:
    made = [braze.trigger({**NEW, "external_user_id": name}).json() for name in "abc"]
    chosen = "&".join(f"dispatch_id={one['dispatch_id']}" for one in made[1:])
    assert [one["external_id"] for one in braze.call("GET", f"/sends?{chosen}")] == ["b", "c"]
    last = braze.call("GET", f"/sends?{chosen}&last=1")
    assert [one["external_id"] for one in last] == ["c"]
    assert braze.call("GET", "/sends?dispatch_id=none") == []


@pytest.mark.parametrize("last", ["", "-1", "x", "\u0661", "9" * 5_000])
def test_what_is_no_number_of_entries_is_refused_in_words(braze: Client, last: str) -> None:
    answer = requests.get(f"{braze.url}/_sim/sends", params={"last": last}, timeout=60)
    assert answer.status_code == 400
    assert answer.json() == {"error": "last is a number of entries"}


@pytest.mark.parametrize(
    "body, said",
    [
        ({}, "the body: Input should be a valid array"),
        ([{"knd": "hang"}], "0.knd: Extra inputs are not permitted; 0.kind: Field required"),
    ],
)
def test_a_fault_that_is_none_is_refused_by_its_place(
    braze: Client, body: object, said: str
) -> None:
    answer = requests.post(f"{braze.url}/_sim/faults", json=body, timeout=60)
    assert (answer.status_code, answer.json()) == (400, {"error": said})
