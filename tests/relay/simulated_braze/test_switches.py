"""Switches of the simulated Braze, as the control API sets them: over real sockets."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import (
    ALIAS,
    BY_EMAIL,
    CAMPAIGN,
    CANVAS,
    ID,
    KNOWN,
    LARGE,
    NEW,
    NOON,
    Client,
)

AUDIENCE = {
    "custom_attribute": {"custom_attribute_name": "city", "comparison": "equals", "value": "Oslo"}
}
TRANSACTIONAL = f"/transactional/v1/campaigns/{ID}/send"


def canvas(recipient: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"canvas_id": ID, "recipients": [recipient], **more}


BAD = NEW | {"attributes": {"city": "Oslo", "gender": "x"}}
NAMED = NEW | {"attributes": {"city": "Oslo", "external_id": "v"}}
GROUPS = [{"subscription_group_id": ID, "subscription_state": "subscribed"}]
BOTH = {"context": {"a": 1}, "canvas_entry_properties": {"b": 1}}
MISSPELT = {"campaign_id": ID, "recipients": [NEW], "recipient": 1}


@pytest.mark.parametrize(
    "switch, path, body, sent",
    [
        ({"unknown_keys": "ignored"}, CAMPAIGN, MISSPELT, {"city": "Oslo"}),
        ({"bad_attributes": "ignored"}, CANVAS, canvas(BAD), {"city": "Oslo"}),
        ({"identifiers_in_attributes": "ignored"}, CANVAS, canvas(NAMED), {"city": "Oslo"}),
        (
            {"properties_over_50_kb": "accepted"},
            CANVAS,
            canvas(NEW, context=LARGE),
            {"city": "Oslo"},
        ),
        ({"both_context_names": "context"}, CANVAS, canvas(NEW, **BOTH), {"city": "Oslo"}),
        (
            {"unknown_email": "created"},
            CANVAS,
            canvas(BY_EMAIL | {"send_to_existing_only": False, "attributes": {"email": "a@x.io"}}),
            {"email": "a@x.io"},
        ),
    ],
)
def test_a_switch_lets_through_what_is_stopped_by_default(
    braze: Client, switch: dict[str, str], path: str, body: dict[str, Any], sent: dict[str, Any]
) -> None:
    strict = braze.post(path, body)
    assert strict.status_code == 400 or not braze.sends()[-1]["reached"]

    braze.call("PUT", "/switches", switch)

    assert braze.post(path, body).status_code == 201
    assert (braze.sends()[-1]["reached"], braze.sends()[-1]["profile_after"]) == (True, sent)


def test_bad_attributes_can_be_minor_errors_and_left_out(braze: Client) -> None:
    braze.call("PUT", "/switches", {"bad_attributes": "errors"})

    answer = braze.trigger(KNOWN, BAD)

    told = "recipients[1]: attributes.gender: must be one of M, F, O, N, P"
    assert (answer.status_code, answer.json()["errors"]) == (201, [told])
    assert braze.call("GET", "/profiles") == {"u": {"city": "Oslo"}}


def test_one_name_of_the_context_wins(braze: Client) -> None:
    braze.call("PUT", "/switches", {"both_context_names": "canvas_entry_properties"})
    braze.post(CANVAS, canvas(NEW | {"context": {"c": 1}}, **BOTH))
    message = braze.sends()[0]["message"]
    assert message == {"canvas_id": ID, "canvas_entry_properties": {"b": 1}}


def test_operators_can_be_stored_as_they_are_and_groups_left_out_of_a_canvas(
    braze: Client,
) -> None:
    braze.call("PUT", "/switches", {"operators": "stored"})
    braze.call("PUT", "/switches", {"canvas_subscription_groups": "ignored"})
    braze.post(
        CANVAS, canvas(NEW | {"attributes": {"n": {"inc": 1}, "subscription_groups": GROUPS}})
    )
    assert braze.call("GET", "/profiles") == {"u": {"n": {"inc": 1}}}


def test_an_audience_alone_can_be_a_broadcast(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {"city": "Oslo"})
    alone = {"campaign_id": ID, "audience": AUDIENCE}
    assert braze.post(CAMPAIGN, alone).json() == {"message": "No Recipients"}
    braze.call("PUT", "/switches", {"audience_alone": "broadcast"})
    braze.post(CAMPAIGN, alone)
    assert braze.sends()[0]["users"] == ["u"]


def test_an_absent_attribute_can_match_nothing(braze: Client) -> None:
    braze.call("PUT", "/switches", {"absent_attribute": "no_match"})
    differs = {"custom_attribute": AUDIENCE["custom_attribute"] | {"comparison": "not_equal"}}
    braze.trigger(NEW | {"attributes": {"a": 1}}, audience=differs)
    assert not braze.sends()[0]["reached"]


@pytest.mark.parametrize("more", [{"broadcast": False}, {"broadcast": True}])
def test_an_audience_beside_a_word_on_broadcasts_is_sent_to(
    braze: Client, more: dict[str, bool]
) -> None:
    braze.call("PUT", "/profiles/u", {"city": "Oslo"})
    braze.call("PUT", "/profiles/v", {"city": "Bergen"})
    for path, key in ((CAMPAIGN, "campaign_id"), (CANVAS, "canvas_id")):
        answer = braze.post(path, {key: ID, "audience": AUDIENCE, **more})
        assert answer.status_code == 201, answer.text
    assert [one["users"] for one in braze.sends()] == [["u"], ["u"]]


def test_no_recipients_and_no_audience_reach_nobody(braze: Client) -> None:
    nothing: list[dict[str, Any]] = [
        {},
        {"recipients": []},
        {"recipients": [], "audience": AUDIENCE},
    ]
    for more in nothing:
        answer = braze.post(CAMPAIGN, {"campaign_id": ID, "broadcast": False, **more})
        assert answer.json() == {"message": "No Recipients"}


def test_an_attachment_can_come_by_any_scheme(braze: Client) -> None:
    given = [{"file_name": "bill", "url": "http://a.example/b.pdf"}]
    assert braze.trigger(NEW, attachments=given).status_code == 400
    braze.call("PUT", "/switches", {"attachments": "any_scheme"})
    assert braze.trigger(NEW, attachments=given).status_code == 201


@pytest.mark.parametrize("value, status", [("notice", 201), ("refused", 400)])
def test_a_paused_campaign_can_say_so(braze: Client, value: str, status: int) -> None:
    braze.call("PUT", f"/targets/{ID}", {"enabled": False})
    braze.call("PUT", "/switches", {"paused_campaign": value})

    answer = braze.trigger(NEW)

    assert answer.status_code == status
    told = answer.json().get("notice", answer.json()["message"])
    assert told.startswith("The campaign is paused. Resume the campaign")


def test_a_paused_canvas_can_write_the_attributes(braze: Client) -> None:
    braze.call("PUT", f"/targets/{ID}", {"enabled": False})
    braze.call("PUT", "/switches", {"paused_attributes": "written"})
    braze.post(CANVAS, canvas(NEW))
    assert not braze.sends()[0]["reached"]
    assert braze.call("GET", "/profiles") == {"u": {"city": "Oslo"}}


def test_a_repeated_transactional_send_can_get_its_first_answer(braze: Client) -> None:
    braze.call("PUT", "/switches", {"repeated_external_send_id": "same_answer"})
    body = {"recipient": {"user_alias": ALIAS}, "external_send_id": "k"}
    assert braze.post(TRANSACTIONAL, body).json() == braze.post(TRANSACTIONAL, body).json()
    assert len(braze.sends()) == 1


def test_statuses_that_braze_does_not_say_are_switches(braze: Client) -> None:
    braze.call("PUT", "/switches", {"accepted_status": 200, "wrong_method": 405})
    braze.call("PUT", "/switches", {"body_too_large": 400, "permission_missing": 401})
    assert braze.trigger(NEW).status_code == 200
    assert braze.session.get(braze.url + CAMPAIGN, timeout=60).status_code == 405
    assert braze.trigger(NEW, x="x" * 4_000_000).status_code == 400
    braze.call("PUT", "/key", {"permissions": ["canvas.trigger.send"]})
    assert braze.trigger(NEW).status_code == 401
    assert braze.post(CANVAS, canvas(NEW)).status_code == 200


def test_a_key_without_permission_or_from_elsewhere_is_refused(braze: Client) -> None:
    braze.call("PUT", "/key", {"permissions": []})
    forbidden = braze.trigger(NEW)
    braze.call("PUT", "/key", {"permissions": None, "address_allowed": False})
    elsewhere = braze.trigger(NEW)
    assert (forbidden.status_code, elsewhere.status_code) == (403, 403)
    assert forbidden.json()["message"].startswith("You do not have permission")
    assert elsewhere.json() == {"message": "Invalid whitelisted IPs"}


def test_the_clock_can_stand_and_run_ahead(braze: Client) -> None:
    assert braze.call("PUT", "/clock", {"now": 7}) == {"now": 7}
    braze.trigger(NEW)
    assert braze.call("PUT", "/clock", {"ahead": 60}) == {"now": NOON + 60}
    braze.trigger(NEW)
    assert [send["time"] for send in braze.sends()] == [7, NOON + 60]


@pytest.mark.parametrize("what", ["switches", "limits", "key", "clock"])
def test_what_is_set_is_named_kept_and_reset(braze: Client, what: str) -> None:
    default = braze.call("GET", f"/{what}")
    one = {
        "switches": {"wrong_method": 405},
        "limits": {"hour": 7},
        "key": {"permissions": ["x"]},
        "clock": {"now": 7},
    }[what]

    assert braze.call("PUT", f"/{what}", one) == braze.call("GET", f"/{what}") == default | one
    url = f"{braze.url}/_sim/{what}"
    assert braze.session.put(url, json={"unknown": 1}, timeout=60).status_code == 400
    assert braze.call("GET", f"/{what}") == default | one
    braze.call("DELETE", "")
    assert braze.call("GET", f"/{what}") == default
