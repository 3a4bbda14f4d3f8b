"""Orders, refunds, changes and choices of one customer: the profile at Braze after each.

Shown with `pytest --capture no`.
"""

import base64
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.e2e.harness import SHOPIFY_SECRET, Relay, until

_GROUP: Final = "8f0c2b9e-54d1-4b7a-9c3e-6a1d20e7f845"
_CONSENT: Final = "customers_email_marketing_consent/update"


@dataclass
class Customer:
    """A customer of the shop, what the shop tells of them, and what Braze has of them."""

    relay: Relay
    number: int = field(default_factory=lambda: uuid.uuid4().int >> 80)
    began: float = field(default_factory=time.time)

    def at(self, seconds: float) -> str:
        return datetime.fromtimestamp(int(self.began + seconds), UTC).isoformat()

    def tell(self, topic: str, body: dict[str, Any]) -> None:
        """Post a webhook of the shop's, and wait until nothing is left to do of it."""
        raw = json.dumps(body).encode()
        digest = hmac.digest(SHOPIFY_SECRET.encode(), raw, "sha256")
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        }
        answer = self.relay.post("counted", raw, headers)
        assert (answer.status_code, answer.json()["events"]) == (200, 1), answer.text
        self.relay.wait_until_idle()

    def order(self, **given: Any) -> dict[str, Any]:
        line = {"product_id": 7, "variant_id": 71, "title": "Lamp", "quantity": 2, "price": "50.00"}
        return {
            "id": self.number + 1,
            "email": f"ann-{self.number}@example.com",
            "customer": {"id": self.number},
            "created_at": self.at(0),
            "total_price": "100.00",
            "currency": "USD",
            "line_items": [line],
            "refunds": [],
            **given,
        }

    def refund(self, number: int, amount: str) -> dict[str, Any]:
        line = {"product_id": 7, "variant_id": 71, "title": "Lamp", "price": amount}
        return {
            "id": self.number + number,
            "created_at": self.at(number),
            "transactions": [{"amount": amount}],
            "refund_line_items": [{"quantity": 1, "line_item": line}],
        }

    def choose(self, state: str, seconds: int) -> None:
        said = {"state": state, "consent_updated_at": self.at(seconds)}
        body = {"customer_id": self.number, "email_marketing_consent": said}
        self.tell(_CONSENT, body)

    def profile(self, after: str) -> dict[str, Any]:
        """Return, and print, the profile with its orders and its revenue."""
        shown: dict[str, Any] = self.relay.braze("GET", f"/profiles/{self.number}")
        orders, revenue = counted(shown)
        print(f"after {after}: {orders} orders, {revenue} USD, {shown['profile']}")  # noqa: T201 - with `--capture no`
        return shown


@pytest.fixture
def customer(relay: Relay) -> Customer:
    return Customer(relay)


def test_what_happens_to_an_order_is_counted_once_each(customer: Customer) -> None:
    customer.tell("orders/create", customer.order())
    placed = customer.profile("an order")
    assert counted(placed) == (1, 100.0)
    assert placed["profile"]["email"] == f"ann-{customer.number}@example.com"

    customer.tell("orders/create", customer.order())
    assert customer.profile("its repeat") == placed
    assert len(customer.relay.posted()) == 1

    refunds = [customer.refund(11, "25.50")]
    customer.tell("orders/updated", customer.order(refunds=refunds))
    assert counted(customer.profile("a partial refund")) == (1, 74.5)

    refunds.append(customer.refund(12, "10.00"))
    customer.tell("orders/updated", customer.order(refunds=refunds))
    assert counted(customer.profile("another one")) == (1, 64.5)

    cancelled = customer.order(refunds=refunds, cancelled_at=customer.at(13), cancel_reason=None)
    customer.tell("orders/cancelled", cancelled)
    ended = customer.profile("its cancellation")
    assert counted(ended) == (0, 64.5)
    assert [event["name"].removeprefix("ecommerce.order_") for event in ended["events"]] == [
        *("placed", "refunded", "refunded", "cancelled")
    ]


def test_the_newest_change_of_a_customer_stays(customer: Customer) -> None:
    customer.tell("orders/create", customer.order())
    for city, seconds in (("Oslo", 20), ("Rome", 10)):  # the older one comes last
        said = {"first_name": "Ann", "default_address": {"city": city}}
        update = {"id": customer.number, "updated_at": customer.at(seconds), **said}
        customer.tell("customers/update", update)
        shown = customer.profile(f"a customer's update of second {seconds}")
        assert (shown["profile"]["first_name"], shown["profile"]["city"]) == ("Ann", "Oslo")


def test_an_unsubscription_is_not_undone_by_an_older_subscription(customer: Customer) -> None:
    customer.tell("orders/create", customer.order())
    customer.choose("unsubscribed", 20)
    assert groups(customer.profile("an unsubscription")) == {_GROUP: "unsubscribed"}

    customer.choose("subscribed", 10)
    assert groups(customer.profile("an older subscription")) == {_GROUP: "unsubscribed"}
    until(customer.relay.ledger, lambda item: item["state"] == {"S": "STALE"}, "stale delivery")
    paths = [one["path"] for one in customer.relay.posted()]
    assert paths == ["/users/track", "/v2/subscription/status/set"]

    customer.choose("subscribed", 30)
    assert groups(customer.profile("a newer subscription")) == {_GROUP: "subscribed"}


def counted(shown: dict[str, Any]) -> tuple[int, float]:
    """Return the orders of a profile, and its revenue in dollars."""
    figures = shown["commerce"]
    return figures["total_orders"], figures["total_revenue"].get("USD", 0.0)


def groups(shown: dict[str, Any]) -> dict[str, str]:
    """Return the states of a profile's subscription groups."""
    found = shown["profile"].get("subscription_groups", [])
    return {one["subscription_group_id"]: one["subscription_state"] for one in found}
