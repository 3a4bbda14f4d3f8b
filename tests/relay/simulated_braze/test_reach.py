"""Whom the simulated Braze reaches with what it has accepted: over real sockets."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import CAMPAIGN, CANVAS, ID, KNOWN, NEW, Client

TRANSACTIONAL = f"/transactional/v1/campaigns/{ID}/send"


def attribute(comparison: str, value: object = None, name: str = "a") -> dict[str, Any]:
    one = {"custom_attribute_name": name, "comparison": comparison, "value": value}
    return {"custom_attribute": one}


def status(comparison: str, value: str, channel: str = "email") -> dict[str, Any]:
    return {f"{channel}_subscription_status": {"comparison": comparison, "value": value}}


def why(braze: Client) -> str | None:
    because: str | None = braze.sends()[-1]["because"]
    return because


@pytest.mark.parametrize(
    "profile, audience, reached",
    [
        ({"a": "x"}, attribute("equals", "x"), True),
        ({"a": "x"}, attribute("equals", "y"), False),
        ({"a": 1}, attribute("equals", value=True), False),
        ({"a": "x"}, attribute("not_equal", "y"), True),
        ({}, attribute("not_equal", "y"), True),
        ({"a": True}, attribute("not_equal", value=True), False),
        ({"a": False}, attribute("not_equal", value=True), True),
        ({"a": True}, attribute("does_not_equal", value=True), False),
        ({"a": "x"}, attribute("is_any_of", "x"), True),
        ({"a": "x"}, attribute("is_any_of", ["y", "x"]), True),
        ({"a": ["x", "z"]}, attribute("is_any_of", ["y", "x"]), True),
        ({"a": "x"}, attribute("is_any_of", ["y"]), False),
        ({}, attribute("is_any_of", ["y"]), False),
        ({"a": "x"}, attribute("is_none_of", "x"), False),
        ({"a": ["x"]}, attribute("is_none_of", ["y", "x"]), False),
        ({"a": ["x"]}, attribute("is_none_of", ["y"]), True),
        ({}, attribute("is_none_of", ["y"]), True),
        ({"a": ["x", "y"]}, attribute("includes_value", ["z", "y"]), True),
        ({"a": [1]}, attribute("includes_value", [True]), False),
        ({"a": "x"}, attribute("includes_value", ["x"]), False),
        ({"a": "abc"}, attribute("matches_regex", "^ab"), True),
        ({"a": "abc"}, attribute("does_not_match_regex", "^ab"), False),
        ({"a": 1}, attribute("exists"), True),
        ({}, attribute("does_not_exist"), True),
        ({"a": ["x"]}, attribute("includes_value", "x"), True),
        ({"a": ["x"]}, attribute("does_not_include_value", "x"), False),
        ({"a": 7}, attribute("greater_than", 7), False),
        ({"a": 7}, attribute("greater_than_or_equal_to", 7), True),
        ({"a": "7"}, attribute("less_than", 8), False),
        ({"a": "2027-01-14T08:00:00Z"}, attribute("less_than_x_days_ago", 2), True),
        ({"a": "2027-01-14T08:00:00Z"}, attribute("greater_than_x_days_ago", 2), False),
        ({"a": "2027-01-16"}, attribute("less_than_x_days_ago", 2), False),
        ({"a": "2027-01-16"}, attribute("less_than_x_days_in_the_future", 2), True),
        ({"a": "2027-01-16"}, attribute("greater_than_x_days_in_the_future", 2), False),
        ({"a": "2027-01-16"}, attribute("after", "2027-01-15"), True),
        ({"a": "2027-01-16"}, attribute("before", "2027-01-15"), False),
        ({}, status("is", "subscribed"), True),
        ({"email_subscribe": "opted_in"}, status("is_not", "opted_in"), False),
        ({"push_subscribe": "opted_in"}, status("is", "opted_in", "push"), True),
        (
            {"date_of_last_session": "2027-01-01"},
            {"last_used_app": {"comparison": "after", "value": "2026-01-01T00:00:00+0000"}},
            True,
        ),
        ({"a": 1}, {"AND": [attribute("exists"), attribute("equals", 2)]}, False),
        ({"a": 1}, {"OR": [attribute("equals", 2), {"AND": [attribute("exists")]}]}, True),
    ],
)
def test_both_audiences_are_asked_of_the_profile(
    braze: Client, profile: dict[str, Any], audience: dict[str, Any], *, reached: bool
) -> None:
    braze.call("PUT", "/profiles/u", profile)
    braze.trigger(KNOWN, audience=audience)
    braze.call("PUT", f"/targets/{ID}", {"audience": audience})
    braze.trigger(KNOWN)

    assert [send["reached"] for send in braze.sends()] == [reached, reached]
    assert why(braze) == (None if reached else "the user is not in the dashboard's audience")


def test_the_audience_is_asked_after_the_attributes_are_written(braze: Client) -> None:
    braze.call("PUT", f"/targets/{ID}", {"audience": attribute("equals", "Oslo", "city")})

    braze.trigger(NEW)
    braze.trigger(KNOWN | {"attributes": {"city": "Rome"}})

    assert [send["reached"] for send in braze.sends()] == [True, False]


@pytest.mark.parametrize(
    "target, profile, because",
    [
        ({"channel": "email"}, {}, "the profile has no email"),
        ({"channel": "push"}, {"email": "a@x.io"}, "the profile has no push_tokens"),
        ({"channel": "sms"}, {"phone": "+1"}, None),
        ({"channel": "email"}, {"email": "a@x.io"}, None),
        (
            {"channel": "email"},
            {"email": "a@x.io", "email_subscribe": "unsubscribed"},
            "the user is unsubscribed",
        ),
        (
            {"channel": "email", "send_to": "opted_in"},
            {"email": "a@x.io"},
            "the user is subscribed",
        ),
        (
            {"channel": "email", "send_to": "all"},
            {"email": "a@x.io", "email_subscribe": "unsubscribed"},
            None,
        ),
    ],
)
def test_the_channel_needs_an_address_and_consent(
    braze: Client, target: dict[str, Any], profile: dict[str, Any], because: str | None
) -> None:
    braze.call("PUT", f"/targets/{ID}", target)
    braze.call("PUT", "/profiles/u", profile)

    assert braze.trigger(KNOWN).status_code == 201
    assert why(braze) == because


@pytest.mark.parametrize("after, reached", [(0, [1, 1, 1]), (60, [1, 0, 1]), (None, [1, 0, 0])])
def test_a_campaign_comes_again_when_its_re_eligibility_says(
    braze: Client, after: float | None, reached: list[int]
) -> None:
    braze.call("PUT", f"/targets/{ID}", {"reeligible_after": after})
    for _ in range(3):
        braze.trigger(NEW)
        braze.now += 30

    assert [send["reached"] for send in braze.sends()] == [bool(it) for it in reached]


def test_a_campaign_and_a_canvas_of_one_id_do_not_hinder_each_other(braze: Client) -> None:
    braze.call("PUT", f"/targets/{ID}", {"reeligible_after": None})
    braze.trigger(NEW)
    braze.post(CANVAS, {"canvas_id": ID, "recipients": [NEW]})

    assert [send["reached"] for send in braze.sends()] == [True, True]


def test_a_user_enters_a_canvas_once_a_second(braze: Client) -> None:
    for _ in range(3):
        braze.post(CANVAS, {"canvas_id": ID, "recipients": [NEW]})
        braze.now += 0.6

    assert [send["reached"] for send in braze.sends()] == [True, False, True]


@pytest.mark.parametrize(
    "state, word",
    [({"archived": True}, "archived"), ({"enabled": False}, "paused"), ({"draft": True}, "paused")],
)
def test_what_does_not_run_is_accepted_and_reaches_nobody(
    braze: Client, state: dict[str, Any], word: str
) -> None:
    braze.call("PUT", f"/targets/{ID}", state)

    canvas = braze.post(CANVAS, {"canvas_id": ID, "recipients": [NEW]})
    campaign = braze.trigger(NEW)
    transactional = braze.post(TRANSACTIONAL, {"recipient": KNOWN})

    assert (canvas.status_code, campaign.status_code) == (201, 201)
    assert canvas.json()["notice"].startswith(f"The Canvas is {word}. ")
    assert "notice" not in campaign.json()
    assert transactional.json()["message"].startswith(f"The campaign is {word}. ")
    told = [(send["reached"], send["because"]) for send in braze.sends()]
    assert told == [(False, f"the Canvas is {word}"), (False, f"the campaign is {word}")]
    assert braze.call("GET", "/profiles") == {}
    assert [it["outcome"] for it in braze.call("GET", "/requests")] == [
        "notice",
        "accepted",
        "rejected",
    ]


def test_a_broadcast_reaches_all_of_its_audience_and_is_one_send(braze: Client) -> None:
    for name, age in ("old", 70), ("young", 7):
        braze.call("PUT", f"/profiles/{name}", {"a": age})

    body = {"campaign_id": ID, "broadcast": True, "trigger_properties": {"a": 1}}
    answers = [
        braze.post(CAMPAIGN, body | more).json()
        for more in (
            {},
            {"audience": attribute("less_than", 8)},
            {"audience": attribute("equals", 1)},
        )
    ]

    sends = braze.sends()
    assert [send["users"] for send in sends] == [["old", "young"], ["young"], []]
    assert [send["reached"] for send in sends] == [True, True, False]
    assert (sends[0]["recipient"], sends[0]["message"]["trigger_properties"]) == (None, {"a": 1})
    assert all(answer["send_id"] for answer in answers)
