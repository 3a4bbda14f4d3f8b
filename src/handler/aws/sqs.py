"""Enqueues deliveries with SendMessageBatch, and sends again those entries that failed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.core.errors import Unavailable
from handler.core.message import MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef as Entry

MAX_ENTRIES: Final = 10  # SQS, "Amazon SQS message quotas"
_ROUNDS: Final = 3  # the first and, for entries that failed, up to two more


def enqueue(sqs: "SQSClient", queue_url: str, bodies: Sequence[str]) -> list[str]:
    """Send all bodies; return those that SQS refuses as the sender's fault (they cannot pass).

    Raises Unavailable when SQS is away or an entry still fails after three rounds. Some of the
    bodies may be in the queue then: the sender comes again, and the delivery id makes them one.
    """
    refused: list[str] = []
    for batch in batches(bodies):
        refused += _send(sqs, queue_url, batch)
    return refused


def batches(bodies: Iterable[str]) -> Iterator[list[str]]:
    """Split bodies, in order, into batches that SQS takes. They are ASCII: a letter is a byte."""
    batch: list[str] = []
    size = 0
    for body in bodies:
        if batch and (len(batch) == MAX_ENTRIES or size + len(body) > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += len(body)
    if batch:
        yield batch


def _send(sqs: "SQSClient", queue_url: str, batch: list[str]) -> list[str]:
    waiting: list[Entry] = [
        {"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)
    ]
    refused: list[str] = []
    for _ in range(_ROUNDS):
        try:
            answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=waiting)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"SQS is away: {error_name(error)}") from None
        failed = {entry["Id"]: entry["SenderFault"] for entry in answer.get("Failed", [])}
        refused += [batch[int(number)] for number, fault in failed.items() if fault]
        waiting = [entry for entry in waiting if failed.get(entry["Id"]) is False]
        if not waiting:
            return refused
    raise Unavailable(f"SQS did not take {len(waiting)} of {len(batch)} messages")
