"""What is told of a webhook: its log line and its metrics, with no value of it in either."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from aws_lambda_powertools import Logger

from handler.core.errors import NotJson, Refused, TooLarge, Unavailable, Unverified
from handler.core.models import Delivery, Plan
from handler.metrics import Tally

logger = Logger()

# Of the refusals that somebody has to hear of. NotJson is the only one after the signature.
_ALARMING: Final = (
    (Unverified, "SignaturesRefused"),
    (TooLarge, "BodiesTooLarge"),
    (NotJson, "VerifiedWebhooksRefused"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """Tells how one webhook went, once; `source` is its source's name or `unknown`."""

    source: str
    size: int

    def refused(self, error: Refused) -> None:
        """Tell that the sender was answered 4xx."""
        logger.warning("webhook", status=error.status, reason=error.reason, **self._seen())
        alarming = [name for kind, name in _ALARMING if isinstance(error, kind)]
        self._write(["WebhooksRefused", *alarming], Tally())

    def unavailable(self, error: Unavailable) -> None:
        """Tell that the sender was answered 503."""
        logger.error("webhook", status=503, reason=str(error), **self._seen())
        self._write(["WebhooksUnavailable"], Tally())

    def taken(self, planned: Plan, dead: Iterable[Delivery]) -> None:
        """Tell what was made of it; `dead` are the deliveries that the queue refused for good."""
        logger.info("webhook", status=200, **_told(planned), **self._seen())
        tally = Tally()
        unrenderable = [one.rule for one in planned.parked if one.reason == "unrenderable"]
        for name, rules in (
            ("DeliveriesPlanned", [one.rule for one in planned.deliveries]),
            ("EventsUnrenderable", unrenderable),
            ("DeliveriesDead", [one.rule for one in dead]),
        ):
            for rule, count in Counter(rules).items():
                tally.count(name, self.source, rule, count)
        self._write(_kinds(planned), tally)

    def _write(self, names: Iterable[str], tally: Tally) -> None:
        for name in ("WebhooksReceived", *names):
            tally.count(name, self.source)
        tally.flush()

    def _seen(self) -> dict[str, Any]:
        return {"source": self.source, "bytes": self.size}


def _kinds(planned: Plan) -> tuple[str, ...]:
    """Return what the webhook counts as, and its event; each of them is of one kind."""
    reasons = {parked.reason for parked in planned.parked}
    if "malformed" in reasons:
        return ("WebhooksMalformed",)
    if "too_many" in reasons:
        return ("WebhooksTaken", "EventsParked")
    is_wanted = planned.deliveries or reasons
    return ("WebhooksTaken", "EventsWanted" if is_wanted else "EventsUnmatched")


def _told(planned: Plan) -> dict[str, Any]:
    """Return what the log says of a plan: numbers, rules, ids, operands; no value of the body."""
    return {
        "events": planned.events,
        "deliveries": [{"rule": made.rule, "id": made.id} for made in planned.deliveries],
        "parked": [
            {"rule": parked.rule, "reason": parked.reason, "detail": parked.detail}
            for parked in planned.parked
        ],
        "unmatched": [{"rule": other.rule, "why": other.why} for other in planned.unmatched],
        "warnings": list(planned.warnings),
    }
