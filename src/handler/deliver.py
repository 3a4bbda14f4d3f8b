"""The deliver function: sends what the queue holds, together what may go together.

The answer is a partial batch response: what is not named in it leaves the queue (Lambda guide,
"Handling errors for an SQS event source"). Every wait is a visibility timeout.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.worker.dependencies import Worker, build
from handler.worker.dispatch import dispatch, requests_of
from handler.worker.failures import settling
from handler.worker.task import Errand, Received, Verdicts, attend, back

# Of a message that our own mistake has left without one: it comes back after a minute.
_NONE: Final = back(60)

Answer = dict[str, list[dict[str, str]]]


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation is killed."""


def lambda_handler(event: Mapping[str, Any], context: Context) -> Answer:
    """Deliver an SQS event's messages; return which of them have to come back."""
    return serve(_worker(), event, context)


@cache
def _worker() -> Worker:
    return build(os.environ)


def serve(worker: Worker, event: Mapping[str, Any], context: Context) -> Answer:
    """Do as `lambda_handler` with a given worker."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    batch = [Received.of(record) for record in event["Records"]]
    verdicts: Verdicts = {}
    errands: list[Errand] = []
    for received in batch:
        with settling(worker, [received], time_left, verdicts):
            found = attend(worker, received, time_left)
            if isinstance(found, Errand):
                errands.append(found)
            else:
                verdicts[received.id] = found
    _dispatch_all(worker, errands, time_left, verdicts)
    failures = _failures(worker, [(it, verdicts.get(it.id, _NONE).wait) for it in batch], time_left)
    worker.tally.flush()
    return {"batchItemFailures": failures}


def _dispatch_all(
    worker: Worker, errands: list[Errand], time_left: Callable[[], float], verdicts: Verdicts
) -> None:
    alone: list[Errand] = []
    groups: list[list[Errand]] = []
    with settling(worker, [it.received for it in errands], time_left, verdicts):
        groups = requests_of(errands)
    for group in groups:
        with settling(worker, [it.received for it in group], time_left, verdicts):
            alone += dispatch(group, verdicts)
        worker.tally.flush()  # a killed invocation takes along what is not yet written
    for errand in alone:  # whatever ends its workers ends no more than itself
        with settling(worker, [errand.received], time_left, verdicts):
            dispatch([errand], verdicts, alone=True)


def _failures(
    worker: Worker, waits: list[tuple[Received, int | None]], time_left: Callable[[], float]
) -> list[dict[str, str]]:
    failures = []
    for received, seconds in waits:
        if seconds is not None:
            if time_left() >= worker.timing.margin:  # else the queue's own timeout brings it back
                _postpone(worker, received, seconds)
            failures.append({"itemIdentifier": received.id})
    return failures


def _postpone(worker: Worker, received: Received, seconds: int) -> None:
    """Set the visibility timeout; where that fails, the queue's own brings the message back."""
    try:
        worker.sqs.change_message_visibility(
            QueueUrl=worker.settings.queue_url,
            ReceiptHandle=received.receipt,
            VisibilityTimeout=seconds,
        )
    except (ClientError, BotoCoreError) as error:
        extra = {"message_id": received.id, "error": error_name(error)}
        worker.log.warning("not postponed", extra=extra)
