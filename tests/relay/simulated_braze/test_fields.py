"""Every field that the simulated Braze checks: over real sockets."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import ALIAS, CAMPAIGN, CANVAS, ID, NEW, Client

GROUP = {"subscription_group_id": ID, "subscription_state": "subscribed"}
TOKEN = {"app_id": "a", "token": "t"}
FILE = {"file_name": "f", "url": "https://x.io/f.pdf"}
BLUE = {
    "custom_attribute": {
        "custom_attribute_name": "eyes",
        "comparison": "equals",
        "value": "blue",
    }
}


def compared(comparison: str, value: object = None) -> dict[str, Any]:
    one = {"custom_attribute_name": "a", "comparison": comparison, "value": value}
    return {"custom_attribute": one}


@pytest.mark.parametrize(
    "more, text",
    [
        ({"send_id": ""}, "send_id"),
        ({"send_id": "é"}, "send_id"),
        ({"send_id": "x" * 65}, "send_id"),
        ({"attachments": ["f"]}, "attachments[0]"),
        ({"attachments": [FILE, {"file_name": "f"}]}, "attachments[1]"),
        ({"attachments": [FILE | {"type": "pdf"}]}, "attachments[0]"),
        ({"attachments": [FILE | {"url": 7}]}, "attachments[0]"),
        ({"attachments": [FILE | {"url": "http://a.example/b.pdf"}]}, "begins with https://"),
        ({"attachments": [FILE | {"url": "https:///b.pdf"}]}, "begins with https://"),
        ({"audience": {}}, "audience needs exactly one"),
        ({"audience": {"AND": []}}, "audience.AND needs a list"),
        ({"audience": {"AND": [BLUE], "OR": [BLUE]}}, "exactly one"),
        ({"audience": {"AND": [BLUE, {"OR": ["x"]}]}}, "audience.AND[1].OR[0] needs"),
        ({"audience": {"segment_id": "x"}}, "unknown filter segment_id"),
        ({"audience": {"custom_attribute": {"comparison": "exists"}}}, "does not know"),
        ({"audience": {"custom_attribute": BLUE["custom_attribute"] | {"x": 1}}}, "takes"),
        ({"audience": compared("is", "x")}, "does not know"),
        ({"audience": compared("equals")}, "does not know"),
        ({"audience": compared("equals", [])}, "does not know"),
        ({"audience": compared("does_not_include_value", ["x"])}, "does not know"),
        ({"audience": compared("includes_value", [])}, "does not know"),
        ({"audience": compared("includes_value", [["x"]])}, "does not know"),
        ({"audience": compared("is_any_of", 7)}, "does not know"),
        ({"audience": compared("is_any_of", [7])}, "does not know"),
        ({"audience": compared("is_none_of", [])}, "does not know"),
        ({"audience": compared("does_not_equal", "x")}, "does not know"),
        ({"audience": compared("matches_regex", "(")}, "does not know"),
        ({"audience": compared("greater_than", "7")}, "does not know"),
        ({"audience": compared("less_than_x_days_ago", value=True)}, "does not know"),
        ({"audience": compared("after", "yesterday")}, "does not know"),
        (
            {"audience": {"email_subscription_status": {"comparison": "is", "value": "yes"}}},
            "does not know",
        ),
        ({"audience": {"last_used_app": {"comparison": "is", "value": "2020-01-01"}}}, "not know"),
    ],
)
def test_a_bad_field_beside_the_recipients_refuses_the_request(
    braze: Client, more: dict[str, Any], text: str
) -> None:
    answer = braze.trigger(NEW, **more)

    assert (answer.status_code, text in answer.json()["message"]) == (400, True), answer.text
    assert braze.call("GET", "/profiles") == {}


@pytest.mark.parametrize(
    "name, value, text",
    [
        ("email", "nobody", "The value provided for the 'email' field is not a valid email."),
        ("email_subscribe", "yes", "BAD_EMAIL_SUBSCRIPTION_STATE"),
        ("push_subscribe", True, "BAD_PUSH_SUBSCRIPTION_STATE"),
        ("email_subscription_info", {}, "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO"),
        ("gender", "x", "must be one of"),
        ("dob", "1990-02-30", "YYYY-MM-DD"),
        ("dob", "19900228", "YYYY-MM-DD"),
        ("first_name", 7, "must be text"),
        ("country", "x" * 256, "must be text"),
        ("image_url", "x" * 1025, "at most 1024 characters"),
        ("email_open_tracking_disabled", "no", "true or false"),
        ("date_of_first_session", "soon", "must be a date"),
        ("current_location", {"longitude": 1}, "BAD_LOCATION_UPDATE"),
        ("current_location", {"longitude": 1, "latitude": 91}, "BAD_LOCATION_UPDATE"),
        ("push_tokens", [TOKEN | {"device_id": "short"}], "BAD_PUSH_TOKEN_VALUE"),
        ("subscription_groups", [GROUP | {"subscription_group_id": "g"}], "BAD_SUBSCRIPTION"),
        ("subscription_groups", [GROUP | {"subscription_state": "opted_in"}], "BAD_SUBSCRIPTION"),
        ("subscription_groups", GROUP, "BAD_SUBSCRIPTION"),
        ("external_id", "u", "the recipient says who it is"),
        ("_update_existing_only", False, "the recipient says who it is"),
        ("x" * 256, 1, "the name must have"),
        ("plan", "x" * 256, "over 255"),
        ("tags", ["a"] * 501, "more than 500"),
        ("tags", ["a", {"b": 1}], "plain values, or objects"),
        ("tags", [["a"]], "plain values, or objects"),
        ("pet", {"its name": "Rex"}, "a nested name"),
        ("pet", {"a": {"$b": "Rex"}}, "a nested name"),
        ("pets", [{"a.b": 1}], "a nested name"),
        ("visits", {"inc": "1"}, "whole number"),
        ("tags", {"add": "a"}, "takes a list"),
        ("pets", {"$update": [{"$identifier_key": "id"}]}, "takes objects"),
    ],
)
def test_a_bad_attribute_refuses_the_request(
    braze: Client, name: str, value: object, text: str
) -> None:
    answer = braze.trigger(NEW | {"attributes": {"city": "Oslo", name: value}})

    told = answer.json()["message"]
    assert (answer.status_code, text in told) == (400, True), answer.text
    assert told.startswith(f"recipients[0]: attributes.{name}: ")
    assert braze.call("GET", "/profiles") == {}


def test_all_that_braze_documents_is_taken(braze: Client) -> None:
    every = {
        "email": "a@x.io",
        "email_subscribe": "opted_in",
        "gender": "O",
        "dob": "1990-02-28",
        "phone": "+15043277269",
        "country": "NO",
        "time_zone": "Europe/Oslo",
        "current_location": {"longitude": 1.5, "latitude": -2},
        "push_tokens": [TOKEN],
        "subscription_groups": [GROUP],
        "date_of_last_session": "2026-01-01T10:00:00Z",
        "tags": ["a", 1, True],
        "pet": {"name": "Rex", "born": {"$time": "2020-01-01"}},
        "cars": [{"id": 1}],
        "score": 1.5,
        "gone": None,
    }
    audience = {
        "AND": [
            compared("exists"),
            {"OR": [BLUE, compared("does_not_equal", value=False), compared("not_equal", 7)]},
            {"OR": [compared("not_equal", value=True), compared("includes_value", ["a", 1])]},
            {"AND": [compared("is_any_of", "x"), compared("is_none_of", ["y", "z"])]},
            {"push_subscription_status": {"comparison": "is", "value": "opted_in"}},
            {"last_used_app": {"comparison": "after", "value": "2019-07-22T13:17:55+0000"}},
        ]
    }

    answer = braze.trigger(
        NEW | {"attributes": every},
        {"user_alias": ALIAS, "trigger_properties": {"a": {"b": [1]}}},
        {"email": "b@x.io", "prioritization": ["unidentified", "most_recently_updated"]},
        audience=audience,
        send_id="x" * 64,
        attachments=[FILE | {"basic_auth_credential": "c"}],
    )

    assert (answer.status_code, answer.json()["send_id"]) == (201, "x" * 64), answer.text
    (profile,) = braze.call("GET", "/profiles").values()
    assert profile == {name: value for name, value in every.items() if name != "gone"}


@pytest.mark.parametrize("path", [CAMPAIGN, CANVAS])
def test_a_blank_alias_and_a_blank_address_name_nobody(braze: Client, path: str) -> None:
    key = "campaign_id" if path == CAMPAIGN else "canvas_id"
    for recipient in (
        {"user_alias": {"alias_name": "", "alias_label": ""}},
        {"email": " ", "prioritization": ["identified"]},
    ):
        answer = braze.post(path, {key: ID, "recipients": [recipient]})
        assert "blank" in answer.json()["message"]
