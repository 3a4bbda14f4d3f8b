"""Presets of payment and subscription services.

A `reference` is the number of an invoice, or the id of a payment: never of a customer.
"""

from collections.abc import Mapping
from typing import Any, Final

PAYMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "stripe": {
        "document": "https://docs.stripe.com/webhooks#verify-manually",
        # The prefix whsec_ belongs to the key.
        "verify": {
            "scheme": "hmac",
            "encoding": "hex",
            "signature": {"header": "stripe-signature", "format": "pairs", "key": "v1"},
            "signed": "{timestamp}.{body}",
            "timestamp": {"key": "t", "tolerance": 300},
        },
        "event": {
            "type": "body.type",
            "type_signed": True,
            "id": "body.id",
            "occurred_at": "body.created",
            "reference": {
                # A session's own id is longer than a reference may be.
                "checkout.session.*": (
                    "coalesce(body.data.object.payment_intent, body.data.object.subscription)"
                ),
                "customer.subscription.*": "body.data.object.id",
                "invoice.*": "coalesce(body.data.object.number, body.data.object.id)",
                "charge.*": "body.data.object.id",
                "payment_intent.*": "body.data.object.id",
            },
        },
    },
    "paddle": {
        "document": "https://developer.paddle.com/webhooks/signature-verification",
        "verify": {
            "scheme": "hmac",
            "encoding": "hex",
            "signature": {
                "header": "paddle-signature",
                "format": "pairs",
                "separator": ";",
                "key": "h1",
            },
            "signed": "{timestamp}:{body}",
            # Paddle's own libraries take 5 s; whether a retry is stamped anew is not documented.
            "timestamp": {"key": "ts", "tolerance": 300},
        },
        "event": {
            "type": "body.event_type",
            "type_signed": True,
            "id": "body.event_id",
            "occurred_at": "body.occurred_at",
            "reference": {
                "transaction.*": "coalesce(body.data.invoice_number, body.data.id)",
                "subscription.*": "body.data.id",
            },
        },
    },
    "lemonsqueezy": {
        "document": "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
        "verify": {
            "scheme": "hmac",
            "encoding": "hex",
            "signature": {"header": "x-signature"},
        },
        "event": {
            "type": "body.meta.event_name",
            "type_signed": True,
            "id": {
                "*_created": "text(body.data.id)",
                "*": "concat(text(body.data.id), '@', text(body.data.attributes.updated_at))",
            },
            "occurred_at": {
                "*_created": "body.data.attributes.created_at",
                "*": "body.data.attributes.updated_at",
            },
            "reference": {
                "order_*": "body.data.attributes.order_number",
                "subscription_*": "body.data.id",
            },
        },
    },
    "chargebee": {
        "document": "https://www.chargebee.com/docs/2.0/webhook_settings.html",
        "verify": {"scheme": "basic"},
        "event": {
            "type": "body.event_type",
            "type_signed": True,
            "id": "body.id",
            "occurred_at": "body.occurred_at",
            "reference": "coalesce(body.content.invoice.id, body.content.subscription.id)",
        },
    },
}
