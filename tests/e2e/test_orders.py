"""A signed webhook in, a Braze request out: through the gateway, both functions and the queue."""

import hashlib
import json
import uuid
from typing import Any

import pytest

from tests.e2e.harness import SECOND_SECRET, Relay, sample

ACCEPTED = {"events": 1, "deliveries": 1}


def test_an_order_comes_out_as_one_send_with_the_customers_attributes(
    relay: Relay, order: dict[str, Any]
) -> None:
    answer = relay.shopify("orders/create", order)
    assert (answer.status_code, answer.json()) == (200, ACCEPTED)
    assert answer.headers["content-type"] == "application/json"
    (send,) = relay.sends(1)
    (request,) = relay.requests(1)
    assert request["path"] == "/campaigns/trigger/send"
    (recipient,) = request["body"]["recipients"]
    assert recipient["external_user_id"] == str(order["customer"]["id"])
    assert recipient["send_to_existing_only"] is False
    assert recipient["attributes"]["email"] == order["email"]
    assert recipient["attributes"]["first_name"] == order["customer"]["first_name"]
    assert send["reached"]
    assert send["profile_before"] is None
    assert send["profile_after"]["email"] == order["email"]
    assert order["name"] in json.dumps(send["message"])


def test_an_order_posted_twice_is_sent_once(relay: Relay, order: dict[str, Any]) -> None:
    for _ in range(2):
        assert relay.shopify("orders/create", order).status_code == 200
    relay.wait_until_idle()
    assert len(relay.sends(1)) == 1
    assert len(relay.requests(1)) == 1


def test_a_guest_order_arrives_under_an_id_of_its_own(relay: Relay) -> None:
    order = sample("shopify-order-guest")
    assert relay.shopify("orders/create", order).json() == ACCEPTED
    (send,) = relay.sends(1)
    digest = hashlib.sha256(order["email"].lower().encode()).hexdigest()
    assert send["recipient"] == {"external_user_id": f"guest-{digest}"}
    assert send["profile_after"]["email"] == order["email"]


@pytest.mark.parametrize(
    "consent, told",
    [
        ({"state": "subscribed", "opt_in_level": "confirmed_opt_in"}, "opted_in"),
        ({"state": "subscribed", "opt_in_level": "single_opt_in"}, None),
        ({"state": "pending", "opt_in_level": "confirmed_opt_in"}, None),
        ({"state": "not_subscribed"}, None),
        (None, None),
    ],
)
def test_a_new_customer_enters_the_welcome_canvas_with_the_consent_that_was_confirmed(
    relay: Relay, consent: dict[str, str] | None, told: str | None
) -> None:
    customer = sample("shopify-customer") | {"email_marketing_consent": consent}
    assert relay.shopify("customers/create", customer).json() == ACCEPTED
    (send,) = relay.sends(1)
    (request,) = relay.requests(1)
    assert request["path"] == "/canvas/trigger/send"
    assert send["profile_after"].get("email_subscribe") == told


def test_a_signup_over_standard_webhooks_enters_the_onboarding_canvas(relay: Relay) -> None:
    signup = sample("accounts-signup")
    answer = relay.accounts(signup, f"msg_{uuid.uuid4().hex}")
    assert answer.json() == ACCEPTED
    (send,) = relay.sends(1)
    assert send["reached"]
    assert send["attributes"]["email"] == signup["data"]["email"]


def test_an_order_nobody_wants_is_answered_200_and_says_why(relay: Relay) -> None:
    answer = relay.shopify("orders/create", sample("shopify-order-test"))
    assert answer.json() == {"events": 1, "deliveries": 0}
    assert relay.is_idle()
    assert relay.braze("GET", "/requests") == []
    why = {one["rule"]: one["why"] for one in relay.last_webhook_log()["unmatched"]}
    assert why["order-confirmation"] == "body.test is true"


def test_a_body_that_the_gateway_hands_over_in_base64_is_verified_as_sent(
    relay: Relay, order: dict[str, Any]
) -> None:
    answer = relay.shopify("orders/create", order, Content_Type="application/vnd.shop+json")
    assert answer.json() == ACCEPTED
    assert len(relay.sends(1)) == 1


def test_each_of_several_signing_secrets_is_good(relay: Relay, order: dict[str, Any]) -> None:
    answer = relay.shopify("orders/create", order, secret=SECOND_SECRET)
    assert answer.json() == ACCEPTED
    relay.sends(1)


def test_an_id_above_two_to_the_53_arrives_unchanged(relay: Relay, order: dict[str, Any]) -> None:
    order["customer"]["id"] = 9_007_199_254_740_993
    relay.shopify("orders/create", order)
    (send,) = relay.sends(1)
    assert send["recipient"]["external_user_id"] == "9007199254740993"


def test_an_order_that_cannot_be_rendered_is_a_dead_letter_and_its_sender_gets_200(
    relay: Relay, order: dict[str, Any]
) -> None:
    answer = relay.shopify("orders/create", order | {"email": None, "customer": None})
    assert answer.json() == {"events": 1, "deliveries": 0, "parked": 1}
    letter = relay.dead_letter()
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "unrenderable"
    assert json.loads(letter["Body"])["kind"] == "event"
    assert json.loads(letter["Body"])["rule"] == "order-confirmation"


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": 1, "id": 2}',
        b"[" * 65 + b"]" * 65,
        b'{"id": 1e999}',
        b'{"id": 18446744073709551616}',
    ],
    ids=["duplicate key", "too deep", "infinite", "beyond 64 bits"],
)
def test_a_genuine_order_that_is_not_fit_is_parked_and_never_lost(
    relay: Relay, body: bytes
) -> None:
    answer = relay.shopify("orders/create", body)
    assert answer.status_code == 200
    letter = relay.dead_letter()
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "malformed"


def test_an_order_played_again_under_another_topic_does_not_become_a_customer(
    relay: Relay, order: dict[str, Any]
) -> None:
    answer = relay.shopify("customers/create", order)  # the topic is not signed, the body is
    assert answer.json() == {"events": 1, "deliveries": 0, "parked": 1}
    letter = relay.dead_letter()
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "malformed"
