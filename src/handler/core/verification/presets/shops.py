"""Presets of shops: orders and their customers.

A `reference` is the number that people call an order by: never a person's name or id.
"""

from collections.abc import Mapping
from typing import Any, Final

SHOPS: Final[Mapping[str, Mapping[str, Any]]] = {
    "shopify": {
        "document": "https://shopify.dev/docs/apps/build/webhooks/delivery-structure",
        "verify": {
            "scheme": "hmac",
            "encoding": "base64",
            "signature": {"header": "x-shopify-hmac-sha256"},
        },
        # The topic is not signed, so a webhook can be replayed under another one. The id and time
        # of a creation therefore come from fields that never change: an update that is replayed as
        # a creation only repeats the creation's own id.
        "event": {
            "type": 'headers."x-shopify-topic"',
            "type_signed": False,
            "id": {
                "*/create": "text(body.id)",
                # updated_at counts seconds, and two changes fit into one. A repeat has the same
                # payload, byte for byte (Shopify changelog, "Updates to webhook retry
                # mechanism", 2024-09-10). Without updated_at, null: the digest alone.
                "*": "concat(text(body.id), '@', text(body.updated_at), '@', digest)",
            },
            "repeats_for": "1d",  # eight times within 4 h (the same page), and room for a late one
            "occurred_at": {
                "*/create": "body.created_at",
                # Not created_at: an old order that changes today happened today.
                "*": "body.updated_at",
            },
            "reference": {
                "orders/*": "body.name",
                "draft_orders/*": "body.name",
                "fulfillments/*": "body.name",
            },
        },
        "headers": [
            "x-shopify-topic",
            "x-shopify-shop-domain",
            "x-shopify-webhook-id",
            "x-shopify-event-id",
            "x-shopify-triggered-at",
            "x-shopify-api-version",
        ],
    },
    "woocommerce": {
        "document": "https://woocommerce.com/document/webhooks/",
        "verify": {
            "scheme": "hmac",
            "encoding": "base64",
            "signature": {"header": "x-wc-webhook-signature"},
        },
        # As at Shopify the topic is not signed. X-WC-Webhook-Delivery-ID is no id: two orders
        # that are delivered in one second share it.
        "event": {
            "type": 'headers."x-wc-webhook-topic"',
            "type_signed": False,
            # Customers and orders count separately: a customer that is replayed as an order would
            # take the id of an order that is yet to come.
            "bind": {"order.created": "body.order_key"},
            "id": {
                "*.created": "text(body.id)",
                "*": "concat(text(body.id), '@', text(body.date_modified_gmt))",
            },
            "occurred_at": {
                "*.created": "concat(body.date_created_gmt, 'Z')",
                "*": "concat(body.date_modified_gmt, 'Z')",
            },
            "reference": {"order.*": "body.number", "subscription.*": "body.number"},
        },
        "headers": [
            "x-wc-webhook-topic",
            "x-wc-webhook-resource",
            "x-wc-webhook-event",
            "x-wc-webhook-source",
            "x-wc-webhook-id",
        ],
        "handshakes": ["woocommerce"],
    },
    "bigcommerce": {
        "document": "https://developer.bigcommerce.com/docs/integrations/webhooks",
        "verify": {"scheme": "standard_webhooks", "secret_encoding": "utf8"},
        "event": {
            "type": "body.scope",
            "type_signed": True,
            # Not body.hash: whether it tells two changes of one order apart is not documented.
            # One app has one secret for all its stores, and each store counts from 1.
            "id": {
                "*/message/created": (
                    "concat(body.producer, '/', text(body.data.id), '-',"
                    " text(body.data.message.order_message_id))"
                ),
                "*/created": "concat(body.producer, '/', text(body.data.id))",
                "*": ("concat(body.producer, '/', text(body.data.id), '@', text(body.created_at))"),
            },
            "occurred_at": "body.created_at",
            "reference": {"store/order/*": "body.data.id"},
        },
        "headers": ["webhook-id", "webhook-timestamp"],
        "answer": "empty",
    },
    "square": {
        "document": "https://developer.squareup.com/docs/webhooks/step3validate",
        "verify": {
            "scheme": "hmac",
            "encoding": "base64",
            "signature": {"header": "x-square-hmacsha256-signature"},
            "signed": "{url}{body}",
        },
        "event": {
            "type": "body.type",
            "type_signed": True,
            "id": "body.event_id",
            "occurred_at": "body.created_at",
            "reference": {
                "invoice.*": "body.data.object.invoice.invoice_number",
                "order.*": "body.data.id",
                "payment.*": "body.data.id",
            },
        },
    },
    "recharge": {
        "document": "https://developer.rechargepayments.com/2021-11/webhooks_explained",
        "verify": {
            "scheme": "hmac",
            "encoding": "hex",
            "signature": {
                "header": "x-recharge-webhook-signature",
                "format": "pairs",
                "key": "v1",
            },
            "signed": "{timestamp}.{body}",
            # Its own window of retries: a retry carries the first attempt's time.
            "timestamp": {"key": "t", "tolerance": 172800},
        },
        # No id and no signed type: the digest of the body tells two events apart.
        "event": {"type": 'headers."x-recharge-topic"', "type_signed": False},
        "headers": ["x-recharge-topic"],
    },
}
