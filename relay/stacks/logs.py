"""Logs of a stack: their lines, and the log groups that both functions write to."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from relay.console.log_format import read_entry, sentence

GROUPS: Final = ("IngestLogGroup", "DeliverLogGroup")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log: when it was written (epoch seconds), and its text."""

    at: float
    text: str

    @property
    def entry(self) -> Mapping[str, Any]:
        """The line as an object; an empty one for a line of the Lambda runtime."""
        return read_entry(self.text)

    @property
    def words(self) -> str:
        """The line for the terminal: a webhook or a delivery in words, any other as it is."""
        return sentence(self.text) or self.text.strip()


@dataclass(frozen=True, slots=True)
class Search:
    """A search of a log group, from one time on, to another (epoch seconds).

    `pattern` is CloudWatch's (CloudWatch Logs, "Filter pattern syntax"). The emulator does not
    know all of it, and returns more: a caller that needs exact matches filters again. At most so
    many `pages` are read, each a call.
    """

    start: float
    end: float | None = None
    pattern: str = ""
    pages: int | None = None

    def lines(self, logs: Any, group: str) -> list[LogLine]:
        """Return the lines, oldest first; raise botocore's errors."""
        asked: dict[str, Any] = {"logGroupName": group, "startTime": int(self.start * 1000)}
        if self.end is not None:
            asked["endTime"] = int(self.end * 1000)
        if self.pattern:
            asked["filterPattern"] = self.pattern
        pages = logs.get_paginator("filter_log_events").paginate(**asked)
        found = [
            LogLine(event["timestamp"] / 1000, event["message"])
            for page in islice(pages, self.pages)
            for event in page["events"]
        ]
        return sorted(found, key=lambda line: line.at)
