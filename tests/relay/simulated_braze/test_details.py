"""Details of campaigns and Canvases, as the simulated Braze tells them: over real sockets."""

import pytest

from tests.relay.simulated_braze.simulated import (
    CAMPAIGN,
    CAMPAIGN_DETAILS,
    CANVAS_DETAILS,
    ID,
    NEW,
    Client,
)

BOTH = pytest.mark.parametrize(
    "path, key", [(CAMPAIGN_DETAILS, "campaign_id"), (CANVAS_DETAILS, "canvas_id")]
)


@BOTH
def test_any_id_is_active_until_another_word_is_put(braze: Client, path: str, key: str) -> None:
    active = {"message": "success", "archived": False, "draft": False, "enabled": True}

    assert braze.details(path, **{key: ID}).json() == active
    for state in {"enabled": False}, {"archived": True}, {"draft": True}:
        braze.call("PUT", f"/targets/{ID}", state)
        answer = braze.details(path, **{key: ID})
        assert (answer.status_code, answer.json()) == (200, active | state)

    braze.call("DELETE", "")
    assert braze.details(path, **{key: ID}).json() == active


@BOTH
def test_what_names_nothing_is_refused(braze: Client, path: str, key: str) -> None:
    braze.call("PUT", f"/targets/{ID}", {"exists": False})
    for params in {}, {key: ID}, {key: "order"}, {"id": ID}:
        answer = braze.details(path, **params)
        assert (answer.status_code, answer.json()) == (400, {"message": "Invalid Campaign ID"})


@BOTH
def test_details_need_the_key_and_a_get_and_count_as_requests(
    braze: Client, path: str, key: str
) -> None:
    assert braze.session.get(braze.url + path, params={key: ID}, timeout=60).status_code == 401
    assert braze.post(path, {key: ID}).status_code == 404
    assert braze.details(path, **{key: ID}).headers["x-ratelimit-remaining"] == "99"


def test_an_unknown_id_is_refused_by_the_trigger_too(braze: Client) -> None:
    braze.call("PUT", f"/targets/{ID}", {"exists": False})
    assert braze.trigger(NEW).json() == {"message": "Invalid Campaign ID"}


def test_a_fault_of_one_path_leaves_the_others(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "status", "status": 403, "path": CANVAS_DETAILS}])

    assert braze.post(CAMPAIGN, {"campaign_id": ID, "recipients": [NEW]}).status_code == 201
    assert braze.details(CAMPAIGN_DETAILS, campaign_id=ID).status_code == 200
    assert braze.details(CANVAS_DETAILS, canvas_id=ID).status_code == 403


def test_a_fault_without_a_path_leaves_the_details(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "status", "status": 503, "times": 1}])

    assert braze.details(CAMPAIGN_DETAILS, campaign_id=ID).status_code == 200
    assert braze.trigger(NEW).status_code == 503


def test_a_key_without_the_permission_sees_no_details_and_sends(braze: Client) -> None:
    braze.call("PUT", "/key", {"permissions": ["campaigns.trigger.send"]})

    assert braze.details(CAMPAIGN_DETAILS, campaign_id=ID).status_code == 403
    assert braze.trigger(NEW).status_code == 201


def test_a_state_that_it_does_not_know_is_refused(braze: Client) -> None:
    answer = braze.session.put(f"{braze.url}/_sim/targets/{ID}", json={"paused": True}, timeout=60)
    assert answer.status_code == 400
