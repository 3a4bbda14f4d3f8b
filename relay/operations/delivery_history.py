"""Deliveries of one event, order or id: their ledger records and their log lines."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from handler.core.braze.identifiers import traced
from handler.core.delivery.claim_protocol import State
from handler.core.planning.delivery_id import delivery_id
from relay.console.format import ago, since, until
from relay.console.log_format import sentence
from relay.operations.clients import Desk
from relay.rules.names import Names, Rule
from relay.stacks.ledger import Ledger, Record

INDEXES: Final[Mapping[str, str]] = {"by-event": "event", "by-once": "once"}
LOGS: Final = ("IngestLogGroup", "DeliverLogGroup")
# CloudWatch Logs takes 5 to 10 searches in a second of an account and region, and each delivery
# needs two. An event of for_each may have a hundred.
SEARCHED: Final = 10
_MEANINGS: Final[Mapping[str, str]] = {
    State.FAILED: " (not sent yet: it waits and is tried again)",
    State.HELD: " (for a person; once its letter is dropped it stays so, unsent)",
}
_PREFIX: Final = "delivery#"
_ID: Final = re.compile(r"[0-9a-f]{64}")
_PART_OF_ID: Final = re.compile(r"[0-9a-f]{8,63}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: when it was written (epoch seconds), and its text."""

    at: float
    text: str

    @property
    def entry(self) -> dict[str, Any]:
        """The line as an object; an empty one for a line of the Lambda runtime."""
        try:
            entry = json.loads(self.text)
        except ValueError:
            return {}
        return entry if isinstance(entry, dict) else {}

    @property
    def words(self) -> str:
        """The line for the terminal: a webhook or a delivery in words, any other as it is."""
        return sentence(self.text) or self.text.strip()


def lines(
    logs: Any, group: str, start: float, end: float | None = None, pattern: str = ""
) -> Iterator[Line]:
    """Yield a log group's lines between two times, oldest first; raise botocore's errors.

    `pattern` is CloudWatch's (CloudWatch Logs, "Filter pattern syntax"). The emulator does not
    know all of it, and returns more: a caller that needs exact matches filters again.
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


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery, by what it was found (`event`, `once`, `delivery id`, `rule`), and its record.

    The record is empty where only the log has the delivery: it was never claimed, or has expired.
    """

    id: str
    by: tuple[str, ...]
    record: Record
    rule: Rule | None = None

    @property
    def origin(self) -> str:
        """Source and rule, where the record has them: records of older releases have not."""
        source, rule = self.rule or ("?", "?")
        return f"{self.record.get('source', source)}/{self.record.get('rule', rule)}"


class NoIndex(Exception):
    """The table has no such index: the stack is of an older release."""


def find(table: Ledger, text: str, names: Names) -> list[Found]:
    """Return the deliveries of an event's id, of a `once` or of a delivery's id.

    Raise NoIndex for a table without the indexes, and botocore's errors.
    """
    reasons: dict[str, list[str]] = {}
    digest = traced(text)
    for index, field in INDEXES.items():
        for key in _keys_by(table, index, field, digest):
            reasons.setdefault(key, []).append(field)
    if _ID.fullmatch(text):
        reasons.setdefault(f"{_PREFIX}{text}", []).append("delivery id")
    possible = _possible(text, names)
    for one in possible:  # items of older releases are in no index
        reasons.setdefault(f"{_PREFIX}{one}", ["rule"])
    found = []
    for key, record in table.get_many(reasons).items():
        one = key.removeprefix(_PREFIX)
        found.append(Found(one, tuple(reasons[key]), record, possible.get(one)))
    return sorted(found, key=lambda one: (one.origin, one.id))


def find_logged(desk: Desk, text: str, start: float) -> list[tuple[Found, list[Line]]]:
    """Return the deliveries that the ingest log has and the ledger has not.

    Raise botocore's errors, and NoSuchResource where the stack has no such log.
    """
    found = []
    ids = {text: None} if _ID.fullmatch(text) else _possible(text, desk.names)
    for one, rule in list(ids.items())[:SEARCHED]:
        if within := logged(desk, one, start):
            found.append((Found(one, ("log",), {}, rule), within))
    return found


def find_begun(desk: Desk, text: str, start: float) -> list[Found]:
    """Return the deliveries whose ids begin so: ids of the log, with their ledger records.

    Raise botocore's errors, and NoSuchResource where the stack has no such log.
    """
    group, pattern = desk.log_group("DeliverLogGroup"), f'{{ $.id = "{text}*" }}'
    within = lines(desk.clients["logs"], group, start, pattern=pattern)
    named = {str(line.entry.get("id", "")) for line in within}
    ids = sorted(one for one in named if one.startswith(text))
    records = Ledger.of(desk.stack).get_many(f"{_PREFIX}{one}" for one in ids)
    by = ("the beginning of its id",)
    return [Found(one, by, records.get(f"{_PREFIX}{one}", {})) for one in ids]


def is_part_of_id(text: str) -> bool:
    """Return whether a text looks like the beginning of a delivery's id."""
    return bool(_PART_OF_ID.fullmatch(text))


def logged(desk: Desk, delivery_id: str, start: float) -> list[Line]:
    """Return the lines of both functions' logs that name a delivery, oldest first.

    Raise botocore's errors, and NoSuchResource where the stack has no such logs.
    """
    found = [
        line
        for group in LOGS
        for line in lines(
            desk.clients["logs"], desk.log_group(group), start, pattern=f'"{delivery_id}"'
        )
    ]
    return sorted(found, key=lambda line: line.at)


def described(found: Found, now: float) -> Iterator[tuple[str, str]]:
    """Yield the ledger's record of a delivery, as names and words."""
    record = found.record
    yield "rule", f"{found.origin}, workspace {record.get('workspace', '?')}"
    yield "found by", ", ".join(found.by)
    if not record:
        yield "state", "not in the ledger: it waits unclaimed, or it is forgotten"
        return
    state = str(record.get("state", "?"))
    yield "state", f"{state}{_MEANINGS.get(state, '')}{_over(record, now)}"
    if "since" in record:
        yield "first claim", since(record["since"], now)
    if record.get("state") == "SENDING" and "lease_until" in record:
        yield "lease", _lease(record["lease_until"], now)
    if "dead_at" in record:
        yield _dead(state, record["dead_at"], now)
    if "surge" in record:
        yield "surge", f"stopped by its rule's surge limit {since(record['surge'], now)}"
    if "freed" in record:
        yield "set free", _freed(record["freed"], now)
    yield "attempts", str(record.get("attempts", 0))
    for entry in record.get("last", []):
        yield "", _attempt(entry, now)


def _dead(state: str, at: float, now: float) -> tuple[str, str]:
    """Return when it was given up: once redriven, it is no dead letter any more."""
    return ("dead letter", since(at, now)) if state == State.DEAD else ("was dead", ago(at, now))


def _possible(text: str, names: Names) -> dict[str, Rule]:
    """Return the ids that deliveries to one recipient have, if the text is the rule's `once`."""
    return {delivery_id(source, rule, text, ""): (source, rule) for source, rule in names.rules}


def _keys_by(table: Ledger, index: str, field: str, digest: str) -> list[str]:
    try:
        return table.keys_by(index, field, digest)
    except ClientError as error:
        if "index" in error.response["Error"].get("Message", "").lower():
            raise NoIndex(f"the ledger has no index {index}: deploy this relay first") from None
        raise


def _over(record: Record, now: float) -> str:
    if record.get("expires", now + 1) > now:
        return ""
    return " (past its time to live: it counts as unknown, and is deleted within days)"


def _lease(lease_until: int, now: float) -> str:
    if lease_until > now:
        return f"somebody is sending it, {until(lease_until, now)}"
    return f"over {since(lease_until, now)}: whoever was sending it has vanished"


def _freed(freed: Mapping[str, Any], now: float) -> str:
    return f"{ago(freed['at'], now)} by {freed['by']}; it was {freed['was']}"


def _attempt(entry: Mapping[str, Any], now: float) -> str:
    words = [ago(entry["time"], now), str(entry.get("class", "?"))]
    if entry.get("reason") not in {None, entry.get("class")}:
        words.append(f"({entry['reason']})")
    words += [f"{name} {entry[name]}" for name in ("status", "dispatch_id") if name in entry]
    return "  ".join(words)
