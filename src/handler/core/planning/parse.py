"""Parses a verified webhook into events: body, type, id and time, by its source's expressions."""

import json
import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Final

from handler.core.errors import ExpressionError, Malformed
from handler.core.expressions.evaluation import is_true
from handler.core.expressions.expression import Expression
from handler.core.expressions.json_values import missing
from handler.core.expressions.scalars import written
from handler.core.expressions.syntax_tree import paths_of, unparse
from handler.core.expressions.times import moment
from handler.core.json_types import JsonValue
from handler.core.models import Event, Verified, Webhook
from handler.core.planning import json_body
from handler.core.rules.source import ByType, Source

MAX_EVENTS: Final = 1000

# Seconds, for clocks differ: an event's time further ahead is replaced by the time of receipt.
_AHEAD: Final = 600
_LONGEST_VERSION: Final = 18  # digits: below 2^63
# A number or a short reference. It has a digit, and no @: no name and no address gets into a log.
_REFERENCE: Final = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9#_./ -]{1,40}")
UNREADABLE_TIME: Final = (
    "event.occurred_at finds what is no time of a known form and zone: what is due within some time"
    " counts from when the webhook came"
)

Document = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One event of a webhook before it is parsed: its body, and the bytes of that.

    `text` is JSON in UTF-8 that any parser reads as the body: the same bytes in most cases.
    """

    body: JsonValue
    raw: bytes
    text: bytes


def split(verified: Verified, source: Source) -> tuple[tuple[RawEvent, ...], tuple[str, ...]]:
    """Return the events of a webhook, one unless its source has `events`, and warnings for a log.

    Raise NotJson (the sender must act) or Malformed (to be parked).
    """
    raw = verified.webhook.body
    read = json_body.read(raw)
    if source.event.events is None:
        return (RawEvent(read.value, raw, read.text),), read.warnings
    found = _search(source.event.events, _signed(verified, source, read.value), "events")
    if not isinstance(found, list):
        raise Malformed("the webhook's events are no list")
    texts = [_written(one) for one in found]
    return tuple(map(RawEvent, found, texts, texts)), read.warnings


def parse(
    part: RawEvent, verified: Verified, source: Source, warnings: list[str] | None = None
) -> Event:
    """Return the event; raise Malformed where none can be made of it.

    A time that is there and cannot be read is added to `warnings`.
    """
    webhook = verified.webhook
    raw = digest(part.raw)
    headers = carried(webhook, source)
    signed = _signed(verified, source, part.body)
    document: Document = {"headers": dict(headers), "body": part.body}
    event_type = _type(source, signed if source.event.type_signed else document)
    # Binds, ids, versions and times read signed data alone, however their expressions are spelt.
    for glob, claim in source.event.binds:
        if fnmatchcase(event_type, glob):
            _bind(glob, claim, signed)
    event_id = _id(source.event.ids, event_type, {**signed, "digest": raw}) or raw
    again_after = webhook.received_at + source.event.repeats_for
    version = _version(source.event.versions, event_type, signed)
    time = _by_type(source.event.times, event_type)
    occurred_at, is_unreadable = _occurred_at(time, signed)
    if is_unreadable and warnings is not None:
        warnings.append(UNREADABLE_TIME)
    return Event(
        source=source.name,
        type=_clean(event_type),
        id=event_id,
        body=part.body,
        headers=headers,
        occurred_at=_not_ahead(occurred_at, webhook.received_at),
        received_at=webhook.received_at,
        version=version,
        arrived_ms=None if version is None else webhook.arrived_ms,
        again_after=again_after if event_id == raw else None,
        reference=_reference(source.event.references, event_type, signed),
    )


def carried(webhook: Webhook, source: Source) -> dict[str, str]:
    """Return the headers that an event carries: those of its source's closed list."""
    there = [name for name in source.headers if name in webhook.headers]
    return {name: _clean(webhook.headers[name]) for name in there}


def digest(raw: bytes) -> str:
    """Return the id of an event that has none of its own: the SHA-256 of its body, in hex."""
    return sha256(raw).hexdigest()


def _written(value: JsonValue) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _signed(verified: Verified, source: Source, value: JsonValue) -> Document:
    return {"headers": source.signed_headers(verified.webhook.headers), "body": value}


def _type(source: Source, document: Document) -> str:
    found = _search(source.event.type, document, "type")
    if not isinstance(found, str) or missing(found):
        raise Malformed("the event's type is missing")
    return found


def _clean(value: str) -> str:
    """Return a header's value without lone surrogates, which no encoding takes."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _search(expression: Expression, document: JsonValue, field: str) -> JsonValue:
    try:
        return expression.search(document)
    except ExpressionError as error:
        raise Malformed(f"the event's {field}: {error}") from None


def _bind(glob: str, claim: Expression, document: JsonValue) -> None:
    """Raise Malformed, with the expression, where a type and its body do not go together."""
    why = ""
    try:
        if is_true(claim.search(document)):
            return
    except ExpressionError as error:
        why = f": {error}"
    paths = (replace(claim, text=unparse(one), tree=one) for one in paths_of(claim.tree))
    lacking = dict.fromkeys(one.text for one in paths if _is_lacking(one, document))
    if lacking:
        raise Malformed(f"{glob} must have {' and '.join(lacking)} (bind: {claim.text})")
    text = "the event's type and its body do not go together"
    raise Malformed(f"{text} (bind of {glob}: {claim.text}){why}")


def _is_lacking(path: Expression, document: JsonValue) -> bool:
    try:
        return path.search(document) is None
    except ExpressionError:
        return False


def _by_type(choices: ByType, event_type: str) -> Expression | None:
    return next((one for glob, one in choices if fnmatchcase(event_type, glob)), None)


def _id(choices: ByType, event_type: str, document: JsonValue) -> str | None:
    expression = _by_type(choices, event_type)
    value = None if expression is None else _search(expression, document, "id")
    if missing(value) or not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    return written(value)


def _occurred_at(expression: Expression | None, document: JsonValue) -> tuple[int | None, bool]:
    """Return when an event happened, and whether a time is there that cannot be read."""
    try:
        value = None if expression is None else expression.search(document)
    except ExpressionError:
        return None, True
    found = moment(value)
    # An event before 1970 is a time that nobody has set.
    seconds = None if found is None else math.floor(found.timestamp())
    known = None if seconds is None or seconds < 0 else seconds
    return known, known is None and not missing(value)


def _not_ahead(seconds: int | None, received_at: int) -> int | None:
    """Return a time, or that of receipt where it lies too far ahead."""
    return received_at if seconds is not None and seconds > received_at + _AHEAD else seconds


def _version(choices: ByType, event_type: str, document: JsonValue) -> int | float | None:
    """Return the version that orders the events of one thing; None where there is none."""
    expression = _by_type(choices, event_type)
    value = None if expression is None else _search(expression, document, "version")
    if missing(value):
        return None
    found = _number(value)
    if found is None:  # without an order, older data could overwrite newer data
        raise Malformed("the event's version is neither a number nor a time")
    return found


def _reference(choices: ByType, event_type: str, document: JsonValue) -> str | None:
    """Return what people call an event's object by, if it is fit for a log; a failure is none."""
    expression = _by_type(choices, event_type)
    try:
        value = None if expression is None else expression.search(document)
    except ExpressionError:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = written(value).strip()
    return text if _REFERENCE.fullmatch(text) else None


def _number(value: JsonValue) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not isinstance(value, str):
        return value
    if value.isascii() and value.isdigit() and len(value) <= _LONGEST_VERSION:
        return int(value)
    # All times of one sender have one format: without an offset they still have an order.
    read = _iso(value) or moment(value, UTC)
    return None if read is None else (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
