"""Presets of forms, calendars and analytics, and of Standard Webhooks in general."""

from collections.abc import Mapping
from typing import Any, Final

TOOLS: Final[Mapping[str, Mapping[str, Any]]] = {
    "standard_webhooks": {
        "document": "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
        "verify": {"scheme": "standard_webhooks"},
        "event": {
            "type": "body.type",
            "type_signed": True,
            "id": 'headers."webhook-id"',
            "occurred_at": "body.timestamp",
        },
        "headers": ["webhook-id", "webhook-timestamp"],
    },
    "svix": {
        "document": "https://docs.svix.com/receiving/verifying-payloads/how",
        "verify": {"scheme": "standard_webhooks", "headers": "svix"},
        "event": {
            "type": "body.type",
            "type_signed": True,
            "id": 'headers."svix-id"',
            "occurred_at": "body.timestamp",
        },
        "headers": ["svix-id", "svix-timestamp"],
    },
    "klaviyo": {
        "document": "https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
        # The time is signed, but Klaviyo does not document how it is written.
        "verify": {
            "scheme": "hmac",
            "encoding": "hex",
            "signature": {"header": "klaviyo-signature"},
            "signed": "{body}{header:klaviyo-timestamp}",
        },
        "event": {
            "events": "body.data",
            "type": "body.topic",
            "type_signed": True,
            "id": "body.external_id",
            "occurred_at": "body.payload.data.attributes.datetime",
        },
        "headers": ["klaviyo-webhook-id", "klaviyo-timestamp"],
    },
    "typeform": {
        "document": "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
        "verify": {
            "scheme": "hmac",
            "encoding": "base64",
            "signature": {
                "header": "typeform-signature",
                "format": "prefix",
                "prefix": "sha256=",
            },
        },
        "event": {
            "type": "body.event_type",
            "type_signed": True,
            "id": "body.event_id",
            "occurred_at": "body.form_response.submitted_at",
        },
    },
    "calendly": {
        "document": "https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures",
        "verify": {
            "scheme": "hmac",
            "encoding": "hex",
            "signature": {
                "header": "calendly-webhook-signature",
                "format": "pairs",
                "key": "v1",
            },
            "signed": "{timestamp}.{body}",
            # Calendly suggests 180 s; whether a retry is stamped anew is not documented.
            "timestamp": {"key": "t", "tolerance": 300},
        },
        "event": {
            "type": "body.event",
            "type_signed": True,
            "id": "concat(body.payload.uri, '@', body.created_at)",
            "occurred_at": "body.created_at",
        },
    },
    "segment": {
        "document": "https://segment.com/docs/connections/destinations/catalog/webhooks/",
        # Of a batch only the first event is signed, so that no signature fits the whole body.
        "verify": {
            "scheme": "hmac",
            "algorithm": "sha1",
            "encoding": "hex",
            "signature": {"header": "x-signature"},
        },
        "event": {
            "type": "body.type",
            "type_signed": True,
            "id": "body.messageId",
            "occurred_at": "body.timestamp",
        },
    },
    "github": {
        "document": "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
        "verify": {
            "scheme": "hmac",
            "encoding": "hex",
            "signature": {
                "header": "x-hub-signature-256",
                "format": "prefix",
                "prefix": "sha256=",
            },
        },
        # X-GitHub-Delivery and the type are not signed: the digest of the body is the id.
        "event": {"type": 'headers."x-github-event"', "type_signed": False},
        "headers": ["x-github-event", "x-github-delivery"],
        "handshakes": ["github"],
    },
    "hubspot": {
        "document": "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests",
        "verify": {
            "scheme": "hmac",
            "encoding": "base64",
            "signature": {"header": "x-hubspot-signature-v3"},
            "signed": "{method}{url}{body}{timestamp}",
            "decode_url": True,
            "timestamp": {
                "header": "x-hubspot-request-timestamp",
                "unit": "ms",
                "tolerance": 300,
            },
        },
        "event": {
            "events": "body",
            "type": "body.subscriptionType",
            "type_signed": True,
            # HubSpot does not promise that eventId is unique; attemptNumber counts its retries.
            "id": (
                "concat(text(body.eventId), '-', text(body.subscriptionId), '-',"
                " text(body.objectId), '-', text(body.occurredAt))"
            ),
            "occurred_at": "body.occurredAt",
        },
    },
}
