"""Requests of the shapes that Braze's own pages show, written to the socket as they stand there."""

import http.client
import json
from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import CAMPAIGN, CANVAS, ID, Client

AUDIENCE = """{
    "AND": [
      {"custom_attribute": {
          "custom_attribute_name": "eye_color", "comparison": "equals", "value": "blue"}},
      {"custom_attribute": {
          "custom_attribute_name": "favorite_foods",
          "comparison": "includes_value", "value": "pizza"}},
      {"OR": [
          {"custom_attribute": {
              "custom_attribute_name": "last_purchase_time",
              "comparison": "less_than_x_days_ago", "value": 2}},
          {"push_subscription_status": {"comparison": "is", "value": "opted_in"}}]},
      {"email_subscription_status": {"comparison": "is_not", "value": "subscribed"}},
      {"last_used_app": {"comparison": "after", "value": "2019-07-22T13:17:55+0000"}}
    ]
  }"""
# As the page on campaigns of 2020 has it; blanks filled in.
CAMPAIGN_2020 = """{
  "campaign_id": "@id",
  "send_id": "",
  "trigger_properties": {},
  "broadcast": false,
  "audience": @audience,
  "recipients": [{
    "user_alias": {"alias_name": "a", "alias_label": "b"},
    "external_user_id": "ann",
    "trigger_properties": {},
    "send_to_existing_only": false,
    "attributes": {"first_name": "Ann"}
  }]
}""".replace("@id", ID).replace("@audience", AUDIENCE)
# As the page on Canvases has it since 2023.
CANVAS_2023 = """{
  "canvas_id": "@id",
  "canvas_entry_properties": {"product_name": "shoes", "product_price": 79.99},
  "recipients": [{
    "external_user_id": "ann",
    "canvas_entry_properties": {"product_name": "boots"},
    "send_to_existing_only": true,
    "attributes": {"favorite_foods": ["pizza"]}
  }]
}""".replace("@id", ID)


def posted(braze: Client, path: str, body: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(braze.url.removeprefix("http://"), timeout=60)
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Bearer local-braze-key",
    }
    connection.request("POST", path, body.encode(), headers)
    answer = connection.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    connection.close()
    return answer.status, told


@pytest.mark.parametrize(
    "wrong, right, text",
    [
        ('"send_id": "",', "", "send_id must be"),
        (
            '"user_alias": {"alias_name": "a", "alias_label": "b"},',
            "",
            "recipients[0]: needs exactly one of",
        ),
    ],
)
def test_an_example_that_breaks_the_page_s_own_rules_is_refused_until_mended(
    braze: Client, wrong: str, right: str, text: str
) -> None:
    both = ('"send_id": "",', '"user_alias": {"alias_name": "a", "alias_label": "b"},')
    other = CAMPAIGN_2020
    for one in both:
        other = other if one == wrong else other.replace(one, "")

    status, told = posted(braze, CAMPAIGN, other)
    assert (status, told["message"].startswith(text)) == (400, True), told

    status, told = posted(braze, CAMPAIGN, other.replace(wrong, right))
    assert (status, told["message"]) == (201, "success")
    assert braze.sends()[0]["because"] == "the user is not in the request's audience"


def test_the_one_whom_the_example_s_audience_describes_is_reached(braze: Client) -> None:
    profile = {
        "eye_color": "blue",
        "favorite_foods": ["pizza"],
        "push_subscribe": "opted_in",
        "email_subscribe": "opted_in",
        "date_of_last_session": "2026-01-01",
    }
    braze.call("PUT", "/profiles/ann", profile)
    body = json.loads(CAMPAIGN_2020)
    del body["send_id"], body["recipients"][0]["user_alias"]

    posted(braze, CAMPAIGN, json.dumps(body))

    assert braze.sends()[0]["reached"]


def test_the_canvas_example_reaches_a_user_who_is_known(braze: Client) -> None:
    assert posted(braze, CANVAS, CANVAS_2023)[0] == 201
    braze.call("PUT", "/profiles/ann", {})
    status, told = posted(braze, CANVAS, CANVAS_2023)

    assert (status, sorted(told)) == (201, ["dispatch_id", "message"])
    assert [send["reached"] for send in braze.sends()] == [False, True]
    message = braze.sends()[1]["message"]["canvas_entry_properties"]
    assert message == {"product_name": "boots", "product_price": 79.99}


@pytest.mark.parametrize("path", [CAMPAIGN, CANVAS])
def test_the_body_of_2019_with_its_key_inside_is_refused(braze: Client, path: str) -> None:
    key = "campaign_id" if path == CAMPAIGN else "canvas_id"
    body = {"api_key": "k", key: ID, "recipients": [{"external_user_id": "ann"}]}
    assert posted(braze, path, json.dumps(body)) == (400, {"message": "unknown key api_key"})
