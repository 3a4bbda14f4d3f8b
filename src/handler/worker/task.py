"""A delivery in the worker's hands, and what every way out of them does: a log line, a letter."""

from collections.abc import Callable
from dataclasses import dataclass

from handler.core.models import Delivery
from handler.dead_letters import Cause, bury
from handler.ledger.lease import Claim
from handler.received import Received, Verdict
from handler.worker.dependencies import Worker

Fields = dict[str, str | int | tuple[str, ...] | None]
# By SQS's message id; whoever learns what becomes of a message writes it here at once.
Verdicts = dict[str, Verdict]


@dataclass(frozen=True, slots=True)
class Errand:
    """A delivery and the message it came in; `time_left` returns the invocation's seconds."""

    worker: Worker
    received: Received
    delivery: Delivery
    time_left: Callable[[], float]

    @property
    def rule(self) -> str:
        """The rule, as it is named beside its source."""
        return f"{self.delivery.source}/{self.delivery.rule}"


@dataclass(frozen=True, slots=True)
class Member:
    """An errand with its claim, and the delivery as it is sent: perhaps without attributes."""

    errand: Errand
    claim: Claim
    sent: Delivery

    @property
    def since(self) -> float:
        """When this run began: with its first claim, or when a person put it into the queue again.

        A letter that was buried without the ledger leaves its first claim there.
        """
        return max(self.claim.since, self.errand.received.sent_at)


def bury_body(worker: Worker, body: str, cause: Cause) -> None:
    """Bury a message body in the worker's dead letters."""
    bury(worker.sqs, worker.settings.dead_letter_queue_url, body, cause)


def log_delivery(worker: Worker, delivery: Delivery | None, fields: Fields) -> None:
    """Write the one log line that a received message or an attempt has.

    Its fields are a closed list, none of which holds anything of a person: id, source, rule,
    workspace, attempt, outcome, reason, status, wait, duration_ms, dispatch_id, together and
    warnings. Those that do not apply are left out.
    """
    if delivery is not None:
        names = ("id", "source", "rule", "workspace")
        fields = {name: getattr(delivery, name) for name in names} | fields
    worker.log.info("delivery", extra=fields)


def wait_again(errand: Errand, reason: str, seconds: int) -> Verdict:
    """Return the verdict of a delivery that waits without an attempt, and tell of it."""
    fields: Fields = {"outcome": "waiting", "reason": reason, "wait": seconds}
    log_delivery(errand.worker, errand.delivery, fields)
    return Verdict(seconds)
