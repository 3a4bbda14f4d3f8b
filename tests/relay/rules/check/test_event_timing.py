"""A rule that waits for a later state of what was only just made is told, and no other."""

import pytest

from handler.core.rules.load import load
from relay.rules.check.warnings import warnings

FILE = """\
verify: {preset: PRESET}
rules:
  - name: confirm
    type: TYPE
    when: WHEN
    once: ${body.id}
    send:
      campaign_id: c
      recipients: [{external_user_id: "${body.customer.id}"}]
"""
PAID = "body.status == 'processing'"


def told(preset: str, types: str, when: str) -> list[tuple[str, str]]:
    text = FILE.replace("PRESET", preset).replace("TYPE", types).replace("WHEN", f'"{when}"')
    found = warnings(load("shop", text, "shop.yaml", "dev"), preset)
    return [(".".join(map(str, path)), words) for path, words in found]


@pytest.mark.parametrize(
    "preset, kind, when, later",
    [
        ("woocommerce", "order.created", PAID, "order.updated"),
        ("woocommerce", "order.created", "body.id && body.status == 'completed'", "order.updated"),
        ("woocommerce", "order.created", "contains(['processing', 'completed'], body.status)",
         "order.updated"),
        ("woocommerce", "order.created", f"{PAID} || body.status == 'completed'", "order.updated"),
        ("woocommerce", "order.created", "body.status != 'pending'", "order.updated"),
        ("woocommerce", "order.created", "!(body.status == 'pending')", "order.updated"),
        ("woocommerce", "order.created", "body.date_paid_gmt", "order.updated"),
        ("shopify", "orders/create", "body.financial_status == 'paid'", "orders/updated"),
        ("shopify", "orders/create", "'paid' == body.financial_status", "orders/updated"),
        ("shopify", "orders/create", "body.fulfillment_status == 'fulfilled'", "orders/updated"),
        ("shopify", "checkouts/create", "body.completed_at", "checkouts/update"),
        ("shopify", "fulfillments/create", "body.shipment_status == 'delivered'",
         "fulfillments/update"),
        ("shopify", "customers/create", "body.state == 'enabled'", "customers/update"),
        ("stripe", "checkout.session.completed", "body.data.object.payment_status == 'paid'",
         "checkout.session.async_payment_succeeded"),
        ("stripe", "payment_intent.created", "body.data.object.status == 'succeeded'",
         "payment_intent.succeeded"),
        ("stripe", "customer.subscription.created", "body.data.object.status == 'active'",
         "customer.subscription.updated"),
        ("square", "payment.created", "body.data.object.payment.status == 'COMPLETED'",
         "payment.updated"),
        ("paddle", "transaction.created", "body.data.status == 'paid'", "transaction.updated"),
        ("lemonsqueezy", "subscription_created", "body.data.attributes.status == 'active'",
         "subscription_updated"),
        ("auth0", "user.created", "body.data.object.email_verified", "user.updated"),
        ("workos", "user.created", "body.data.email_verified", "user.updated"),
        ("standard_webhooks", "INSERT orders", "body.record.status == 'paid'", "UPDATE orders"),
        ("woocommerce", "[order.created, customer.created]", PAID, "order.updated"),
    ],
)  # fmt: skip
def test_a_state_that_comes_after_the_creation_is_told_with_the_type_that_tells_of_it(
    preset: str, kind: str, when: str, later: str
) -> None:
    found = [words for path, words in told(preset, kind, when) if path == "rules.0.when"]
    first = kind.strip("[").split(",")[0]
    assert len(found) == 1
    assert found[0].startswith(f"{first} often comes before ")
    assert f"type: [{first}, {later}]" in found[0]
    assert "once" in found[0]


@pytest.mark.parametrize(
    "preset, kind",
    [
        ("shopify", "refunds/create"),  # Shopify has no refunds/update
        ("stripe", "payment.created"),
        ("paddle", "payment.created"),
        ("standard_webhooks", "OrderCreated"),
        ("standard_webhooks", "[order.created, invoice.created]"),
    ],
)
def test_no_type_is_made_up_that_the_sender_may_not_have(preset: str, kind: str) -> None:
    (words,) = [why for path, why in told(preset, kind, PAID) if path == "rules.0.when"]
    assert "take the type of your sender that tells of it too, and say once" in words
    assert "updat" not in words.lower()


@pytest.mark.parametrize(
    "preset, types, when",
    [
        ("woocommerce", "[order.created, order.updated]", PAID),
        ("woocommerce", "order.updated", PAID),
        ("woocommerce", "'order.*'", PAID),
        ("woocommerce", "order.created", f"{PAID} || body.status == 'pending'"),
        ("woocommerce", "order.created", "body.status == 'pending'"),
        ("woocommerce", "order.created", "body.status != 'cancelled'"),
        ("woocommerce", "order.created", "body.status != 'completed'"),
        ("woocommerce", "order.created", "!(body.status == 'failed')"),
        ("woocommerce", "order.created", "!(body.date_paid)"),
        ("woocommerce", "order.created", "contains(['pending', 'processing'], body.status)"),
        ("woocommerce", "order.created", "body.billing.state == 'CA'"),
        ("woocommerce", "order.created", "body.payment_method == 'paid'"),
        ("woocommerce", "order.created", "body.status == body.shown_status"),
        ("shopify", "[orders/create, orders/paid]", "body.financial_status == 'paid'"),
        ("shopify", "orders/paid", "body.financial_status == 'paid'"),
        ("shopify", "orders/create", "!(body.test)"),
        ("shopify", "orders/create", "body.financial_status != 'refunded'"),
        ("stripe", "checkout.session.completed", "body.data.object.mode == 'payment'"),
        ("stripe", "[checkout.session.completed, checkout.session.async_payment_succeeded]",
         "body.data.object.payment_status == 'paid'"),
        ("stripe", "payment_intent.succeeded", "body.data.object.status == 'succeeded'"),
        ("lemonsqueezy", "order_created", "body.data.attributes.status == 'paid'"),
        ("shopify", "fulfillments/create", "body.status == 'success'"),
        ("shopify", "order_transactions/create", "body.status == 'success'"),
        ("calendly", "invitee.created", "body.payload.status == 'active'"),
        ("standard_webhooks", "user.created", "body.data.email_verified"),
        ("standard_webhooks", "user.created", "body.data.active"),
        ("standard_webhooks", "order.confirmed", "body.status == 'paid'"),
    ],
)  # fmt: skip
def test_what_a_new_thing_may_well_be_is_not_told(preset: str, types: str, when: str) -> None:
    assert [it for it in told(preset, types, when) if it[0] == "rules.0.when"] == []
