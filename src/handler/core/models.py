"""Values on the path of one webhook, in the order in which they are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handler.core.json_types import JsonValue

OnUnknown = Literal["retry", "hold"]
Priority = Literal["normal", "low"]
ParkReason = Literal["malformed", "too_many", "unrenderable", "expired"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """The HTTP request as received, untrusted.

    Header names are in lower case. `query` is the raw query string without `?`; `url` is the called
    URL without the query string. All times here are in seconds since the epoch, except
    `arrived_ms`, which is in milliseconds.
    """

    source: str
    method: str
    headers: Mapping[str, str]
    query: str
    body: bytes
    received_at: int
    url: str = ""
    arrived_ms: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """A webhook that has proven who sent it. Only this is parsed.

    In the functions only `verify` makes one.
    """

    webhook: Webhook


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a verified webhook, parsed; `headers` are those of the preset's closed list.

    `version` orders the events of one thing, and `arrived_ms` those of one version. `again_after`
    is set where the id is only a digest: the same bytes received after it are not the sender's
    repeat, but a new occurrence (see `core.delivery.occurrences`). `reference` is what people call
    its object by, such as `#1042`, fit for a log; nothing is decided by it.
    """

    source: str
    type: str
    id: str
    body: JsonValue
    headers: Mapping[str, str]
    occurred_at: int | None
    received_at: int
    version: int | float | None = None
    arrived_ms: int | None = None
    again_after: int | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A Braze request for one recipient; `id` is the idempotency key.

    The request to POST to `path` is `send` with `recipients: [recipient]`; a broadcast has
    no recipient. `event` is the packed event (see `message.pack`), for traces and redrives;
    `once` is the SHA-256 of the rule's `once`, in hex, for traces. `surge` is the rule's surge
    limit, as (deliveries, seconds). `event_version` and then `arrived_ms` order what is written to
    one profile; `again_after` is the event's, where the id was made of its digest. `priority` is
    set where the rule's is low: such a message is in the low-priority queue.

    Of an endpoint with `arrays` (profiles, events, consent), `recipient` is the part of the request
    that is about this delivery's user: `{"attributes": [...], "events": [...]}`. `guard` names what
    is written, of which older versions never overwrite newer ones; None: the rule. `delay` is in
    seconds: SQS hands the message out that much later. `refused_of` is the id of the delivery whose
    refused objects these are; they are sent as they are, or not at all.
    """

    id: str
    source: str
    rule: str
    rules_version: str
    workspace: str
    path: str
    send: dict[str, JsonValue]
    recipient: dict[str, JsonValue] | None
    event_id: str
    event: str
    accepted_at: int
    expires_at: int | None
    on_unknown: OnUnknown
    once: str | None = None
    surge: tuple[int, int] | None = None
    event_version: int | float | None = None
    arrived_ms: int | None = None
    again_after: int | None = None
    priority: Literal["low"] | None = None
    guard: str | None = None
    delay: int | None = None
    refused_of: str | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """An event, or one rule's match with it, that becomes a dead letter (`kind=event`)."""

    source: str
    rule: str | None
    rules_version: str
    event_id: str
    event: str
    accepted_at: int
    reason: ParkReason
    detail: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A rule that did not match an event; `why` names the operand that was false, fit for a log."""

    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the log names it; of one that could not be parsed, the id is all there is."""

    id: str
    type: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of planning one verified webhook.

    `events` counts its events, `wanted` those that a rule matched; `unmatched` explains the first
    event that no rule matched, and `more_unmatched` counts the rules beyond those. `bodies` are the
    queue messages of the deliveries, one for each. `shadow` are deliveries of shadow rules, which
    are never sent. `size` is in bytes: of the messages, and of what would be those of shadow rules
    and parked events. `warnings` are fit for a log. `matched` are the names of matching rules, once
    for each event; `rendered` are those of them whose deliveries were made in time. `logged` are
    its events as the log names them.
    """

    events: int
    wanted: int = 0
    deliveries: tuple[Delivery, ...] = ()
    bodies: tuple[str, ...] = ()
    parked: tuple[Parked, ...] = ()
    shadow: tuple[Delivery, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    warnings: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    rendered: tuple[str, ...] = ()
    size: int = 0
    more_unmatched: int = 0
    logged: tuple[LoggedEvent, ...] = ()
