"""The transactional endpoint of the simulated Braze: over real sockets."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import ALIAS, ID, KNOWN, NEW, NOON, Client

TRANSACTIONAL = f"/transactional/v1/campaigns/{ID}/send"
DAY = 86_400


@pytest.mark.parametrize(
    "body, text",
    [
        ({}, "No Recipients"),
        ({"recipients": [KNOWN]}, "unknown key recipients"),
        ({"recipient": KNOWN | {"email": "a@x.io"}}, "unknown key email"),
        ({"recipient": KNOWN | {"user_alias": ALIAS}}, "exactly one of external_user_id and"),
        ({"recipient": KNOWN, "external_send_id": "a b"}, "external_send_id has characters"),
        ({"recipient": KNOWN, "external_send_id": ""}, "external_send_id has characters"),
        ({"recipient": KNOWN | {"attributes": {"email": "a"}}}, "not a valid email"),
    ],
)
def test_a_transactional_send_takes_one_recipient_and_a_key(
    braze: Client, body: dict[str, Any], text: str
) -> None:
    answer = braze.post(TRANSACTIONAL, body)

    assert (answer.status_code, text in answer.json()["message"]) == (400, True), answer.text
    assert braze.sends() == []


def test_a_transactional_send_makes_the_user_and_is_not_repeated_for_a_day(braze: Client) -> None:
    one = {"external_user_id": "u", "attributes": {"email": "a@x.io"}}
    body = {"recipient": one, "external_send_id": "order-7", "trigger_properties": {"a": 1}}

    first = braze.post(TRANSACTIONAL, body)
    again = braze.post(TRANSACTIONAL, body)
    braze.now += DAY
    later = braze.post(TRANSACTIONAL, body)

    assert (first.json()["status"], first.json()["metadata"]) == (
        "sent",
        {"campaign_api_id": ID, "external_send_id": "order-7"},
    )
    assert again.json()["message"].startswith("The external reference has been queued.")
    assert [first.status_code, again.status_code, later.status_code] == [201, 400, 201]
    assert [send["time"] for send in braze.sends()] == [NOON, NOON + DAY]
    assert braze.sends()[0]["profile_after"] == {"email": "a@x.io"}


def test_a_refused_transactional_send_leaves_its_key_free(braze: Client) -> None:
    body = {"recipient": NEW, "external_send_id": "k"}
    assert braze.post(TRANSACTIONAL, body).status_code == 400
    assert braze.post(TRANSACTIONAL, body | {"recipient": KNOWN}).status_code == 201


def test_only_transactional_campaigns_may_use_their_endpoint(braze: Client) -> None:
    braze.call("PUT", f"/targets/{ID}", {"kind": "campaign"})
    other = braze.post(TRANSACTIONAL, {"recipient": KNOWN}).json()["message"]
    braze.call("PUT", f"/targets/{ID}", {"exists": False})

    assert other.startswith("The campaign is not a transactional campaign")
    gone = braze.post(TRANSACTIONAL, {"recipient": KNOWN})
    assert gone.json() == {"message": "Campaign does not exist"}
