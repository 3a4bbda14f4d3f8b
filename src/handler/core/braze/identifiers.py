"""Identifiers: those that Braze knows a recipient by, and the digests that the ledger keeps."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from handler.core.json_types import JsonValue
from handler.core.models import Delivery

IDENTIFIERS: Final = ("external_user_id", "user_alias", "email")
_LOGGED: Final = 16  # hex digits of a digest in a log: 64 bits, so that a line stays short
ALIAS_KEYS: Final = ("alias_name", "alias_label")

# Keys that decide who is reached: of a recipient, and of its attributes (addresses and consent).
REACHING: Final = (*IDENTIFIERS, "prioritization", "send_to_existing_only")
REACHING_ATTRIBUTES: Final = (
    *("email", "phone", "push_tokens"),
    *("email_subscribe", "push_subscribe", "subscription_groups"),
)


def user_of(delivery: Delivery) -> list[JsonValue] | None:
    """Return who a delivery is for, as `[identifier, value]`; None for a broadcast."""
    recipient = delivery.recipient or {}
    for name in IDENTIFIERS:
        value = recipient.get(name)
        if isinstance(value, dict):
            return [name, [value.get(key) for key in ALIAS_KEYS]]
        if value is not None:
            # Two spellings of an address are one user, and at worst two users wait for each other.
            return [name, value.lower() if name == "email" and isinstance(value, str) else value]
    return None


def traced(text: str) -> str:
    """Return the digest by which the ledger finds an event's id or a rule's `once`."""
    return sha256(text.encode("utf-8")).hexdigest()


def log_digest(text: str) -> str:
    """Return the digest by which the log finds an event's id or a person: 16 hex digits."""
    return traced(text)[:_LOGGED]


def persons_of(recipient: Mapping[str, JsonValue]) -> list[str]:
    """Return all that names a recipient: its identifiers, and the address among its attributes."""
    alias, attributes = recipient.get("user_alias"), recipient.get("attributes")
    found = [
        recipient.get("external_user_id"),
        alias.get("alias_name") if isinstance(alias, dict) else None,
        _address(recipient),
        _address(attributes) if isinstance(attributes, dict) else None,
    ]
    return list(dict.fromkeys(one for one in found if isinstance(one, str)))


def _address(fields: Mapping[str, JsonValue]) -> str | None:
    given = fields.get("email")
    return given.strip().lower() if isinstance(given, str) else None
