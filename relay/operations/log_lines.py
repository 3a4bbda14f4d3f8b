"""Lines of the functions' logs, as CloudWatch gives them back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relay.activity import told


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: when it was written (epoch seconds), and its text."""

    at: float
    text: str

    @property
    def entry(self) -> dict[str, Any]:
        """The line as an object; an empty one where it is none (the runtime's own words)."""
        try:
            entry = json.loads(self.text)
        except ValueError:
            return {}
        return entry if isinstance(entry, dict) else {}

    @property
    def words(self) -> str:
        """The line as people read it: a webhook or a delivery in words, all else as it stands."""
        return told(self.text) or self.text.strip()


def lines(
    logs: Any, group: str, start: float, end: float | None = None, pattern: str = ""
) -> Iterator[Line]:
    """Yield a log group's lines between two times, oldest first; raise botocore's errors.

    `pattern` is CloudWatch's (CloudWatch Logs, "Filter pattern syntax"); the emulator does not
    know all of it and then gives more back: whoever needs it exact looks again.
    """
    asked: dict[str, Any] = {"logGroupName": group, "startTime": int(start * 1000)}
    if end is not None:
        asked["endTime"] = int(end * 1000)
    if pattern:
        asked["filterPattern"] = pattern
    found = [
        Line(event["timestamp"] / 1000, event["message"])
        for page in logs.get_paginator("filter_log_events").paginate(**asked)
        for event in page["events"]
    ]
    yield from sorted(found, key=lambda line: line.at)
