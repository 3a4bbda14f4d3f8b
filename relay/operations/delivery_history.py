"""Deliveries of one event, order or id: their ledger records and their log lines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from handler.core.braze.identifiers import traced
from handler.core.braze.refused import remainder_id
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.planning.delivery_id import delivery_id
from relay.console.format import ago, since, until
from relay.operations.clients import StackClients
from relay.rules.names import Names, Rule
from relay.stacks.ledger import Ledger, Record
from relay.stacks.logs import GROUPS, LogLine, Search

INDEXES: Final[Mapping[str, str]] = {"by-event": "event", "by-once": "once"}
# CloudWatch Logs takes 5 to 10 searches in a second of an account and region, and each delivery
# needs two. An event of for_each may have a hundred.
SEARCHED: Final = 10
_MEANINGS: Final[Mapping[str, str]] = {
    LedgerState.FAILED: " (not sent yet: it waits and is tried again)",
    LedgerState.WITHHELD: " (not sent, for good: its workspace may not reach the recipient)",
    LedgerState.STALE: " (not sent, for good: a newer state of the user was accepted)",
    LedgerState.HELD: " (for a person; once its letter is dropped it stays so, unsent)",
}
_EXPLAINED: Final = frozenset(
    {LedgerState.DEAD, LedgerState.HELD, LedgerState.FAILED, LedgerState.UNKNOWN}
)
_ENDED: Final = frozenset({"rejected", "held", "not_sent", "unknown"})
_PREFIX: Final = "delivery#"
_SHORT: Final = 12  # characters of an id, as dead letters are listed
_ID: Final = re.compile(r"[0-9a-f]{64}")
_PART_OF_ID: Final = re.compile(r"[0-9a-f]{8,63}")


@dataclass(frozen=True, slots=True)
class FoundDelivery:
    """A delivery, by what it was found (`event`, `once`, `delivery id`, `rule`), and its record.

    The record is empty where only the log has the delivery: it was never claimed, or has expired.
    `rest` is the delivery of the objects that Braze refused of this one, once it was redriven.
    """

    id: str
    by: tuple[str, ...]
    record: Record
    rule: Rule | None = None
    rest: "FoundDelivery | None" = None

    @property
    def origin(self) -> str:
        """Source and rule, where the record has them: records of older releases have not."""
        source, rule = self.rule or ("?", "?")
        return f"{self.record.get('source', source)}/{self.record.get('rule', rule)}"


class NoIndex(Exception):
    """The table has no such index: the stack is of an older release."""


def find(table: Ledger, text: str, names: Names) -> list[FoundDelivery]:
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
    for key, record in table.as_recorded(table.get_many(reasons)).items():
        one = key.removeprefix(_PREFIX)
        found.append(FoundDelivery(one, tuple(reasons[key]), record, possible.get(one)))
    return sorted(found, key=lambda one: (one.origin, one.id))


def find_logged(
    desk: StackClients, text: str, start: float
) -> list[tuple[FoundDelivery, list[LogLine]]]:
    """Return the deliveries that the ingest log has and the ledger has not.

    Raise botocore's errors, and NoSuchResource where the stack has no such log.
    """
    found = []
    ids = {text: None} if _ID.fullmatch(text) else _possible(text, desk.names)
    for one, rule in list(ids.items())[:SEARCHED]:
        if within := logged(desk, one, start):
            found.append((FoundDelivery(one, ("log",), {}, rule), within))
    return found


def find_begun(desk: StackClients, text: str, start: float) -> list[FoundDelivery]:
    """Return the deliveries whose ids begin so: ids of the log, with their ledger records.

    Raise botocore's errors, and NoSuchResource where the stack has no such log.
    """
    group, pattern = desk.log_group("DeliverLogGroup"), f'{{ $.id = "{text}*" }}'
    within = Search(start, pattern=pattern).lines(desk.clients["logs"], group)
    named = {str(line.entry.get("id", "")) for line in within}
    ids = sorted(one for one in named if one.startswith(text))
    return with_ids(desk, dict.fromkeys(ids, "the beginning of its id"))


def is_part_of_id(text: str) -> bool:
    """Return whether a text looks like the beginning of a delivery's id."""
    return bool(_PART_OF_ID.fullmatch(text))


def logged(desk: StackClients, delivery_id: str, start: float) -> list[LogLine]:
    """Return the lines of both functions' logs that name a delivery, oldest first.

    Raise botocore's errors, and NoSuchResource where the stack has no such logs.
    """
    search = Search(start, pattern=f'"{delivery_id}"')
    logs = desk.clients["logs"]
    found = [line for group in GROUPS for line in search.lines(logs, desk.log_group(group))]
    return sorted(found, key=lambda line: line.at)


def with_ids(desk: StackClients, ids: Mapping[str, str]) -> list[FoundDelivery]:
    """Return deliveries with their ledger records; `ids` has by what each was found."""
    table = Ledger.of(desk.stack)
    records = table.as_recorded(table.get_many(f"{_PREFIX}{one}" for one in ids))
    return [
        FoundDelivery(one, (by,), records.get(f"{_PREFIX}{one}", {})) for one, by in ids.items()
    ]


def with_rest(table: Ledger, found: Sequence[FoundDelivery]) -> list[FoundDelivery]:
    """Return deliveries with what became of the objects that Braze refused of them.

    Of a redriven delivery of refused objects Braze may refuse a part once more. Raise botocore's
    errors.
    """
    ids = [remainder_id(one.id) for one in found if refused_places(one.record)]
    read = table.get_many(f"{_PREFIX}{one}" for one in ids) if ids else {}
    records = table.as_recorded(read)
    known = ((key.removeprefix(_PREFIX), record) for key, record in records.items())
    parts = [FoundDelivery(one, (), record) for one, record in known]
    rest = {one.id: one for one in (with_rest(table, parts) if parts else ())}
    return [replace(one, rest=rest.get(remainder_id(one.id))) for one in found]


def described(
    found: FoundDelivery, log: Sequence[LogLine], now: float
) -> Iterator[tuple[str, str]]:
    """Yield what the ledger and the log know of a delivery, as names and words."""
    record = found.record
    yield from _origin(found, log)
    if not record:
        buried = "a dead letter until it is redriven"
        why = buried if part_of(found, log) else "it waits unclaimed, or it is forgotten"
        yield "state", f"not in the ledger: {why}"
        return
    state = str(record.get("state", "?"))
    yield "state", f"{state}{_MEANINGS.get(state, '')}{_over(record, now)}"
    if state in _EXPLAINED and (why := _why(record, log)):
        yield "why", why
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
    yield from _attempts(found, now)


def refused_places(record: Record) -> str:
    """Return the places of the objects that Braze refused of an accepted delivery; else empty."""
    last = record.get("last") or [{}]
    is_accepted = record.get("state") == LedgerState.ACCEPTED
    return ", ".join(str(last[-1].get("refused", "")).split()) if is_accepted else ""


def _attempts(found: FoundDelivery, now: float) -> Iterator[tuple[str, str]]:
    attempts, last = found.record.get("attempts", 0), found.record.get("last", [])
    kept = f" (the ledger keeps the last {len(last)})" if last and attempts > len(last) else ""
    yield "attempts", f"{attempts}{kept}"
    for entry in last:
        yield "", _attempt(entry, now)
    if refused := refused_places(found.record):
        part, state = remainder_id(found.id)[:_SHORT], _state_of_rest(found.rest)
        yield "refused", f"{refused}: these are delivery {part}, {state}"


def _state_of_rest(rest: FoundDelivery | None) -> str:
    if rest is None:
        return "a dead letter until it is redriven or dropped"
    state = str(rest.record.get("state", "?"))
    refused = refused_places(rest.record)
    again = f", but for {refused.count(',') + 1} refused once more" if refused else ""
    return f"redriven since: {state}{_MEANINGS.get(state, '')}{again}"


def next_step(found: FoundDelivery, log: Sequence[LogLine]) -> str:
    """Return the command that comes next, without options that name the stack; empty for none."""
    record, short = found.record, found.id[:_SHORT]
    state = record.get("state")
    if not record and part_of(found, log):
        return f"dead-letters show {short}"
    if not record or state in (LedgerState.FAILED, LedgerState.UNKNOWN):
        return "surge list" if "surge" in record else "status"
    if state == LedgerState.DEAD:
        return f"dead-letters show {short}"
    if refused_places(record):
        unsent = f"dead-letters show {remainder_id(found.id)[:_SHORT]}"
        return unsent if found.rest is None else next_step(found.rest, log)
    return f"held show {short}" if state == LedgerState.HELD else ""


def _origin(found: FoundDelivery, log: Sequence[LogLine]) -> Iterator[tuple[str, str]]:
    own = found if found.record else replace(found, record=_named(found, log))
    yield "rule", f"{own.origin}, workspace {own.record.get('workspace', '?')}"
    yield "found by", ", ".join(found.by)
    if objects := _objects(found.id, log):
        yield "writes", ", ".join(objects)
    if whole := part_of(found, log):
        yield "part of", f"{whole}, of which Braze accepted the rest"


def part_of(found: FoundDelivery, log: Sequence[LogLine]) -> str:
    """Return the id of the delivery whose refused objects this one is; empty for any other."""
    own = (line.entry for line in log if line.entry.get("id") == found.id)
    return next((str(one) for each in own if (one := each.get("refused_of"))), "")


def _named(found: FoundDelivery, log: Sequence[LogLine]) -> dict[str, Any]:
    """Return the source, rule and workspace of a delivery by its lines of the log."""
    entry = next((line.entry for line in log if line.entry.get("id") == found.id), {})
    return {name: entry[name] for name in ("source", "rule", "workspace") if name in entry}


def _objects(delivery_id: str, log: Sequence[LogLine]) -> list[str]:
    """Return what a delivery writes to its user's profile, where ingest's line has it."""
    made = (one for line in log for one in line.entry.get("deliveries", ()))
    return next((one.get("objects", []) for one in made if one.get("id") == delivery_id), [])


def _why(record: Record, log: Sequence[LogLine]) -> str:
    """Return the last cause: its reason and status, and Braze's own words where the log has them.

    A dead letter's reason may be another one than its last attempt's, such as `horizon`: the log
    has it.
    """
    attempts = [one for line in log if (one := line.entry).get("outcome") in _ENDED]
    last = record.get("last") or [{}]
    entry = {**last[-1], **(attempts[-1] if attempts else {})}
    words = [str(entry["reason"])] if entry.get("reason") else []
    words += [f"status {entry['status']}"] if entry.get("status") else []
    words += [f'"{entry["detail"]}"'] if entry.get("detail") else []
    return "  ".join(words)


def _dead(state: str, at: float, now: float) -> tuple[str, str]:
    """Return when it was given up: once redriven, it is no dead letter any more."""
    return (
        ("dead letter", since(at, now)) if state == LedgerState.DEAD else ("was dead", ago(at, now))
    )


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
