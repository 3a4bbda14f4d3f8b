"""The deliver function: sends the queue's deliveries to Braze, batched where Braze allows it.

The answer is a partial batch response: a message that it does not name is deleted from the queue
(Lambda guide, "Handling errors for an SQS event source"). Every wait is a visibility timeout.
"""

from handler.init_phase import end_init_phase  # before all else

import os
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.aws.sqs import MAX_ENTRIES
from handler.core.delivery.rest import rest
from handler.worker.dependencies import Worker, build
from handler.worker.dispatch import dispatch, requests_of
from handler.worker.failures import on_failure
from handler.worker.task import DeliveryTask, Invocation, QueueMessage, decode_task, retry_in

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef as Entry,
    )

# Default where a bug left a message without a disposition.
_NO_DISPOSITION: Final = retry_in(60)

BatchResponse = dict[str, list[dict[str, str]]]
_Retried = tuple[QueueMessage, int]  # a message and its wait in seconds


class LambdaContext(Protocol):
    """The part of Lambda's context that is used."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation is killed."""


def lambda_handler(event: Mapping[str, Any], context: LambdaContext) -> BatchResponse:
    """Deliver the messages of an SQS event; return those that are retried."""
    return serve(_worker(), event, context)


@cache
def _worker() -> Worker:
    return build(os.environ)


def serve(worker: Worker, event: Mapping[str, Any], context: LambdaContext) -> BatchResponse:
    """Handle an event as `lambda_handler` does, with a given worker."""
    invocation = Invocation(worker, lambda: context.get_remaining_time_in_millis() / 1000)
    batch = [QueueMessage.of(record) for record in event["Records"]]
    _dispatch_all(invocation, _decoded(invocation, batch))
    retried = _retried(invocation, batch)
    _postpone_all(invocation, retried)
    worker.tally.flush()
    _rest(invocation, retried)
    return {"batchItemFailures": [{"itemIdentifier": message.id} for message, _ in retried]}


def _decoded(invocation: Invocation, batch: list[QueueMessage]) -> list[DeliveryTask]:
    tasks = []
    for message in batch:
        with on_failure(invocation, [message]):
            found = decode_task(invocation, message)
            if isinstance(found, DeliveryTask):
                tasks.append(found)
            else:
                invocation.dispositions.record(message, found)
    return tasks


def _dispatch_all(invocation: Invocation, tasks: list[DeliveryTask]) -> None:
    unbatched: list[DeliveryTask] = []
    groups: list[list[DeliveryTask]] = []
    with on_failure(invocation, [task.message for task in tasks]):
        groups = requests_of(tasks)
    for group in groups:
        with on_failure(invocation, [task.message for task in group]):
            unbatched += dispatch(invocation, group)
        invocation.worker.tally.flush()  # a killed invocation loses counts that are not written
    for task in unbatched:  # last: a task that kills its worker stops no other
        with on_failure(invocation, [task.message]):
            dispatch(invocation, [task])


def _retried(invocation: Invocation, batch: list[QueueMessage]) -> list[_Retried]:
    retried: list[_Retried] = []
    for message in batch:
        disposition = invocation.dispositions.of(message) or _NO_DISPOSITION
        if disposition.wait is not None:
            retried.append((message, disposition.wait))
    return retried


def _postpone_all(invocation: Invocation, retried: Sequence[_Retried]) -> None:
    for start in range(0, len(retried), MAX_ENTRIES):
        if invocation.has_time(1):  # else the queue's default timeout applies
            _postpone(invocation.worker, retried[start : start + MAX_ENTRIES])


def _postpone(worker: Worker, retried: Sequence[_Retried]) -> None:
    """Set visibility timeouts; where one fails, the queue's default timeout applies."""
    entries: list[Entry] = [
        {"Id": str(at), "ReceiptHandle": message.receipt, "VisibilityTimeout": seconds}
        for at, (message, seconds) in enumerate(retried)
    ]
    ask = partial(worker.sqs.change_message_visibility_batch, Entries=entries)
    try:
        queue_url = worker.settings.queue_of(retried[0][0].queue)
        answer = worker.retry.call(partial(ask, QueueUrl=queue_url))
    except (ClientError, BotoCoreError) as error:
        failed = dict.fromkeys([entry["Id"] for entry in entries], error_name(error))
    else:
        failed = {entry["Id"]: entry["Code"] for entry in answer.get("Failed", [])}
    for at, why in failed.items():
        extra = {"message_id": retried[int(at)][0].id, "error": why}
        worker.log.warning("not postponed", extra=extra)


def _rest(invocation: Invocation, retried: Sequence[_Retried]) -> None:
    """Take no more messages for a while, where what waits would fill the queue."""
    if not retried:
        return
    worker = invocation.worker
    waits = [wait for _, wait in retried]
    url = worker.settings.queue_of(retried[0][0].queue)  # a batch is of one queue
    waiting = worker.own_waits[url].add(waits, worker.clock())
    seconds = rest(worker.timing, waits, waiting, worker.settings.workers_of(url))
    seconds = min(seconds, invocation.time_left() - worker.timing.margin)
    if seconds > 0:
        worker.sleep(seconds)


end_init_phase(_worker)
