"""The delivery id: an idempotency key made of what a delivery means."""

import json
from hashlib import sha256
from typing import Final

from handler.core.braze.identifiers import ALIAS_KEYS, IDENTIFIERS
from handler.core.errors import Unrenderable
from handler.core.expressions.defines import Roots
from handler.core.expressions.form import fill_text
from handler.core.json_types import JsonValue
from handler.core.models import Event
from handler.core.planning.identity import Recipient
from handler.core.rules.source import Rule

_VERSION: Final = 1


def delivery_id(source: str, rule: str, key: str, part: str) -> str:
    """Return the idempotency key: the SHA-256, in hex, of what a delivery means."""
    return sha256(_written([_VERSION, source, rule, key, part]).encode("ascii")).hexdigest()


def key_of(rule: Rule, event: Event, signed: JsonValue | Roots, *, type_signed: bool) -> str:
    """Return the key for which a rule sends once: its `once`, of signed data, else the event."""
    if rule.once is None:
        # An unsigned type never enters an id: a replayed webhook could carry another one.
        return json.dumps([event.type, event.id]) if type_signed else event.id
    once = fill_text(rule.once_form, signed)
    if once is None:
        raise Unrenderable("once", "it is missing, so nothing says what is to happen only once")
    return once


def part_of(recipient: Recipient, of: int, index: int | None) -> str:
    """Return the part that tells deliveries of one key apart: recipient, and element of for_each.

    `of` counts the recipients; `index` is that of the element, None where `once` names it.
    """
    who = "" if of == 1 else _identifier(recipient)
    return who if index is None else _written([index, who])


def _identifier(recipient: Recipient) -> str:
    identifier = next(recipient[name] for name in IDENTIFIERS if name in recipient)
    if isinstance(identifier, dict):
        return _written([identifier[key] for key in ALIAS_KEYS])
    return str(identifier)


def _written(value: JsonValue) -> str:
    return json.dumps(value, separators=(",", ":"))
