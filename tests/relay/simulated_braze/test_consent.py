"""Consent follows the address in the simulated Braze, as in Braze: over real sockets."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import ID, Client

STATES = ["opted_in", "subscribed", "unsubscribed"]
OTHER_ID = "9d1b6f2e-5f0a-4c62-8a7f-1d3b6e0c9f24"
ANN = "ann@example.org"


def group(state: str, identifier: str = ID) -> dict[str, str]:
    return {"subscription_group_id": identifier, "subscription_state": state}


def give(braze: Client, user: str, **attributes: object) -> None:
    recipient = {"external_user_id": user, "send_to_existing_only": False}
    assert braze.trigger(recipient | {"attributes": attributes}).status_code == 201


def put(braze: Client, user: str, **attributes: object) -> None:
    braze.call("PUT", f"/profiles/{user}", attributes)


def profile(braze: Client, user: str) -> dict[str, Any]:
    found: dict[str, Any] = braze.call("GET", f"/profiles/{user}")["profile"]
    return found


def consent(braze: Client, user: str) -> str:
    state: str = profile(braze, user).get("email_subscribe", "subscribed")
    return state


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("given", STATES)
def test_a_state_that_a_profile_is_made_with_goes_to_all_with_its_address(
    braze: Client, before: str, given: str
) -> None:
    put(braze, "known", email=ANN, email_subscribe=before)
    put(braze, "stranger", email="bo@example.org", email_subscribe=before)

    give(braze, "guest", email="Ann@Example.org", email_subscribe=given)

    assert [consent(braze, it) for it in ("known", "guest", "stranger")] == [given, given, before]


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("given", STATES)
def test_a_state_that_is_changed_goes_to_all_with_its_address(
    braze: Client, before: str, given: str
) -> None:
    for user in ("one", "two"):
        put(braze, user, email=ANN, email_subscribe=before)
    braze.call("PUT", "/unidentified/three", {"email": ANN, "email_subscribe": before})

    give(braze, "two", email_subscribe=given)

    profiles = braze.call("GET", "/profiles")
    assert {it["email_subscribe"] for it in profiles.values()} == {given}
    history = braze.call("GET", "/profiles/one")["history"]
    copied = [] if before == given else ["copied from two"]
    assert [it["cause"] for it in history] == ["PUT /_sim", *copied]


def test_a_state_goes_to_a_hundred_profiles_at_most(braze: Client) -> None:
    for at in range(102):
        put(braze, f"u{at}", email=ANN)

    give(braze, "guest", email=ANN, email_subscribe="unsubscribed")

    states = [it.get("email_subscribe") for it in braze.call("GET", "/profiles").values()]
    assert (states.count("unsubscribed"), states.count(None)) == (101, 2)


def test_a_profile_that_others_follow_stays_the_most_recently_updated(braze: Client) -> None:
    put(braze, "known", email=ANN)
    give(braze, "guest", email=ANN, email_subscribe="opted_in")
    assert list(braze.call("GET", "/profiles")) == ["known", "guest"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("own", [*STATES, None])
def test_a_profile_takes_over_the_state_of_an_address_that_another_has(
    braze: Client, state: str, own: str | None
) -> None:
    put(braze, "known", email=ANN, email_subscribe=state)
    if own:
        put(braze, "guest", email="bo@example.org", email_subscribe=own)

    give(braze, "guest", email=ANN)

    assert (consent(braze, "guest"), consent(braze, "known")) == (state, state)


@pytest.mark.parametrize(
    "switches, is_shared, becomes",
    [
        ({"changed_email": "resubscribes"}, True, "subscribed"),
        ({"changed_email": "resubscribes"}, False, "subscribed"),
        ({"unshared_email": "subscribed"}, False, "subscribed"),
        ({"unshared_email": "kept"}, False, "unsubscribed"),
    ],
)
def test_what_a_changed_address_does_is_a_setting_of_the_workspace(
    braze: Client, switches: dict[str, str], becomes: str, *, is_shared: bool
) -> None:
    braze.call("PUT", "/switches", switches)
    put(braze, "u", email="bo@example.org", email_subscribe="unsubscribed")
    if is_shared:
        put(braze, "known", email=ANN, email_subscribe="unsubscribed")

    give(braze, "u", email=ANN)

    assert consent(braze, "u") == becomes
    if is_shared:
        assert consent(braze, "known") == "unsubscribed"


def test_an_address_that_is_given_again_changes_no_state(braze: Client) -> None:
    put(braze, "known", email=ANN, email_subscribe="opted_in")
    put(braze, "u", email=ANN, email_subscribe="unsubscribed")
    give(braze, "u", email="ANN@example.org")
    assert (consent(braze, "u"), consent(braze, "known")) == ("unsubscribed", "opted_in")


@pytest.mark.parametrize("by", ["email", "phone"])
def test_a_state_of_a_group_goes_to_all_with_the_address_or_number(braze: Client, by: str) -> None:
    where = {"email": ANN, "phone": "+4930123456"}[by]
    groups = [group("subscribed"), group("subscribed", OTHER_ID)]
    put(braze, "known", **{by: where}, subscription_groups=groups)

    give(braze, "guest", **{by: where}, subscription_groups=[group("unsubscribed")])

    told = [group("unsubscribed"), group("subscribed", OTHER_ID)]
    for user in ("known", "guest"):
        assert profile(braze, user)["subscription_groups"] == told


@pytest.mark.parametrize("by", ["email", "phone"])
def test_a_profile_takes_over_the_groups_of_an_address_or_number(braze: Client, by: str) -> None:
    where = {"email": ANN, "phone": "+4930123456"}[by]
    put(braze, "known", **{by: where}, subscription_groups=[group("unsubscribed")])

    give(braze, "guest", **{by: where})

    assert profile(braze, "guest")["subscription_groups"] == [group("unsubscribed")]


def test_a_phone_number_carries_no_global_state_of_e_mail(braze: Client) -> None:
    put(braze, "known", phone="+4930123456", email_subscribe="unsubscribed")
    give(braze, "guest", phone="+4930123456", email_subscribe="opted_in")
    assert (consent(braze, "known"), consent(braze, "guest")) == ("unsubscribed", "opted_in")


def test_push_consent_stays_with_its_profile(braze: Client) -> None:
    put(braze, "known", email=ANN, push_subscribe="opted_in")
    give(braze, "guest", email=ANN, push_subscribe="unsubscribed")
    assert profile(braze, "known")["push_subscribe"] == "opted_in"
    assert profile(braze, "guest")["push_subscribe"] == "unsubscribed"
