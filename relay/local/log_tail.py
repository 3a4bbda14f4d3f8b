"""Log lines of both functions, as they appear: one for each webhook and each delivery."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from relay.console.format import clock
from relay.console.log_format import sentence
from relay.stacks.local import Stack

_GROUPS: Final = ("IngestLogGroup", "DeliverLogGroup")
_EVERY_SECONDS: Final = 0.3
_OVERLAP_MILLISECONDS: Final = 10_000

Record = tuple[int, str, str]  # milliseconds since the epoch, stream, line


@contextmanager
def followed(stack: Stack, show: Callable[[str], None]) -> Iterator[None]:
    """Show new log lines, in a thread, for as long as the context lasts."""
    ended = threading.Event()

    def follow() -> None:
        seen: set[Record] = set()
        logs = stack.client("logs")
        while True:
            last = ended.is_set()
            for line in _new_lines(logs, stack, seen):
                show(line)
            if last:
                return
            ended.wait(_EVERY_SECONDS)

    thread = threading.Thread(target=follow, name="activity", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _new_lines(logs: Any, stack: Stack, seen: set[Record]) -> Iterator[str]:
    """Yield new lines; the last seconds are read again, for lines may come out of order."""
    since = max((at for at, *_ in seen), default=0) - _OVERLAP_MILLISECONDS
    fresh: set[Record] = set()
    for group in _GROUPS:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=stack.resources[group], startTime=max(since, 0)
        )
        fresh |= {
            (record["timestamp"], record["logStreamName"], record["message"])
            for page in pages
            for record in page["events"]
        }
    for record in sorted(fresh - seen):
        seen.add(record)
        if line := sentence(record[2]):
            yield f"{clock(record[0] / 1000)} {line}"
