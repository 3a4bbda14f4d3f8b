"""Identifiers: those that Braze knows a recipient by, and the digests that the ledger keeps."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

from handler.core.json_types import JsonValue
from handler.core.models import Delivery

IDENTIFIERS: Final = ("external_user_id", "user_alias", "email")
# By the name that the relay knows an identifier by, the names that endpoints have for it: those of
# users/track, and the lists of a subscription group.
_CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "external_user_id": ("external_user_id", "external_id", "external_ids"),
    "braze_id": ("braze_id",),
    "user_alias": ("user_alias",),
    "email": ("email", "emails"),
    "phone": ("phone", "phones"),
}
ARRAYS: Final = ("attributes", "events", "subscription_groups")
_LOGGED: Final = 16  # hex digits of a digest in a log: 64 bits, so that a line stays short
# Names of an identifier elsewhere: Braze has none of them.
OTHER_IDS: Final = ("user_id", "userId", "customer_id", "customerId", "id")
ALIAS_KEYS: Final = ("alias_name", "alias_label")

# Keys that decide who is reached: of a recipient, and of its attributes (addresses and consent).
REACHING: Final = (*IDENTIFIERS, "prioritization", "send_to_existing_only")
CONSENT: Final = ("email_subscribe", "push_subscribe", "subscription_groups")
REACHING_ATTRIBUTES: Final = ("email", "phone", "push_tokens", *CONSENT)


def user_of(delivery: Delivery) -> list[JsonValue] | None:
    """Return who a delivery is for, as `[identifier, value]`; None for a broadcast.

    One identifier has one name here, whatever an endpoint calls it: an order's confirmation and
    its event are about one user.
    """
    recipient = delivery.recipient or {}
    for name, value in _named(recipient):
        if isinstance(value, dict):
            return [name, [value.get(key) for key in ALIAS_KEYS]]
        if value is not None:
            # Two spellings of an address are one user, and at worst two users wait for each other.
            return [name, value.lower() if name == "email" and isinstance(value, str) else value]
    return None


def _named(recipient: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    """Yield the identifiers of a recipient, or of the first object of its arrays, with names.

    One primary identifier comes first: beside it, an address is an attribute ("User track").
    """
    about = next(_objects(recipient), recipient)
    for name, others in _CALLED.items():
        for other in others:
            value = about.get(other)
            if isinstance(value, list):  # a subscription group lists its users: here, one
                value = next(iter(value), None)
            yield name, value


def _objects(recipient: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    """Yield the objects of the arrays in a part of a request; nothing of a trigger's recipient."""
    for name in ARRAYS:
        array = recipient.get(name)
        if isinstance(array, list):
            yield from (one for one in array if isinstance(one, dict))


def traced(text: str) -> str:
    """Return the digest by which the ledger finds an event's id or a rule's `once`."""
    return sha256(text.encode("utf-8")).hexdigest()


def log_digest(text: str) -> str:
    """Return the digest by which the log finds an event's id or a person: 16 hex digits."""
    return traced(text)[:_LOGGED]


def persons_of(recipient: Mapping[str, JsonValue]) -> list[str]:
    """Return all that names a recipient: its identifiers, and the address among its attributes."""
    attributes = recipient.get("attributes")
    about = [recipient, *([attributes] if isinstance(attributes, dict) else ())]
    named = [one for each in about for one in _names_in(each)]
    for each in _objects(recipient):
        named += [*_names_in(each)] or [*_texts(each, "phone")]  # a number alone names a user too
    return list(dict.fromkeys(named))


def _names_in(fields: Mapping[str, JsonValue]) -> Iterator[str]:
    alias = fields.get("user_alias")
    yield from _texts(fields, "external_user_id", "external_id", "external_ids", "braze_id")
    yield from _texts(alias, "alias_name") if isinstance(alias, dict) else ()
    yield from (one.strip().lower() for one in _texts(fields, "email", "emails"))
    yield from _texts(fields, "phones")


def _texts(fields: Mapping[str, JsonValue], *names: str) -> Iterator[str]:
    for name in names:
        value = fields.get(name)
        yield from (
            one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)
        )
