"""Failures of AWS, secrets or our own code: messages are retried, and buried at their horizon."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.aws.sqs import Cause
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import wait
from handler.core.delivery.horizon import is_past
from handler.core.errors import Unavailable, UnknownVersion, UnreadableMessage
from handler.core.message import decode
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.worker.dependencies import Worker
from handler.worker.task import (
    DELETE,
    DeliveryTask,
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
    now = worker.clock()
    outcome = Outcome("not_sent", Reason.UNAVAILABLE)
    age = now - message.first_at
    seconds = wait(worker.timing, outcome, message.receives, age, random)
    task = _task_in(message)
    if task is not None:
        seconds = task.paced(worker.timing, seconds, now)
    worker.log.error("not now", extra={"message_id": message.id, "why": why, "wait": seconds})
    is_alive = not _is_past(worker, message, task, now)
    if is_alive or not invocation.has_time(1):
        return retry_in(seconds)
    try:
        bury_message(worker, message.body, Cause(Reason.HORIZON, detail=why))
    except (ClientError, BotoCoreError):
        return retry_in(seconds)
    log_delivery(worker, None, {"outcome": "rejected", "reason": Reason.HORIZON})
    if task is not None:
        worker.tally.count("DeliveriesDead", task.delivery.source, task.delivery.rule)
    else:
        worker.tally.count("LettersReturned")
    return DELETE


def _task_in(message: QueueMessage) -> DeliveryTask | None:
    """Return the task in a message; None where it holds no delivery that can be read."""
    try:
        content = decode(message.body)
    except (UnreadableMessage, UnknownVersion):
        return None
    return DeliveryTask(message, content) if isinstance(content, Delivery) else None


def _is_past(worker: Worker, message: QueueMessage, task: DeliveryTask | None, now: float) -> bool:
    if task is not None:
        return task.is_past(worker.timing, message.first_at, now)
    return is_past(worker.timing, "", now - message.first_at, now - message.sent_at)
