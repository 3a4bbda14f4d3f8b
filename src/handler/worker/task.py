"""Delivery tasks: a queue message decoded into a delivery, and the message's disposition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from handler.aws.sqs import Cause, bury
from handler.core.braze.profile_writes import changes_consent, writes_state
from handler.core.braze.request import request
from handler.core.delivery.backoff import Timing
from handler.core.delivery.horizon import is_past, paced
from handler.core.errors import UnknownVersion, UnreadableMessage
from handler.core.message import decode
from handler.core.models import Delivery, Parked
from handler.core.reasons import Reason
from handler.ledger.lease import Claim
from handler.worker.dependencies import Worker

Fields = dict[str, str | int | tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One record of an SQS event (Lambda guide, "Using Lambda with Amazon SQS").

    `sent_at` and `first_at`, the first receive, are in epoch seconds; a redrive sets both anew.
    Only `sent_at` includes the time before the first receive. `receives` is SQS's count, which also
    counts throttles and shortages of time: never the number of attempts. `attributes` are the
    texts of the message attributes, which a native redrive leaves in place. `queue` is the ARN of
    the queue that it came from.
    """

    id: str
    receipt: str = field(repr=False)
    body: str = field(repr=False)
    sent_at: float
    first_at: float
    receives: int
    attributes: Mapping[str, str] = field(repr=False)
    queue: str

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Return the message in a record of the event."""
        attributes = record.get("messageAttributes") or {}
        return cls(
            id=record["messageId"],
            receipt=record["receiptHandle"],
            body=record["body"],
            sent_at=int(record["attributes"]["SentTimestamp"]) / 1000,
            first_at=int(record["attributes"]["ApproximateFirstReceiveTimestamp"]) / 1000,
            receives=int(record["attributes"]["ApproximateReceiveCount"]),
            attributes={name: str(each.get("stringValue")) for name, each in attributes.items()},
            queue=record["eventSourceARN"],
        )


@dataclass(frozen=True, slots=True)
class Disposition:
    """The end of a message in this invocation: retried in `wait` seconds, or deleted (None)."""

    wait: int | None


DELETE: Final = Disposition(None)


def retry_in(seconds: int) -> Disposition:
    """Return the disposition of a message that is retried in so many seconds."""
    return Disposition(seconds)


class Dispositions:
    """Dispositions by SQS message id, each recorded as soon as it is known.

    What is known must be written down before our next bug can lose it: a message that Braze has
    accepted must not be retried because something else failed after it.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Disposition] = {}

    def record(self, message: QueueMessage, disposition: Disposition) -> None:
        """Record a message's disposition; a later one replaces it."""
        self._by_id[message.id] = disposition

    def of(self, message: QueueMessage) -> Disposition | None:
        """Return a message's disposition; None where there is none yet."""
        return self._by_id.get(message.id)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation of deliver, passed beside the tasks: its dependencies, time and dispositions.

    `time_left` returns the seconds until Lambda kills it.
    """

    worker: Worker
    time_left: Callable[[], float]
    dispositions: Dispositions = field(default_factory=Dispositions)

    def has_time(self, calls: int, *, first: float = 0) -> bool:
        """Return whether time is left for `first` seconds and so many calls of AWS.

        Each call may take a margin (`Timing.margin`).
        """
        return self.time_left() >= first + calls * self.worker.timing.margin

    def may_begin(self) -> bool:
        """Return whether time is left for a request: its claim and its mark need a margin each."""
        return self.has_time(2, first=self.worker.timing.shortest)


@dataclass(frozen=True, slots=True)
class DeliveryTask:
    """A delivery and the message that it came in; an `unbatched` one joins no batch request."""

    message: QueueMessage
    delivery: Delivery
    unbatched: bool = False

    def is_past(self, timing: Timing, since: float, now: float) -> bool:
        """Return whether a delivery that has been tried since then is past its horizon."""
        age, queued = now - since, now - self.message.sent_at
        return is_past(timing, self.delivery.path, age, queued)

    def paced(self, timing: Timing, seconds: int, now: float) -> int:
        """Return a wait in seconds that the message's receives last with until its horizon."""
        message = self.message
        age = now - message.first_at
        return paced(timing, self.delivery.path, seconds, age, message.receives)

    @property
    def rule(self) -> str:
        """The rule's name, with its source before it."""
        return f"{self.delivery.source}/{self.delivery.rule}"


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A task with its claim, and the delivery as it is sent: perhaps without attributes."""

    task: DeliveryTask
    claim: Claim
    sent: Delivery

    @property
    def since(self) -> float:
        """The begin of this run: its first claim, or when an operator redrove it.

        The record of a dead letter that was buried without the ledger keeps its first claim.
        """
        return max(self.claim.since, self.task.message.sent_at)

    @property
    def takes_turn(self) -> bool:
        """Whether it writes a versioned state to a profile, or consent: these are sent in order.

        One that is sent without that has no turn.
        """
        sent, is_whole = self.sent, self.sent is self.task.delivery
        is_ordered = sent.event_version is not None or changes_consent(sent)
        return is_whole and is_ordered and writes_state(sent)


def bury_message(worker: Worker, body: str, cause: Cause) -> None:
    """Send a message body to the dead letter queue; raise botocore's errors."""
    bury(worker.sqs, worker.settings.dead_letter_queue_url, body, cause, worker.retry)


def log_delivery(worker: Worker, delivery: Delivery | None, fields: Fields) -> None:
    """Write the one log line of a received message or of an attempt.

    Its fields are a closed list, none of which holds personal data: id, source, rule, workspace,
    attempt, outcome, reason, status, detail, wait, duration_ms, dispatch_id, together, warnings and
    refused_of.
    `detail` is Braze's own text, redacted. Those that do not apply are left out.
    """
    if delivery is not None:
        names = ("id", "source", "rule", "workspace")
        fields = {name: getattr(delivery, name) for name in names} | fields
    worker.log.info("delivery", extra=fields)


def wait_again(worker: Worker, task: DeliveryTask, reason: Reason, seconds: int) -> Disposition:
    """Return the disposition of a delivery that waits without an attempt, and log it."""
    fields: Fields = {"outcome": "waiting", "reason": reason, "wait": seconds}
    log_delivery(worker, task.delivery, fields)
    return retry_in(seconds)


def decode_task(invocation: Invocation, message: QueueMessage) -> DeliveryTask | Disposition:
    """Return the task in a message; its disposition where nothing in it can be sent.

    Raise botocore's errors where a dead letter cannot be buried: the message is then retried.
    """
    worker = invocation.worker
    if not invocation.has_time(1, first=worker.timing.request):
        return retry_in(0)  # not an attempt: another invocation has the time
    later = retry_in(round(worker.timing.unknown_version))
    try:
        content = decode(message.body)
        if not isinstance(content, Parked):
            request(content)
    except UnreadableMessage as error:
        return _bury_unsent(worker, message, Cause(Reason.MALFORMED, detail=str(error)))
    except UnknownVersion:
        log_delivery(worker, None, {"outcome": "waiting", "reason": Reason.UNKNOWN_VERSION})
        return later
    if isinstance(content, Parked):  # a redrive by SQS itself: it was never a delivery
        cause = Cause(Reason(content.reason), detail=content.detail)
        return _bury_unsent(worker, message, cause)
    if content.workspace not in worker.workspaces:  # a newer package knows it
        log_delivery(worker, content, {"outcome": "waiting", "reason": Reason.UNKNOWN_WORKSPACE})
        return later
    return DeliveryTask(message, content)


def _bury_unsent(worker: Worker, message: QueueMessage, cause: Cause) -> Disposition:
    bury_message(worker, message.body, cause)
    log_delivery(worker, None, {"outcome": "rejected", "reason": cause.reason})
    worker.tally.count("LettersReturned")
    return DELETE
