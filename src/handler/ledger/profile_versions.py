"""Profile versions: older attributes never overwrite newer ones, where events have a version.

Nor does an older consent. Braze applies requests in the order of their arrival, so only one at a
time is sent for each profile, source and guard: a name that rules share, else the rule's. An item
of the ledger's table holds the newest version that was accepted, and the delivery that is being
sent. Of one version, the later arrival is the newer: a sender's
time often counts seconds, and two changes fit into one second. A consent may come without a
version: what was made has nothing older. It is older than what has arrived later, and makes no
version older.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Final, Literal

from handler.aws.dynamodb import Item, ItemUpdate, Table, number, text
from handler.core.braze.identifiers import user_of
from handler.core.braze.request import written
from handler.core.delivery.claim_protocol import LedgerState, Record
from handler.core.json_types import JsonValue
from handler.core.models import Delivery
from handler.ledger.batch_requests import BatchRequests
from handler.ledger.lease import DAY, has_unknown
from handler.ledger.records import record_from

_VERSION: Final = 1
_UNSENT: Final = (LedgerState.WITHHELD, LedgerState.STALE, LedgerState.DEAD)
_SETTLED: Final = (LedgerState.ACCEPTED, LedgerState.HELD, *_UNSENT)
# Stands in an item for no version: below all, for numbers of an event's JSON have 64 bits.
_NONE: Final = -(10**19)
_NO_LOWER: Final = "if_not_exists(#accepted, :version)"
_GONE: Final = 3_600  # seconds after a lease; a dead worker's message is visible again after 181

Turn = Literal["go", "stale", "wait"]


@dataclass(frozen=True, slots=True)
class ProfileVersions:
    """The items of profiles, kept for `days`, as final marks are: no older change is sent later.

    Every call raises Unavailable where the table does not answer.
    """

    table: Table
    days: int

    def begin(self, delivery: Delivery, now: float, until: float) -> Turn:
        """Return whether a delivery may write its attributes now, and begin its turn.

        `go`: until `until` no other delivery does. `stale`: a newer one was accepted, so it is
        sent without them, or not at all. `wait`: another is being sent, or a newer one waits to be
        retried.
        """
        turn, item = self._try(delivery, now, until)
        if turn == "wait" and self._is_over(delivery, item, now):
            turn, _ = self._try(delivery, now, until)
        return turn

    def _try(self, delivery: Delivery, now: float, until: float) -> tuple[Turn, Mapping[str, Item]]:
        values = {
            **_age(delivery),
            ":id": text(delivery.id),
            ":now": number(int(now)),
            ":until": number(int(until)),
            ":expires": number(int(now) + self.days * DAY),
        }
        mine = "attribute_not_exists(#pending) OR #pending = :id"
        no_newer = _no_newer if _is_versioned(values) else _no_later
        free = f"{mine} OR {no_newer('pending_version', 'pending_ms')}"
        idle = f"{mine} OR pending_until < :now"
        newest = f"attribute_not_exists(#accepted) OR {no_newer('#accepted', 'accepted_ms')}"
        change = ItemUpdate(
            "SET #pending = :id, pending_version = :version, pending_ms = :ms, "
            "pending_until = :until, expires = :expires",
            f"({newest}) AND ({free}) AND ({idle})",
            values,
        )
        applied, item = self.table.update(key_of(delivery), change)
        if applied:
            return "go", item
        return ("stale" if _is_stale(delivery, item) else "wait"), item

    def _is_over(self, delivery: Delivery, item: Mapping[str, Item], now: float) -> bool:
        """End the turn of a settled delivery whose worker did not; return whether it is over."""
        if "pending" not in item or int(item["pending_until"]["N"]) >= now:
            return False
        pending = item["pending"]["S"]
        record = record_from(self.table.get(f"delivery#{pending}"))
        if record is not None and not self._is_settled(pending, record, now):
            return False
        unsent = record is None or (record.state in _UNSENT and not has_unknown(record.last))
        ms = item.get("pending_ms", number(0))
        age = None if unsent else {":version": item["pending_version"], ":ms": ms}
        return self._finish(key_of(delivery), pending, age)

    def _is_settled(self, pending: str, record: Record, now: float) -> bool:
        if record.state is not LedgerState.SENDING:
            return record.state in _SETTLED
        # Its mark may be lost while its batch request is recorded. Or both are lost and its message
        # is deleted: a message in the queue would have been claimed again by now.
        recorded = BatchRequests(self.table).recorded(record.owner, pending)
        return recorded is not None or record.lease_until + _GONE < now

    def end(self, delivery: Delivery, *, accepted: bool) -> None:
        """End a delivery's turn; if it is, or may be, accepted, its version is now the newest."""
        self._finish(key_of(delivery), delivery.id, _age(delivery) if accepted else None)

    def _finish(self, key: str, pending: str, accepted: Mapping[str, Item] | None) -> bool:
        over = "REMOVE #pending, pending_version, pending_ms, pending_until"
        values = {":id": text(pending)}
        if accepted is not None:
            version = ":version" if _is_versioned(accepted) else _NO_LOWER
            over = f"SET #accepted = {version}, accepted_ms = :ms {over}"
            values |= accepted
        return self.table.update(key, ItemUpdate(over, "#pending = :id", values)).applied

    def postpone(self, delivery: Delivery) -> None:
        """Let newer deliveries be sent, while older ones wait until this one is retried."""
        change = ItemUpdate(
            "SET pending_until = :none",
            "#pending = :id",
            {":id": text(delivery.id), ":none": number(0)},
        )
        self.table.update(key_of(delivery), change)


def _is_versioned(age: Mapping[str, Item]) -> bool:
    return Decimal(age[":version"]["N"]) != _NONE


def _age(delivery: Delivery) -> dict[str, Item]:
    version = _NONE if delivery.event_version is None else delivery.event_version
    return {":version": {"N": repr(version)}, ":ms": number(delivery.arrived_ms or 0)}


def _no_newer(version: str, arrived_ms: str) -> str:
    """Return the condition that an item's version and arrival are no newer than those given.

    Items of an earlier release have no arrival.
    """
    no_later = _no_later(version, arrived_ms)
    return f"{version} < :version OR ({version} = :version AND ({no_later}))"


def _no_later(_: str, arrived_ms: str) -> str:
    """Return the condition of what has no version: by arrival alone."""
    return f"attribute_not_exists({arrived_ms}) OR {arrived_ms} <= :ms"


def _is_stale(delivery: Delivery, item: Mapping[str, Item]) -> bool:
    if "accepted" not in item:
        return False
    accepted = Decimal(item["accepted"]["N"]), Decimal(item.get("accepted_ms", number(0))["N"])
    arrived_ms = delivery.arrived_ms or 0
    if delivery.event_version is None:
        return accepted[1] > arrived_ms
    return accepted > (Decimal(repr(delivery.event_version)), arrived_ms)


def key_of(delivery: Delivery) -> str:
    """Return the key of a profile's item: a digest, without a name or an address in it."""
    guard = delivery.guard or delivery.rule
    return user_key(delivery.workspace, user_of(delivery), delivery.source, guard)


def user_key(workspace: str, user: list[JsonValue] | None, source: str, guard: str) -> str:
    """Return the key of the item of one profile, workspace, source and guard."""
    who: list[JsonValue] = [_VERSION, workspace, user, source, guard]
    return f"user#{sha256(written(who).encode('ascii')).hexdigest()}"
