"""The values on the path of one webhook, in the order in which they come to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import ConfigDict, JsonValue, with_config

OnUnknown = Literal["retry", "hold"]
ParkReason = Literal["malformed", "too_many", "unrenderable", "expired"]

# Deliveries and parked events are read back from the queue, where others may write.
_EXACT: Final = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The HTTP request as received, untrusted.

    Header names are in lower case; `query` is the raw query string without `?`, `url` the URL that
    was called without it; `received_at` is in seconds since the epoch, as are all times here but
    `arrived_ms`, the milliseconds since then at which it arrived.
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
    """A webhook that has proven who sent it. Only `verify` makes one; only this is parsed."""

    webhook: Webhook


@dataclass(frozen=True, slots=True)
class Event:
    """A verified, parsed webhook; `headers` are those of the preset's closed list.

    `version` orders the events of one thing, and `arrived_ms` those of one version. `again_after`
    stands where the id is only a digest: a webhook with the same bytes that is received later is
    not the sender's repeat, but the same thing happening again (see `core.runs`).
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


@with_config(_EXACT)
@dataclass(frozen=True, slots=True)
class Delivery:
    """A Braze request for one recipient on its way; `id` is the idempotency key.

    The request to POST to `path` is `send` with `recipients: [recipient]`; a broadcast has
    no recipient. `event` is the packed event (see `message.pack`), for traces and redrives;
    `once` is the SHA-256 of the rule's `once`, in hex, for traces. `surge` is the rule's brake:
    so many in so many seconds. `event_version` and then `arrived_ms` order what is written to one
    profile; `again_after` is the event's, where the id was made of its digest.
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


@with_config(_EXACT)
@dataclass(frozen=True, slots=True)
class Parked:
    """An event, or one rule's wish for it, that goes to the dead letters (`kind=event`)."""

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
    """Why one rule did not want an event: the operand that was false, in words fit for a log."""

    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that becomes of one verified webhook.

    `events` counts those it held, `wanted` those of them that a rule wanted; `unmatched` says of
    the first that no rule wanted why not; `shadow` are deliveries of rules in shadow, never to be
    sent; `warnings` are fit for a log. `matched` are the rules that wanted an event, once for each,
    `rendered` those of them that made their deliveries of it in time.
    """

    events: int
    wanted: int = 0
    deliveries: tuple[Delivery, ...] = ()
    parked: tuple[Parked, ...] = ()
    shadow: tuple[Delivery, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    warnings: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    rendered: tuple[str, ...] = ()
