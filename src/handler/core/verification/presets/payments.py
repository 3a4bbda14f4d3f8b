"""Presets of payment and subscription services."""

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
        },
    },
}
