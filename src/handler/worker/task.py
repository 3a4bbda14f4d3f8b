"""A delivery in the worker's hands, and what every way out of them does: a log line, a letter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from handler.aws.sqs import Cause, bury
from handler.core.braze.request import request
from handler.core.errors import UnknownVersion, UnreadableMessage
from handler.core.message import decode
from handler.core.models import Delivery, Parked
from handler.ledger.lease import Claim
from handler.worker.dependencies import Worker

Fields = dict[str, str | int | tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Received:
    """One record of an SQS event (Lambda guide, "Using Lambda with Amazon SQS").

    `sent_at` and `first_at`, the first receive, are in epoch seconds; a redrive sets both anew:
    how long a message waited for its turn is in the one only. `receives` is SQS's count, which also
    counts throttles and shortages of time: never the number of attempts. `attributes` are the
    texts of the message attributes, which a native redrive leaves in place.
    """

    id: str
    receipt: str = field(repr=False)
    body: str = field(repr=False)
    sent_at: float
    first_at: float
    receives: int
    attributes: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Return what a record of the event holds."""
        attributes = record.get("messageAttributes") or {}
        return cls(
            id=record["messageId"],
            receipt=record["receiptHandle"],
            body=record["body"],
            sent_at=int(record["attributes"]["SentTimestamp"]) / 1000,
            first_at=int(record["attributes"]["ApproximateFirstReceiveTimestamp"]) / 1000,
            receives=int(record["attributes"]["ApproximateReceiveCount"]),
            attributes={name: str(each.get("stringValue")) for name, each in attributes.items()},
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """After how many seconds a message comes back; None: it leaves the queue."""

    wait: int | None


GONE: Final = Verdict(None)


def back(seconds: int) -> Verdict:
    """Return the verdict for a message that comes back after so many seconds."""
    return Verdict(seconds)


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


def attend(worker: Worker, received: Received, time_left: Callable[[], float]) -> Errand | Verdict:
    """Return what a message asks for, or its verdict where that is nothing that can be sent.

    Raise botocore's errors where a letter cannot be buried: the message has to come back.
    """
    if time_left() < worker.timing.request + worker.timing.margin:
        return back(0)  # not an attempt: another invocation has the time
    try:
        letter = decode(received.body)
        if not isinstance(letter, Parked):
            request(letter)
    except UnreadableMessage as error:
        return _bury_unsent(worker, received, Cause("malformed", detail=str(error)))
    except UnknownVersion:
        log_delivery(worker, None, {"outcome": "waiting", "reason": "unknown_version"})
        return back(round(worker.timing.unknown_version))
    if isinstance(letter, Parked):  # a redrive by SQS itself: it was never a delivery
        return _bury_unsent(worker, received, Cause(letter.reason, detail=letter.detail))
    if letter.workspace not in worker.workspaces:  # a newer package knows it
        log_delivery(worker, letter, {"outcome": "waiting", "reason": "unknown_workspace"})
        return back(round(worker.timing.unknown_version))
    return Errand(worker, received, letter, time_left)


def _bury_unsent(worker: Worker, received: Received, cause: Cause) -> Verdict:
    bury_body(worker, received.body, cause)
    log_delivery(worker, None, {"outcome": "rejected", "reason": cause.reason})
    worker.tally.count("LettersReturned")
    return GONE
