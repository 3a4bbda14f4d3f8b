"""Calls of SQS that are made in memory and in the emulator alike."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.simulation.pairs import Given

_TEXT: Final = {"DataType": "String", "StringValue": "rejected"}
_NUMBER: Final = {"DataType": "Number", "StringValue": "400"}
MOST: Final = 8  # messages: a receive takes all of them
LARGEST: Final = 1_048_576


def _sent(body: str = "x", **more: Any) -> Given:
    return {"MessageBody": body, **more}


def _batch(*names: str, body: str = "x") -> Given:
    return {"Entries": [{"Id": name, "MessageBody": body} for name in names]}


SENT: Final[dict[str, Given]] = {
    "a message": _sent(),
    "attributes": _sent(MessageAttributes={"reason": _TEXT, "status": _NUMBER}),
    "a group": _sent(MessageGroupId="!" * 128),
    "the largest": _sent("x" * LARGEST),
    "tabs and ends of lines": _sent("a\tb\r\nc"),
    "beyond the first plane": _sent("\U0001f600"),
}
REFUSED: Final[dict[str, Given]] = {
    "one byte too many": _sent("x" * (LARGEST + 1)),
    "an empty body": _sent(""),
    "no body": {},
    "an attribute without a type": _sent(MessageAttributes={"a": {"StringValue": "x"}}),
    "a control character": _sent("a\x00b"),
    "no character at all": _sent("\uffff"),
    "an unknown parameter": _sent(Colour="red"),
}
# What AWS's pages SendMessage and "Message quotas" forbid, and the emulator takes.
STRICTER: Final[dict[str, Given]] = {
    "attributes that are too many bytes": _sent("x" * LARGEST, MessageAttributes={"reason": _TEXT}),
    "an empty attribute": _sent(MessageAttributes={"a": {"DataType": "String", "StringValue": ""}}),
    "an attribute that is no number": _sent(
        MessageAttributes={"a": {"DataType": "Number", "StringValue": "x"}}
    ),
    "eleven attributes": _sent(MessageAttributes={f"a{each}": _TEXT for each in range(11)}),
    "a delay over 15 minutes": _sent(DelaySeconds=901),
    "a group of 129 characters": _sent(MessageGroupId="x" * 129),
    "a group with a blank": _sent(MessageGroupId="a b"),
    "a control character in an attribute": _sent(
        MessageAttributes={"a": {"DataType": "String", "StringValue": "\x1b"}}
    ),
}
BATCHES: Final[dict[str, Given]] = {
    "two": _batch("a", "b"),
    "none": _batch(),
    "eleven": _batch(*map(str, range(11))),
    "an id twice": _batch("a", "a"),
    "an id with a blank": _batch("a b"),
    "too long together": _batch("a", "b", body="x" * (LARGEST // 2 + 1)),
    "no id": {"Entries": [{"MessageBody": "x"}]},
}
# Entries of a batch of waits: the id, which of the messages' receipts, and the seconds.
CHANGES: Final[dict[str, list[tuple[str, int | None, int]]]] = {
    "two": [("a", 0, 0), ("b", 1, 900)],
    "one that is nobody's receipt": [("a", 0, 0), ("b", None, 900)],
    "none": [],
    "eleven": [(str(each), 0, 9) for each in range(11)],
    "an id twice": [("a", 0, 0), ("a", 1, 0)],
    "an id with a blank": [("a b", 0, 0)],
}


@dataclass(frozen=True)
class Step:
    """One call with a message, which its body names; `which` of its receipts, the last is -1."""

    operation: str
    body: str = ""
    which: int = -1
    more: Given = field(default_factory=dict)


def steps(random: Random, count: int) -> Iterator[Step]:
    """Yield sends, receives of all that is visible, changes of visibility, and deletions."""
    sent: list[str] = []
    for number in range(count):
        operation = random.choice(_OPERATIONS)
        if not sent or (operation == "send_message" and len(sent) < MOST):
            sent.append(f"message {number}")
            yield Step("send_message", sent[-1])
        elif operation == "receive_message":
            yield Step(operation)
        elif operation == "delete_message":
            yield Step(operation, random.choice(sent), random.choice((-1, -1, 0)))
        elif operation == "change_message_visibility":
            more = {"VisibilityTimeout": random.choice((0, 0, 900))}
            yield Step(operation, random.choice(sent), more=more)


_OPERATIONS: Final = (
    "send_message",
    "receive_message",
    "receive_message",
    "delete_message",
    "change_message_visibility",
    "change_message_visibility",
)
