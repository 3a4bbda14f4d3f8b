"""What is told of a webhook: its log line and its metrics, with no value of it in either."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from aws_lambda_powertools import Logger

from handler.aws.metrics import Tally
from handler.core.errors import (
    NotJson,
    Refused,
    TooLarge,
    Unavailable,
    UnknownSource,
    Unverified,
)
from handler.core.models import Delivery, ParkReason, Plan

logger = Logger()

# Of the refusals that somebody has to hear of. NotJson is the only one after the signature.
_ALARMING: Final = (
    (Unverified, "SignaturesRefused"),
    (TooLarge, "BodiesTooLarge"),
    (UnknownSource, "SourcesUnknown"),
    (NotJson, "VerifiedWebhooksRefused"),
)


@dataclass(frozen=True, slots=True)
class WebhookLog:
    """Tells how one webhook went, once; `source` is its source's name or `unknown`."""

    source: str
    size: int

    def refused(self, error: Refused, url: str = "") -> None:
        """Tell that the sender was answered 4xx; `url` is the one that was verified, if any was."""
        seen = self._seen() | ({"url": url} if url else {})
        logger.warning("webhook", status=error.status, reason=error.reason, **seen)
        alarming = [name for kind, name in _ALARMING if isinstance(error, kind)]
        self._write(["WebhooksRefused", *alarming], Tally())

    def unavailable(self, error: Unavailable) -> None:
        """Tell that the sender was answered 503."""
        logger.error("webhook", status=503, reason=str(error), **self._seen())
        self._write(["WebhooksUnavailable"], Tally())

    def pinged(self) -> None:
        """Tell that the sender asked something beside its webhooks, and was answered."""
        logger.info("handshake", status=200, **self._seen())
        self._write(["WebhooksPings"], Tally())

    def taken(self, planned: Plan, dead: Iterable[Delivery]) -> None:
        """Tell what was made of it; `dead` are the deliveries that the queue refused for good."""
        logger.info("webhook", status=200, **_told(planned), **self._seen())
        tally = Tally()
        for name, rules in (
            ("DeliveriesPlanned", [one.rule for one in planned.deliveries]),
            ("DeliveriesShadow", [one.rule for one in planned.shadow]),
            ("EventsMatched", planned.matched),
            ("EventsRendered", planned.rendered),
            ("EventsUnrenderable", _parked(planned, "unrenderable")),
            ("EventsExpired", _parked(planned, "expired")),
            ("DeliveriesDead", [one.rule for one in dead]),
        ):
            for rule, count in Counter(rules).items():
                tally.count(name, self.source, rule, count)
        for name, count in _events(planned):
            tally.count(name, self.source, value=count)
        self._write(["WebhooksTaken" if _is_taken(planned) else "WebhooksMalformed"], tally)

    def _write(self, names: Iterable[str], tally: Tally) -> None:
        for name in ("WebhooksReceived", *names):
            tally.count(name, self.source)
        tally.flush()

    def _seen(self) -> dict[str, Any]:
        return {"source": self.source, "bytes": self.size}


def _parked(planned: Plan, reason: ParkReason) -> list[str | None]:
    return [parked.rule for parked in planned.parked if parked.reason == reason]


def _is_taken(planned: Plan) -> bool:
    malformed = sum(parked.reason == "malformed" for parked in planned.parked)
    return malformed < planned.events or not planned.events


def _events(planned: Plan) -> Iterator[tuple[str, int]]:
    """Yield how many events of a taken webhook were wanted, unmatched or parked, but for zeros."""
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


def _told(planned: Plan) -> dict[str, Any]:
    """Return what the log says of a plan: numbers, rules, ids, operands; no value of the body."""
    return {
        "events": planned.events,
        "deliveries": [{"rule": made.rule, "id": made.id} for made in planned.deliveries],
        "shadow": [{"rule": made.rule, "id": made.id} for made in planned.shadow],
        "parked": [
            {"rule": parked.rule, "reason": parked.reason, "detail": parked.detail}
            for parked in planned.parked
        ],
        "unmatched": [{"rule": other.rule, "why": other.why} for other in planned.unmatched],
        "warnings": list(planned.warnings),
    }
