"""Reads a verified webhook as an event: its body, type, id and time, as its source says."""

from datetime import datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Final

from pydantic import JsonValue

from handler.core import body
from handler.core.budget import kind, missing
from handler.core.errors import ExpressionError, Malformed
from handler.core.expressions import Expression
from handler.core.models import Event, Verified
from handler.core.source import ByType, Source

# Clocks differ; a time further ahead is not to be believed.
_AHEAD: Final = 600
_DIGITS: Final = 12  # of seconds since the epoch, for some thousand years


def parse(verified: Verified, source: Source) -> tuple[Event, tuple[str, ...]]:
    """Return the event, and warnings fit for a log.

    Raise NotJson (the sender must act) or Malformed (to be parked).
    """
    webhook = verified.webhook
    read = body.read(webhook.body)
    headers = {
        name: _clean(webhook.headers[name]) for name in source.headers if name in webhook.headers
    }
    # However an expression is spelt, an id or a time comes from nothing that is not signed.
    document: JsonValue = {"headers": source.signed(webhook.headers), "body": read.value}
    unproven: JsonValue = {"headers": dict(webhook.headers), "body": read.value}
    at_hand = document if source.event.type_signed else unproven
    event_type = _search(source.event.type, at_hand, "type")
    if not isinstance(event_type, str) or missing(event_type):
        raise Malformed("the event's type is missing")
    event = Event(
        source=source.name,
        type=_clean(event_type),
        id=_id(source.event.ids, event_type, document) or digest(webhook.body),
        body=read.value,
        headers=headers,
        occurred_at=_occurred_at(source.event.times, event_type, document, webhook.received_at),
        received_at=webhook.received_at,
    )
    return event, read.warnings


def digest(raw: bytes) -> str:
    """Return the id of an event that has none of its own: the SHA-256 of its body, in hex."""
    return sha256(raw).hexdigest()


def _clean(value: str) -> str:
    """Return a header's value without lone surrogates, which no encoding takes."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _search(expression: Expression, document: JsonValue, field: str) -> JsonValue:
    try:
        return expression.search(document)
    except ExpressionError as error:
        raise Malformed(f"the event's {field}: {error}") from None


def _by_type(choices: ByType, event_type: str) -> Expression | None:
    return next((it for glob, it in choices if fnmatchcase(event_type, glob)), None)


def _id(choices: ByType, event_type: str, document: JsonValue) -> str | None:
    expression = _by_type(choices, event_type)
    value = None if expression is None else _search(expression, document, "id")
    if missing(value) or kind(value) not in ("string", "number"):
        return None
    return str(value)


def _occurred_at(
    choices: ByType, event_type: str, document: JsonValue, received_at: int
) -> int | None:
    expression = _by_type(choices, event_type)
    try:
        value = None if expression is None else expression.search(document)
    except ExpressionError:
        return None
    seconds = _seconds(value)
    return received_at if seconds is not None and seconds > received_at + _AHEAD else seconds


def _seconds(value: JsonValue) -> int | None:
    """Return seconds since the epoch for such, or for ISO 8601 text with an offset; else None."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    if isinstance(value, str):
        return _iso_seconds(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 10**_DIGITS else None


def _iso_seconds(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        # Without an offset nobody knows when that was.
        return None if moment.tzinfo is None else int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
