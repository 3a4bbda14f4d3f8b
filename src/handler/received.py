"""A queue message as Lambda hands it over, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self


@dataclass(frozen=True, slots=True)
class Received:
    """One record of an SQS event (Lambda guide, "Using Lambda with Amazon SQS").

    `sent_at` and `first_at`, the first receive, are in epoch seconds; a redrive sets both anew:
    how long a message waited for its turn is in the one only. `receives` is SQS's count, which also
    counts throttles and shortages of time: never the number of attempts. `attributes` are the
    texts of the message attributes, which a native redrive leaves in place.
    """

    id: str
    receipt: str = field(repr=False)
    body: str = field(repr=False)
    sent_at: float
    first_at: float
    receives: int
    attributes: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Return what a record of the event holds."""
        attributes = record.get("messageAttributes") or {}
        return cls(
            id=record["messageId"],
            receipt=record["receiptHandle"],
            body=record["body"],
            sent_at=int(record["attributes"]["SentTimestamp"]) / 1000,
            first_at=int(record["attributes"]["ApproximateFirstReceiveTimestamp"]) / 1000,
            receives=int(record["attributes"]["ApproximateReceiveCount"]),
            attributes={name: str(each.get("stringValue")) for name, each in attributes.items()},
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """After how many seconds a message comes back; None: it leaves the queue."""

    wait: int | None


GONE: Final = Verdict(None)


def back(seconds: int) -> Verdict:
    """Return the verdict for a message that comes back after so many seconds."""
    return Verdict(seconds)
