"""A line for each webhook and each delivery, out of the functions' own logs."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from relay.console.format import clock
from relay.stack.deploy import Stack

_GROUPS: Final = ("IngestLogGroup", "DeliverLogGroup")
_EVERY_SECONDS: Final = 0.3
_OVERLAP_MILLISECONDS: Final = 10_000

Record = tuple[int, str, str]  # milliseconds since the epoch, stream, line


@contextmanager
def followed(stack: Stack, show: Callable[[str], None]) -> Iterator[None]:
    """Show the stack's activity, in a thread, for as long as the context lasts."""
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
    """Yield what is new; the last seconds are read again, for lines may come out of order."""
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
        if line := told(record[2]):
            yield f"{clock(record[0] / 1000)} {line}"


def told(message: str) -> str | None:
    """Return a log line in words: a webhook, a delivery, or a failure of a function itself."""
    try:
        entry = json.loads(message)
    except ValueError:
        # The runtime's own words: only those of a failure matter to somebody who watches.
        return (
            message.strip() if message.startswith(("[ERROR]", "Traceback", "Task timed")) else None
        )
    if not isinstance(entry, dict):
        return None
    if entry.get("message") == "webhook":
        return f"webhook   {entry['source']}  {entry['status']}  {_webhook(entry)}"
    if entry.get("message") == "delivery":
        return f"delivery  {_delivery(entry)}"
    return None


def _webhook(entry: Mapping[str, Any]) -> str:
    if "reason" in entry:
        return str(entry["reason"])
    words = [f"-> {made['rule']}" for made in entry["deliveries"]]
    words += [
        f"parked: {one['rule'] or 'the webhook'}: {one['reason']}: {one['detail']}"
        for one in entry["parked"]
    ]
    words += [f"unmatched: {one['rule']}: {one['why']}" for one in entry["unmatched"]]
    return "; ".join([*words, *entry["warnings"]])


def _delivery(entry: Mapping[str, Any]) -> str:
    outcome, reason = entry.get("outcome"), entry.get("reason")
    words = [f"{entry.get('source')}/{entry.get('rule')}  {outcome}"]
    if outcome == "unknown" == reason:  # an unknown outcome that is tried again says its cause
        words.append("held")
    elif reason not in {None, outcome}:
        words.append(f"({reason})")
    words += [f"{name} {entry[name]}" for name in ("status", "attempt") if entry.get(name)]
    if entry.get("wait"):
        words.append(f"wait {entry['wait']} s")
    return "  ".join(words)
