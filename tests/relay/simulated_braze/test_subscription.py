"""States of subscription groups in the simulated Braze, and consent by /users/track."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import ID, NOON, SUBSCRIBE, TRACK, Client

Object = dict[str, Any]
OTHER_ID = "9d1b6f2e-5f0a-4c62-8a7f-1d3b6e0c9f24"
ANN, PHONE = "ann@example.org", "+15043277269"
DAY = 86_400
OUT: Object = {"subscription_group_id": ID, "subscription_state": "unsubscribed"}
IN: Object = {"subscription_group_id": ID, "subscription_state": "subscribed"}


def subscribe(braze: Client, *groups: Object) -> None:
    answer = braze.post(SUBSCRIBE, {"subscription_groups": groups})
    assert (answer.status_code, answer.json()) == (201, {"message": "success"}), answer.text


def track(braze: Client, **attributes: object) -> None:
    assert braze.post(TRACK, {"attributes": [attributes]}).status_code == 201


def groups(braze: Client, user: str) -> list[Object]:
    found: list[Object] = braze.call("GET", "/profiles")[user].get("subscription_groups", [])
    return found


def test_a_state_is_set_for_ids_and_only_those_that_are_known(braze: Client) -> None:
    braze.call(
        "PUT",
        "/profiles/u",
        {"subscription_groups": [IN, {**IN, "subscription_group_id": OTHER_ID}]},
    )

    subscribe(braze, {**OUT, "external_ids": ["u", "nobody"]})

    assert groups(braze, "u") == [OUT, {**IN, "subscription_group_id": OTHER_ID}]
    assert list(braze.call("GET", "/profiles")) == ["u"]
    history = braze.call("GET", "/profiles/u")["history"]
    assert history[-1]["cause"] == "POST /v2/subscription/status/set"


def test_each_object_has_an_entry_with_the_profiles_that_it_reached(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {})
    subscribe(braze, {**OUT, "external_ids": ["u"]}, {**IN, "external_ids": ["nobody"]})
    one, other = braze.call("GET", "/updates")
    assert (one["path"], one["array"], one["index"]) == (SUBSCRIBE, "subscription_groups", 0)
    assert (one["users"], one["applied"], one["because"]) == (["u"], True, None)
    because = "no profile has it, and no state is kept for one that comes"
    assert (other["users"], other["applied"], other["because"]) == ([], False, because)


@pytest.mark.parametrize(
    "kind, value, attributes",
    [("emails", "Ann@Example.org", {"email": ANN}), ("phones", PHONE, {"phone": PHONE})],
)
@pytest.mark.parametrize("as_list", [True, False])
def test_an_address_or_number_reaches_every_profile_that_has_it(
    braze: Client, kind: str, value: str, attributes: Object, *, as_list: bool
) -> None:
    for user in ("one", "two"):
        braze.call("PUT", f"/profiles/{user}", attributes)
    braze.call("PUT", "/unidentified/three", attributes)
    braze.call("PUT", "/profiles/stranger", {"email": "bo@example.org", "phone": "+4930123456"})

    subscribe(braze, {**OUT, kind: [value] if as_list else value})

    reached = {user for user in braze.call("GET", "/profiles") if groups(braze, user) == [OUT]}
    assert reached == {"one", "two", "(unidentified) three"}


@pytest.mark.parametrize("kind, value", [("emails", ANN), ("phones", PHONE)])
@pytest.mark.parametrize("days, kept", [(30, [OUT]), (30.1, [])])
def test_a_state_of_an_address_that_nobody_has_waits_thirty_days_for_its_profile(
    braze: Client, kind: str, value: str, days: float, kept: list[Object]
) -> None:
    subscribe(braze, {**IN, kind: [value]})
    subscribe(braze, {**OUT, kind: [value]})
    assert braze.call("GET", "/orphans") == {value: [OUT]}
    assert braze.call("GET", "/updates")[-1]["because"] == "no profile has it"
    assert braze.call("GET", "/profiles") == {}

    braze.now = NOON + days * DAY
    track(braze, external_id="u", **{kind.removesuffix("s"): value.upper()})
    track(braze, external_id="v", city="Oslo")

    assert (groups(braze, "u"), groups(braze, "v")) == (kept, [])
    assert braze.call("GET", "/orphans") == {}


def test_a_double_opt_in_keeps_nothing_for_a_number_that_nobody_has(braze: Client) -> None:
    subscribe(braze, {**IN, "phones": [PHONE], "use_double_opt_in_logic": True})
    assert braze.call("GET", "/orphans") == {}


def test_what_a_profile_is_made_with_wins_over_what_waited_for_it(braze: Client) -> None:
    subscribe(braze, {**OUT, "emails": [ANN]})
    track(braze, external_id="u", email=ANN, subscription_groups=[IN])
    assert groups(braze, "u") == [IN]


def test_the_latest_request_wins_whatever_it_says(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {"email": ANN})
    subscribe(braze, {**OUT, "external_ids": ["u"]})
    subscribe(braze, {**IN, "emails": [ANN]})
    assert groups(braze, "u") == [IN]


def test_a_state_set_by_id_goes_to_all_with_the_address(braze: Client) -> None:
    for user in ("u", "v"):
        braze.call("PUT", f"/profiles/{user}", {"email": ANN})
    subscribe(braze, {**OUT, "external_ids": ["u"]})
    assert groups(braze, "v") == [OUT]


def test_consent_that_attributes_of_track_bring_goes_to_all_with_the_address(
    braze: Client,
) -> None:
    braze.call("PUT", "/profiles/known", {"email": ANN, "email_subscribe": "unsubscribed"})
    event = {"external_id": "guest", "name": "n", "time": "2026-11-20T21:00:00Z", "email": ANN}

    braze.post(TRACK, {"events": [event]})  # which gives it the address
    assert braze.call("GET", "/profiles")["guest"]["email_subscribe"] == "unsubscribed"

    track(braze, external_id="guest", email_subscribe="opted_in", subscription_groups=[OUT])
    known = braze.call("GET", "/profiles")["known"]
    assert (known["email_subscribe"], known["subscription_groups"]) == ("opted_in", [OUT])


@pytest.mark.parametrize(
    "body, text",
    [
        ({}, "subscription_groups must be an array of objects"),
        ({"subscription_groups": []}, "must be an array of objects"),
        ({"subscription_groups": {}}, "subscription_groups has the wrong type"),
        ({"subscription_groups": [1]}, "subscription_groups[0]: must be an object"),
        ({"subscription_groups": [OUT], "api_key": "k"}, "unknown key api_key"),
        *[
            ({"subscription_groups": [{**OUT, "external_ids": ["u"], **change}]}, text)
            for change, text in (
                ({"subscription_group_id": "news"}, "valid subscription group UUID"),
                ({"subscription_group_id": 7}, "subscription_group_id has the wrong type"),
                ({"subscription_state": "opted_in"}, "subscribed or unsubscribed"),
                ({"use_double_opt_in_logic": "yes"}, "use_double_opt_in_logic has the wrong type"),
                ({"external_id": "u"}, "unknown key external_id"),
                ({"emails": [ANN]}, "exactly one of external_ids, emails, phones"),
                ({"external_ids": "u"}, "external_ids has the wrong type"),
                ({"external_ids": []}, "takes 1 to 50"),
                ({"external_ids": ["u"] * 51}, "takes 1 to 50"),
                ({"external_ids": [7]}, "text that is not blank"),
                ({"external_ids": [" "]}, "text that is not blank"),
                ({"external_ids": ["é" * 494]}, "EXTERNAL_USER_ID_TOO_LARGE"),
            )
        ],
        ({"subscription_groups": [OUT]}, "exactly one of"),
        *[
            ({"subscription_groups": [{**OUT, **who}]}, text)
            for who, text in (
                ({"emails": ["nobody"]}, "emails must be valid addresses"),
                ({"phones": ["(504) 327-7269"]}, "E.164"),
                ({"phones": "5043277269"}, "E.164"),
                ({"phones": 15043277269}, "text that is not blank"),
                ({"emails": [ANN], "use_double_opt_in_logic": False}, "not applicable to email"),
            )
        ],
        (
            {"subscription_groups": [{"subscription_state": "subscribed", "emails": ANN}]},
            "required",
        ),
        (
            {"subscription_groups": [{**OUT, "emails": [ANN]}, {**OUT, "phones": [PHONE]}]},
            "one request takes one of",
        ),
        (
            {"subscription_groups": [{**OUT, "external_ids": [f"u{n}"]} for n in range(51)]},
            "at most 50 users",
        ),
    ],
)
def test_a_request_against_the_contract_is_refused_and_changes_nothing(
    braze: Client, body: Object, text: str
) -> None:
    braze.call("PUT", "/profiles/u", {})
    answer = braze.post(SUBSCRIBE, body)
    assert (answer.status_code, text in answer.json()["message"]) == (400, True), answer.text
    assert (groups(braze, "u"), braze.call("GET", "/updates")) == ([], [])


def test_fifty_users_are_one_request(braze: Client) -> None:
    subscribe(braze, *[{**OUT, "external_ids": [f"u{n}"]} for n in range(50)])
    subscribe(braze, {**OUT, "external_ids": [f"u{n}" for n in range(50)]})


def test_several_kinds_of_users_in_one_request_are_a_switch(braze: Client) -> None:
    braze.call("PUT", "/switches", {"subscription_identifiers": "any"})
    subscribe(braze, {**OUT, "emails": [ANN]}, {**OUT, "phones": [PHONE]})
    assert braze.call("GET", "/orphans") == {ANN: [OUT], PHONE: [OUT]}


def test_a_double_opt_in_by_an_address_is_a_switch(braze: Client) -> None:
    braze.call("PUT", "/switches", {"email_double_opt_in": "ignored"})
    braze.call("PUT", "/profiles/u", {"email": ANN})
    subscribe(braze, {**IN, "emails": [ANN], "use_double_opt_in_logic": True})
    assert groups(braze, "u") == [IN]


def test_it_has_a_permission_and_a_limit_a_minute_of_its_own(braze: Client) -> None:
    body = {"subscription_groups": [{**OUT, "external_ids": ["u"]}]}
    answer = braze.post(SUBSCRIBE, body)
    assert answer.headers["x-ratelimit-limit"] == "5000"
    assert answer.headers["x-ratelimit-reset"] == str(int(NOON) + 60)
    braze.call("PUT", "/limits", {"subscription": 1})
    assert braze.post(SUBSCRIBE, body).status_code == 429
    assert braze.post(TRACK, {"attributes": [{"external_id": "u"}]}).status_code == 201
    braze.now += 60
    braze.call("PUT", "/key", {"permissions": ["users.track"]})
    assert braze.post(SUBSCRIBE, body).status_code == 403
    braze.call("PUT", "/key", {"permissions": ["subscription.status.set"]})
    assert braze.post(SUBSCRIBE, body).status_code == 201
