"""Presets of account services: sign-ups, sign-ins and changes of users."""

from collections.abc import Mapping
from typing import Any, Final

ACCOUNTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "clerk": {
        "document": "https://clerk.com/docs/webhooks/overview",
        "verify": {"scheme": "standard_webhooks", "headers": "svix"},
        "event": {
            "type": "body.type",
            "type_signed": True,
            "id": 'headers."svix-id"',
            "occurred_at": "body.timestamp",
        },
        "headers": ["svix-id", "svix-timestamp"],
    },
    "workos": {
        "document": "https://workos.com/docs/events/data-syncing/webhooks",
        # The key is the secret as it is shown; milliseconds.
        "verify": {
            "scheme": "hmac",
            "encoding": "hex",
            "signature": {"header": "workos-signature", "format": "pairs", "key": "v1"},
            "signed": "{timestamp}.{body}",
            "timestamp": {"key": "t", "unit": "ms", "tolerance": 180},
        },
        "event": {
            "type": "body.event",
            "type_signed": True,
            "id": "body.id",
            "occurred_at": "body.created_at",
        },
    },
    "supabase": {
        "document": "https://supabase.com/docs/guides/auth/auth-hooks",
        "verify": {"scheme": "standard_webhooks"},
        "event": {
            "type": "coalesce(body.metadata.name, body.email_data.email_action_type)",
            "type_signed": True,
            "id": 'headers."webhook-id"',
            "occurred_at": "body.metadata.time",
        },
        "headers": ["webhook-id", "webhook-timestamp"],
        "answer": "empty",
    },
    "auth0": {
        "document": "https://auth0.com/docs/customize/events",
        "verify": {"scheme": "token", "where": "bearer"},
        "event": {
            "type": "body.type",
            "type_signed": True,
            "id": "body.id",
            "occurred_at": "body.time",
        },
    },
    "okta": {
        "document": "https://developer.okta.com/docs/concepts/event-hooks/",
        "verify": {"scheme": "token", "where": "header", "name": "Authorization"},
        "event": {
            "events": "body.data.events",
            "type": "body.eventType",
            "type_signed": True,
            "id": "body.uuid",
            "occurred_at": "body.published",
        },
        "answer": "empty",
        "handshakes": ["okta"],
    },
}
