"""Orders, a customer and a consent over the wire, by the recipes' own files, as Braze has them.

With `pytest --capture no` the profile is shown after each webhook.
"""

import base64
import hmac
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from relay.cli import app
from relay.local.stack import Local
from tests.docs_pages import page
from tests.e2e.harness import SECRETS, SHOPIFY_SECRET, Relay, chosen, invoke, until
from tests.e2e.live import Live
from tests.unframed import unframed

RECIPES: Final = ("shopify-counted", "shopify-taken-back", "shopify-profile", "shopify-newsletter")
USER: Final = "9204417730789"
GROUP: Final = "3b1c6f0e-2a57-4d98-b6e4-7f8091a2b3c4"
LATER: Final = "2026-12-01T09:00:00Z"
FINAL: Final = ("ACCEPTED", "STALE", "DEAD", "HELD")


def recipe(name: str) -> tuple[str, dict[str, Any]]:
    """Return a recipe's rules file, signed as the shop's, and the webhook beside it."""
    text = page("recipes").split(f"<!-- recipe {name} -->")[1]
    rules, webhook = re.findall(r"```(?:yaml|json)\n(.*?)```", text, re.DOTALL)[:2]
    signed = rules.replace(
        "verify: {preset: shopify}", "verify: {preset: shopify, secret: shopify}"
    )
    return signed, json.loads(webhook)["body"]


def fresh_order() -> dict[str, Any]:
    """Return the recipe's order, new to the relay."""
    return recipe("shopify-counted")[1] | {"id": uuid.uuid4().int >> 66}


class Shop:
    """A shop whose webhooks come to the sources of the recipes, and what Braze has of its user."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    def tell(
        self, source: str, topic: str, body: dict[str, Any], *, idle: bool = True
    ) -> list[str]:
        """Post a webhook; return the states of its deliveries once all of them have ended.

        With `idle` nothing of it is left in a queue then: a repeat has been seen.
        """
        raw = json.dumps(body).encode()
        signature = base64.b64encode(hmac.digest(SHOPIFY_SECRET.encode(), raw, "sha256")).decode()
        headers = {"Content-Type": "application/json", "X-Shopify-Topic": topic}
        answer = self.relay.post(source, raw, headers | {"X-Shopify-Hmac-Sha256": signature})
        assert answer.status_code == 200, answer.text
        made = self.relay.last_webhook_log()
        assert made["parked"] == []
        states = [self._ended(str(one["id"])) for one in made["deliveries"]]
        if idle:
            self.relay.wait_until_idle()
            print(f"{topic}: {' '.join(states)}; {self.shown()}")  # noqa: T201 - see above
        return states

    def shown(self) -> str:
        """Return the user's profile, orders and revenue, as a line."""
        found = self.relay.braze("GET", f"/profiles/{USER}")
        figures = found["commerce"]
        sums = f"{figures['total_orders']} orders, revenue {figures['total_revenue']}"
        return f"{sums}, {json.dumps(found['profile'])}"

    def _ended(self, delivery: str) -> str:
        def look() -> str:
            key = {"pk": {"S": f"delivery#{delivery}"}}
            client, outputs = (
                self.relay.local.stack.client("dynamodb"),
                self.relay.local.stack.outputs,
            )
            found = client.get_item(TableName=outputs["LedgerTable"], Key=key, ConsistentRead=True)
            return str(found.get("Item", {}).get("state", {}).get("S", ""))

        return until(look, lambda found: found in FINAL, f"end of {delivery}")

    def counts(self) -> tuple[int, dict[str, float]]:
        """Return the orders and the revenue that Braze counts of the user."""
        figures = self.relay.braze("GET", "/commerce")["users"][USER]
        return figures["total_orders"], figures["total_revenue"]

    def profile(self) -> dict[str, Any]:
        found: dict[str, Any] = self.relay.braze("GET", f"/profiles/{USER}")["profile"]
        return found


@pytest.fixture
def shop(relay: Relay, local: Local, served_rules: Path) -> Iterator[Shop]:
    live = Live(local, served_rules / "shopify.yaml", SECRETS)
    files = {served_rules / f"{name}.yaml": recipe(name)[0] for name in RECIPES}
    try:
        for file, text in files.items():
            file.write_text(text, encoding="utf-8")
        _served(live)
        yield Shop(relay)
    finally:
        for file in files:
            file.unlink()
        _served(live)


def _served(live: Live) -> None:
    live.said.clear()
    for _ in range(2):  # the second look is the one that serves what has settled
        live.rules.look()
    assert "served after" in "\n".join(live.said), live.said


def test_orders_and_revenue_are_those_of_the_orders_after_each_webhook(shop: Shop) -> None:
    order = fresh_order()
    assert shop.tell("shopify-counted", "orders/paid", order) == ["ACCEPTED"]
    assert shop.counts() == (1, {"USD": 79})
    assert shop.profile()["last_order"] == "#1044"
    later = order | {"updated_at": "2026-11-24T10:00:09-05:00"}
    for repeat in (order, later):
        assert shop.tell("shopify-counted", "orders/paid", repeat) == ["ACCEPTED"]
        assert shop.counts() == (1, {"USD": 79})
    refunded = recipe("shopify-taken-back")[1] | {"id": order["id"]}
    first = refunded | {"refunds": refunded["refunds"][:1]}
    assert shop.tell("shopify-taken-back", "orders/updated", first) == ["ACCEPTED"]
    assert shop.counts() == (1, {"USD": 42.7})
    for _ in range(2):  # the second time both are repeats
        found = shop.tell("shopify-taken-back", "orders/updated", refunded)
        assert found == ["ACCEPTED", "ACCEPTED"]
        assert shop.counts() == (1, {"USD": 37.8})
    cancelled = {
        **order,
        "cancelled_at": "2026-11-25T11:05:00-05:00",
        "cancel_reason": None,
        "financial_status": "partially_refunded",
    }
    assert shop.tell("shopify-taken-back", "orders/cancelled", cancelled) == ["ACCEPTED"]
    assert shop.counts() == (0, {"USD": 37.8})
    events = shop.relay.braze("GET", f"/profiles/{USER}")["events"]
    assert [one["name"].removeprefix("ecommerce.order_") for one in events] == [
        *("placed", "refunded", "refunded", "cancelled")
    ]


def test_an_older_update_and_an_older_consent_change_nothing_and_are_counted(shop: Shop) -> None:
    order = fresh_order()
    assert shop.tell("shopify-counted", "orders/paid", order) == ["ACCEPTED"]
    _, customer = recipe("shopify-profile")
    named = customer | {"id": int(USER)}
    newer = named | {"first_name": "Noemie", "updated_at": "2026-11-20T21:00:05Z"}
    assert shop.tell("shopify-profile", "customers/update", newer) == ["ACCEPTED"]
    assert shop.profile()["first_name"] == "Noemie"
    assert shop.tell("shopify-profile", "customers/update", named) == ["STALE"]
    assert shop.profile()["first_name"] == "Noemie"
    _, left = recipe("shopify-newsletter")
    unsubscribed = left | {"customer_id": int(USER)}
    consent = left["email_marketing_consent"]
    joined = consent | {"state": "subscribed", "opt_in_level": "confirmed_opt_in"}
    older = joined | {"consent_updated_at": "2026-11-20T20:59:00Z"}
    topic = "customers_email_marketing_consent/update"
    assert shop.tell("shopify-newsletter", topic, unsubscribed) == ["ACCEPTED"]
    overtaken = unsubscribed | {"email_marketing_consent": older}
    assert shop.tell("shopify-newsletter", topic, overtaken) == ["STALE"]
    state = {"subscription_group_id": GROUP, "subscription_state": "unsubscribed"}
    assert shop.profile()["subscription_groups"] == [state]
    again = unsubscribed | {"email_marketing_consent": joined | {"consent_updated_at": LATER}}
    assert shop.tell("shopify-newsletter", topic, again) == ["ACCEPTED"]
    assert shop.profile()["subscription_groups"] == [state | {"subscription_state": "subscribed"}]


def test_the_tools_of_the_operator_follow_an_order_that_is_counted(
    shop: Shop, served_rules: Path
) -> None:
    order = fresh_order()
    assert shop.tell("shopify-counted", "orders/paid", order) == ["ACCEPTED"]
    with chosen(shop.relay.local) as options:
        given = ["--rules", str(served_rules), *options]
        traced = invoke(app, shop.relay.local, "trace", "#1044", *given)
        assert traced.exit_code == 0, traced.output
        said = unframed(traced.output)
        assert "writes attributes, event ecommerce.order_placed" in said
        summed = invoke(app, shop.relay.local, "reconcile", "--since", "1h", *given)
        assert "shopify-counted/order-placed" in summed.output
        assert invoke(app, shop.relay.local, "status", *given).exit_code == 0


def test_what_braze_refuses_of_an_order_is_redriven_alone_and_the_order_counts_once(
    shop: Shop, served_rules: Path
) -> None:
    order, local = fresh_order(), shop.relay.local
    shop.relay.braze("POST", "/faults", [{"kind": "errors", "objects": "first", "times": 1}])
    with chosen(local) as options:
        assert shop.tell("shopify-counted", "orders/paid", order, idle=False) == ["ACCEPTED"]
        assert shop.counts() == (1, {"USD": 79})
        assert "last_order" not in shop.profile()
        whole = shop.relay.last_delivery()
        listed = until(
            lambda: invoke(app, local, "dead-letters", "list", *options).output,
            lambda found: whole[:12] in found,
            "letter of what was refused",
        )
        assert "writes attributes" in listed
        assert "event" not in listed
        rendered = ("--rendered", "--yes", "--again", "--rules", str(served_rules))
        kept = invoke(app, local, "dead-letters", "redrive", *rendered, *options)
        assert kept.exit_code == 1
        assert "without --rendered" in kept.output
        done = invoke(app, local, "dead-letters", "redrive", "--yes", "--again", *options)
        assert done.exit_code == 0, done.output
        until(shop.profile, lambda found: "last_order" in found, "attributes")
        shop.relay.wait_until_idle()
        assert shop.counts() == (1, {"USD": 79})
        traced = invoke(app, local, "trace", whole, "--rules", str(served_rules), *options)
        assert "attributes.0: these are delivery" in unframed(traced.output)
