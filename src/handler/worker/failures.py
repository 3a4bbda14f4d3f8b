"""Failures of AWS, secrets or our own code: messages are retried, and buried at their horizon."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.aws.sqs import Cause
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import wait
from handler.core.errors import Unavailable, UnknownVersion, UnreadableMessage
from handler.core.message import decode
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.worker.dependencies import Worker
from handler.worker.task import (
    DELETE,
    Disposition,
    Invocation,
    QueueMessage,
    bury_message,
    log_delivery,
    retry_in,
)


@contextmanager
def on_failure(invocation: Invocation, messages: Iterable[QueueMessage]) -> Iterator[None]:
    """Record a disposition for each message that a failure has left without one."""
    try:
        yield
    except Unavailable as error:  # its message is made for logs
        why = f"unavailable: {error}"
    except (ClientError, BotoCoreError) as error:
        why = f"unavailable: {error_name(error)}"
    except Exception as error:  # noqa: BLE001 - a bug at one message must not stop the batch
        # The error's text may hold values of the message; its type does not.
        why = f"bug: {type(error).__name__}"
    else:
        return
    random = invocation.worker.random()  # drawn once: what fails together comes back together
    for message in messages:
        if invocation.dispositions.of(message) is None:
            invocation.dispositions.record(message, _not_now(invocation, message, why, random))


def _not_now(invocation: Invocation, message: QueueMessage, why: str, random: float) -> Disposition:
    """Wait for AWS, for a secret or for a fix of ours, until the horizon; then bury the message."""
    worker = invocation.worker
    age = worker.clock() - message.first_at
    outcome = Outcome("not_sent", Reason.UNAVAILABLE)
    seconds = wait(worker.timing, outcome, message.receives, age, random)
    worker.log.error("not now", extra={"message_id": message.id, "why": why, "wait": seconds})
    if age < worker.timing.horizon or not invocation.has_time(1):
        return retry_in(seconds)
    try:
        bury_message(worker, message.body, Cause(Reason.HORIZON, detail=why))
    except (ClientError, BotoCoreError):
        return retry_in(seconds)
    log_delivery(worker, None, {"outcome": "rejected", "reason": Reason.HORIZON})
    _count(worker, message.body)
    return DELETE


def _count(worker: Worker, body: str) -> None:
    try:
        content = decode(body)
    except (UnreadableMessage, UnknownVersion):
        content = None
    if isinstance(content, Delivery):
        worker.tally.count("DeliveriesDead", content.source, content.rule)
    else:
        worker.tally.count("LettersReturned")
