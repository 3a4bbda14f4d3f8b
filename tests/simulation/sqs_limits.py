"""Refusals of SQS: bodies, attributes and sizes (API reference, SendMessage; "Message quotas")."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.simulation.line import check_names, refusal

LARGEST: Final = 1_048_576  # bytes of a message, and of a batch, with attributes
MAX_ENTRIES: Final = 10
MAX_ATTRIBUTES: Final = 10
MAX_DELAY: Final = 900  # seconds
MAX_TIMEOUT: Final = 43_200
_FORBIDDEN: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NAME: Final = re.compile(r"(?!\.)(?!.*\.\.)(?!.*\.$)(?i:(?!aws\.|amazon\.))[A-Za-z0-9_.-]{1,256}")

_GROUP: Final = re.compile("[!-~]{1,128}")  # API reference, SendMessage: no blank
_PREFIX: Final = "AWS.SimpleQueueService."
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)

Attributes = Mapping[str, Mapping[str, Any]]


def size_of(body: str, attributes: Attributes) -> int:
    """Return the bytes that a message counts: its body, and of attributes name, type and value."""
    size = len(body) if body.isascii() else len(body.encode("utf-8", "surrogatepass"))
    for name, value in attributes.items():
        size += len(f"{name}{value['DataType']}{value.get('StringValue', '')}".encode())
    return size


def wrong(body: str, attributes: Attributes, delay: int, group: str | None) -> ClientError | None:
    """Return the error that a message is refused with, None for a good one."""
    if not body:
        return _refused("MissingParameter", "The request must contain the parameter MessageBody.")
    if _FORBIDDEN.search(body):
        return _refused("InvalidMessageContents", "Invalid characters found in the message body.")
    faults = [f"DelaySeconds is invalid: {delay}"] if not 0 <= delay <= MAX_DELAY else []
    if group is not None and not _GROUP.fullmatch(group):
        faults.append("MessageGroupId takes 1 to 128 letters, digits and signs.")
    if len(attributes) > MAX_ATTRIBUTES:
        faults.append(f"Number of message attributes [{len(attributes)}] exceeds 10.")
    for name, value in attributes.items():
        if why := _wrong_attribute(name, value):
            faults.append(f"The message attribute '{name}' {why}.")
    if not faults and size_of(body, attributes) > LARGEST:
        faults.append(f"Message must be shorter than {LARGEST} bytes.")
    return _refused("InvalidParameterValue", faults[0]) if faults else None


def check_entry(given: Mapping[str, Any], required: Sequence[str]) -> None:
    """Raise as boto3 does for a message that it would not send at all."""
    check_names(given, required, ("MessageAttributes", "DelaySeconds", "MessageGroupId"))
    for value in given.get("MessageAttributes", {}).values():
        check_names(value, ("DataType",), ("StringValue",))


def check_batch(entries: Sequence[Mapping[str, Any]]) -> None:
    """Raise as boto3 does for a batch that SQS refuses as a whole."""
    operation = "SendMessageBatch"
    for entry in entries:
        check_entry(entry, ("Id", "MessageBody"))
    check_ids(operation, entries)
    size = sum(size_of(each["MessageBody"], each.get("MessageAttributes", {})) for each in entries)
    if size > LARGEST:
        raise refusal(operation, f"{_PREFIX}BatchRequestTooLong", f"You have sent {size} bytes.")


def check_ids(operation: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Raise as boto3 does for a batch of no entry, of too many, or whose ids SQS does not take."""
    names = [entry["Id"] for entry in entries]
    if not names:
        raise refusal(operation, f"{_PREFIX}EmptyBatchRequest", "There should be at least one.")
    if len(names) > MAX_ENTRIES:
        raise refusal(operation, f"{_PREFIX}TooManyEntriesInBatchRequest", "More than 10.")
    if len(set(names)) < len(names):
        raise refusal(operation, f"{_PREFIX}BatchEntryIdsNotDistinct", "An Id is repeated.")
    if not all(map(_ID.fullmatch, names)):
        raise refusal(operation, f"{_PREFIX}InvalidBatchEntryId", "Letters, digits, - and _ only.")


def _wrong_attribute(name: str, value: Mapping[str, Any]) -> str:
    kind, text = value.get("DataType", ""), value.get("StringValue")
    if not _NAME.fullmatch(name):
        return "has an invalid name"
    if kind.partition(".")[0] not in ("String", "Number"):
        return "has an invalid message attribute type"
    if not text:
        return f"must contain a non-empty message attribute value for type ({kind})"
    if _FORBIDDEN.search(text):
        return "contains an invalid character"
    if kind.startswith("Number") and not _NUMBER.fullmatch(text):
        return "cannot be converted to a number"
    return ""


def _refused(code: str, why: str) -> ClientError:
    return refusal("SendMessage", code, why)
