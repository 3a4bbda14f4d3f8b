"""The log line and the metrics of a webhook: of its values, the line has references and digests.

A reference is what people call an order by (`event.reference` of the rules file). Event ids and
identifiers of persons are there as digests alone, by which `relay trace` finds them.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from handler.aws import log
from handler.aws.metrics import MetricCounts
from handler.core.braze.identifiers import log_digest, persons_of, traced
from handler.core.braze.objects import objects_named
from handler.core.errors import (
    NotJson,
    Refused,
    TooLarge,
    Unavailable,
    UnknownSource,
    Unverified,
)
from handler.core.message import encode
from handler.core.models import Delivery, LoggedEvent, Parked, ParkReason, Plan

logger = log.logger()

# Refusals that an operator has to know of. Only NotJson comes after the signature check.
_ALARMING: Final = (
    (Unverified, "SignaturesRefused"),
    (TooLarge, "BodiesTooLarge"),
    (UnknownSource, "SourcesUnknown"),
    (NotJson, "VerifiedWebhooksRefused"),
)

# Of an event that no rule wants, the log line tells why, in 1,024 bytes with all else in it: an
# account may have 500 rules, and `relay rules explain` has the reasons of all.
MOST_TOLD: Final = 5  # rules
_ROOM: Final = 500  # bytes of JSON, for their names and reasons
_MOST_SEEN: Final = 100  # events: as many as a webhook may make deliveries
# Types of events are words with signs between them; others stay out of the log.
_TYPE: Final = re.compile(r"[A-Za-z0-9_./:-]{1,64}")
_Labels = Mapping[str, Mapping[str, str]]  # fields of the log, by the event's id
_LONGEST: Final = 200  # bytes of a reason, which names a condition: at most twice as many as JSON


@dataclass(frozen=True, slots=True)
class WebhookLog:
    """Logs and counts one webhook, once; `source` is its source's name or `unknown`."""

    source: str
    size: int

    def refused(self, error: Refused, url: str = "") -> None:
        """Log an answer of 4xx; `url` is the URL that the signature was checked against, if any."""
        seen = self._seen() | ({"url": url} if url else {})
        logger.warning("webhook", status=error.status, reason=error.reason, **seen)
        alarming = [name for kind, name in _ALARMING if isinstance(error, kind)]
        self._write(["WebhooksRefused", *alarming], MetricCounts())

    def unavailable(self, error: Unavailable) -> None:
        """Log an answer of 503."""
        logger.error("webhook", status=503, reason=str(error), **self._seen())
        self._write(["WebhooksUnavailable"], MetricCounts())

    def pinged(self) -> None:
        """Log an answered handshake: a request beside the webhooks, such as a challenge."""
        logger.info("handshake", status=200, **self._seen())
        self._write(["WebhooksPings"], MetricCounts())

    def taken(self, planned: Plan, dead: Iterable[Delivery]) -> None:
        """Log a webhook that was taken; `dead` are the deliveries that SQS refused for good."""
        logger.info("webhook", status=200, **_log_fields(planned), **self._seen())
        tally = MetricCounts()
        for name, rules in (
            ("DeliveriesPlanned", [one.rule for one in planned.deliveries]),
            ("DeliveriesShadow", [one.rule for one in planned.shadow]),
            ("EventsMatched", planned.matched),
            ("EventsRendered", planned.rendered),
            ("EventsUnrenderable", _parked(planned, "unrenderable")),
            ("EventsExpired", _parked(planned, "expired")),
            ("DeliveriesDead", [one.rule for one in dead]),
        ):
            for rule, count in _counted(rules).items():
                tally.count(name, self.source, rule, count)
        for name, count in _events(planned):
            tally.count(name, self.source, value=count)
        self._write(["WebhooksTaken" if _is_taken(planned) else "WebhooksMalformed"], tally)

    def _write(self, names: Iterable[str], tally: MetricCounts) -> None:
        for name in ("WebhooksReceived", *names):
            tally.count(name, self.source)
        tally.flush()

    def _seen(self) -> dict[str, Any]:
        return {"source": self.source, "bytes": self.size}


def _counted(rules: Sequence[str | None]) -> Mapping[str | None, int]:
    """Return how often each is there; most webhooks have one event, and one rule for it."""
    return Counter(rules) if len(rules) > 1 else dict.fromkeys(rules, 1)


def _parked(planned: Plan, reason: ParkReason) -> list[str | None]:
    return [parked.rule for parked in planned.parked if parked.reason == reason]


def _is_taken(planned: Plan) -> bool:
    malformed = sum(parked.reason == "malformed" for parked in planned.parked)
    return malformed < planned.events or not planned.events


def _events(planned: Plan) -> Iterator[tuple[str, int]]:
    """Yield the metrics of a taken webhook's events, by what came of them; without zeros."""
    reasons = Counter(parked.reason for parked in planned.parked)
    parked = planned.events if reasons["too_many"] else reasons["malformed"]
    counts = {
        "EventsTaken": planned.events,
        "EventsWanted": planned.wanted,
        "EventsUnmatched": planned.events - planned.wanted - parked,
        "EventsParked": parked,
    }
    if _is_taken(planned):
        yield from ((name, count) for name, count in counts.items() if count)


def _log_fields(planned: Plan) -> dict[str, Any]:
    """Return a plan's fields for the log: counts, rules, ids, operands, references, digests."""
    many = planned.events > 1
    labels = {one.id: _label(one, many=many) for one in planned.logged}
    return {
        "events": planned.events,
        "seen": [_seen_event(one) for one in planned.logged[:_MOST_SEEN]],
        "deliveries": [_made(one, labels) for one in planned.deliveries],
        "shadow": [_made(one, labels) for one in planned.shadow],
        "parked": [_kept(one, labels) for one in planned.parked],
        **_unmatched(planned),
        "warnings": list(planned.warnings),
    }


def _seen_event(event: LoggedEvent) -> dict[str, str]:
    kind = event.type if event.type and _TYPE.fullmatch(event.type) else None
    found = {"type": kind, "event": log_digest(event.id), "reference": event.reference}
    return {name: one for name, one in found.items() if one}


def _label(event: LoggedEvent, *, many: bool) -> dict[str, str]:
    """Return what a part of the line has of its event: its digest where there are others."""
    reference = {"reference": event.reference} if event.reference else {}
    return {"event": log_digest(event.id), **reference} if many else reference


def _made(made: Delivery, labels: _Labels) -> dict[str, Any]:
    who = [log_digest(one) for one in persons_of(made.recipient or {})]
    named = {"rule": made.rule, "id": made.id, **labels.get(made.event_id, {})}
    objects = objects_named(made)  # of requests that write to the profile alone
    about = {"who": who, "objects": objects}
    return named | {name: one for name, one in about.items() if one}


def _kept(parked: Parked, labels: _Labels) -> dict[str, str | None]:
    return {
        "rule": parked.rule,
        "reason": parked.reason,
        "detail": parked.detail,
        "id": traced(encode(parked)),  # as `relay dead-letters` knows it
        "event": log_digest(parked.event_id),
        **labels.get(parked.event_id, {}),
    }


def _unmatched(planned: Plan) -> dict[str, Any]:
    """Return the first rules that did not want an event, and how many more there are."""
    told: list[dict[str, str]] = []
    room = _ROOM
    for one in planned.unmatched:
        entry = {"rule": one.rule, "why": _brief(one.why)}
        room -= len(json.dumps(entry))
        if told and room < 0:
            break
        told.append(entry)
    more = len(planned.unmatched) - len(told) + planned.more_unmatched
    return {"unmatched": told, **({"more_unmatched": more} if more else {})}


def _brief(why: str) -> str:
    written = why.encode(errors="replace")
    if len(written) <= _LONGEST:
        return why
    return f"{written[: _LONGEST - 3].decode(errors='ignore')}..."
