"""Dead letters: the unchanged message body, with the reason in message attributes."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef as Attribute

# SQS counts attributes into the message's size and takes no control characters in them
# (API reference, SendMessage). A reason is a word, a detail is one line.
LONGEST: Final = 256
_REFUSED: Final = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a message is given up.

    `status` is Braze's HTTP status, `detail` its words, redacted before they come here.
    """

    reason: str
    status: int | None = None
    detail: str = ""


def bury(sqs: "SQSClient", queue_url: str, body: str, cause: Cause) -> None:
    """Send a message body, unchanged, to the dead letters.

    Raise botocore's ClientError or BotoCoreError where SQS does not take it: it is not buried then.
    """
    attributes: dict[str, Attribute] = {"reason": _text(cause.reason)}
    if cause.status is not None:
        attributes["status"] = {"DataType": "Number", "StringValue": str(cause.status)}
    if cause.detail.strip():  # an empty attribute is an error
        attributes["detail"] = _text(cause.detail)
    sqs.send_message(QueueUrl=queue_url, MessageBody=body, MessageAttributes=attributes)


def _text(value: str) -> "Attribute":
    return {"DataType": "String", "StringValue": _REFUSED.sub("?", value)[:LONGEST]}
