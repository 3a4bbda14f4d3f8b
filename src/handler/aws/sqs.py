"""SQS: deliveries are enqueued with SendMessageBatch, dead letters are buried one by one."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.aws.retry import Retry
from handler.core.errors import Unavailable
from handler.core.message import MAX_BYTES
from handler.core.reasons import Reason

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef as Attribute
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef as Entry
    from mypy_boto3_sqs.type_defs import SendMessageBatchResultTypeDef as Result
MAX_ENTRIES: Final = 10  # SQS, "Amazon SQS message quotas"
_ROUNDS: Final = 3  # the first and, for entries that failed, up to two more
# SQS counts attributes into the message's size and takes no control characters in them
# (API reference, SendMessage). A reason is a word, a detail is one line.
LONGEST: Final = 256
_REFUSED: Final = re.compile(r"[^ -~]")


class Message(NamedTuple):
    """A message to enqueue: its body and group (`core.message.group_of`).

    SQS hands it out for the first time `delay` seconds later.
    """

    body: str
    group: str
    delay: int | None = None


def enqueue(
    sqs: "SQSClient", queue_url: str, messages: Sequence[Message], retry: Retry
) -> list[str]:
    """Send all messages; return the bodies that SQS refuses for good (`SenderFault`).

    Raise Unavailable where SQS is away, no time is left or an entry still fails after three rounds.
    Some of the messages may be in the queue then: the sender repeats the webhook, and the copies
    have one id.
    """
    refused: list[str] = []
    for batch in batches(messages):
        refused += _send(partial(sqs.send_message_batch, QueueUrl=queue_url), batch, retry)
    return refused


def batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Split messages, in order, into batches for SQS; they are ASCII: a character is a byte."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        if batch and (len(batch) == MAX_ENTRIES or size + len(message.body) > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += len(message.body)
    if batch:
        yield batch


def _send(send: "Callable[..., Result]", batch: list[Message], retry: Retry) -> list[str]:
    waiting = [_entry(str(number), message) for number, message in enumerate(batch)]
    refused: list[str] = []
    for _ in range(_ROUNDS):
        try:
            answer = retry.call(partial(send, Entries=waiting))
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"SQS is away: {error_name(error)}") from None
        failed = {entry["Id"]: entry["SenderFault"] for entry in answer.get("Failed", [])}
        refused += [batch[int(number)].body for number, fault in failed.items() if fault]
        waiting = [entry for entry in waiting if failed.get(entry["Id"]) is False]
        if not waiting:
            return refused
    raise Unavailable(f"SQS did not take {len(waiting)} of {len(batch)} messages")


def _entry(number: str, message: Message) -> "Entry":
    entry: Entry = {"Id": number, "MessageBody": message.body, "MessageGroupId": message.group}
    return entry if message.delay is None else {**entry, "DelaySeconds": message.delay}


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of a dead letter.

    `status` is Braze's HTTP status, `detail` a text that is already redacted.
    """

    reason: Reason
    status: int | None = None
    detail: str = ""


def bury(sqs: "SQSClient", queue_url: str, body: str, cause: Cause, retry: Retry) -> None:
    """Send a message body, unchanged, to the dead letter queue.

    Raise botocore's ClientError or BotoCoreError where SQS does not take it: it is not buried then.
    Where only the answer was lost, there may be two of it.
    """
    attributes: dict[str, Attribute] = {"reason": _text(cause.reason)}
    if cause.status is not None:
        attributes["status"] = {"DataType": "Number", "StringValue": str(cause.status)}
    if cause.detail.strip():  # an empty attribute is an error
        attributes["detail"] = _text(cause.detail)
    send = partial(sqs.send_message, QueueUrl=queue_url, MessageBody=body)
    retry.call(partial(send, MessageAttributes=attributes))


def _text(value: str) -> "Attribute":
    return {"DataType": "String", "StringValue": _REFUSED.sub("?", value)[:LONGEST]}
