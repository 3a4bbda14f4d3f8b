"""A message in the words of Lambda's events, and in those of ReceiveMessage."""

from typing import Any

from tests.simulation.sqs_queue import Message


def _system(message: Message) -> dict[str, str]:
    group = {"MessageGroupId": message.group} if message.group else {}
    return group | {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
        "ApproximateFirstReceiveTimestamp": str(int(message.first_at * 1000)),
    }


def record(message: Message, url: str) -> dict[str, Any]:
    """Word a message as Lambda does (Lambda guide, "Using Lambda with Amazon SQS")."""
    return {
        "messageId": message.id,
        "receiptHandle": message.handle,
        "body": message.body,
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:1:{url.rpartition('/')[2]}",
        "attributes": _system(message),
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in message.attributes.items()
        },
    }


def worded(message: Message) -> dict[str, Any]:
    """Word a message as ReceiveMessage does."""
    named = {"MessageAttributes": dict(message.attributes)} if message.attributes else {}
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "Body": message.body,
        "Attributes": _system(message),
        **named,
    }
