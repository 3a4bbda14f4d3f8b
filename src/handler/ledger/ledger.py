"""The ledger: one DynamoDB item for each delivery, each written under its own condition.

Most deliveries are claimed once and marked once. Of these many are written in one call: the claim
as an insert, which fails where there is a record, the mark as an update of the owner's. Whatever is
refused so is written singly, by the conditions of the claim protocol.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil
from types import MappingProxyType
from typing import Final, NamedTuple

from handler.aws.dynamodb import BATCH, Item, ItemUpdate, Statement, Table, number, text
from handler.core.delivery.claim_protocol import ClaimRefusal, LedgerState, Record, refused
from handler.core.errors import Unavailable
from handler.core.models import OnUnknown
from handler.ledger.lease import (
    ATTEMPT_DAYS,
    DAY,
    Claim,
    Entry,
    Times,
    claim_after,
    claim_in,
    claiming,
)
from handler.ledger.records import claim_condition, record_from, words_of

KEPT_ATTEMPTS: Final = 5
_FINAL: Final = (LedgerState.ACCEPTED, LedgerState.HELD, LedgerState.STALE)
_ENDS_RUN: Final = (*_FINAL, LedgerState.WITHHELD, LedgerState.DEAD)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
COUNTED: Final = " ADD attempts :one"
TRUE: Final[Item] = {"BOOL": True}

# A claim; or why there is none, and the record that caused the refusal.
Claimed = Claim | tuple[ClaimRefusal, Record | None]


class ClaimRequest(NamedTuple):
    """A delivery that is to be claimed for `owner`.

    `tags` are written too. An operator finds the record by `event`, `once`, `source`, `rule` and
    `workspace`; `message` is the queue message's id. A claim is `fenced` where its owner has others
    beside it: see `claim_protocol`.
    """

    delivery_id: str
    on_unknown: OnUnknown
    owner: str
    times: Times
    tags: Mapping[str, str] = _NOTHING
    fenced: bool = False


class Mark(NamedTuple):
    """The end of a claim's attempt: its state and its entry, at `now` in epoch seconds."""

    claim: Claim
    state: LedgerState
    entry: Entry
    now: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """The items of deliveries; final marks are kept for `days`.

    Every call raises Unavailable where DynamoDB does not answer: then nothing may be sent.
    `claim_new` and `mark_new` yield it instead, in the place of the result; what they yield it for
    may have been written.
    """

    table: Table
    days: int

    def claim_new(self, asked: Iterable[ClaimRequest]) -> Iterator[Claim | Unavailable | None]:
        """Claim deliveries, 25 in a call; yield the result of each, in order.

        None: there is a record, so it is to be claimed by itself. Requests are taken right before
        the call, so that their times can be read then.
        """
        rest = iter(asked)
        while many := [*islice(rest, BATCH)]:
            inserts = [self.table.insert(key_of(one.delivery_id), _item(one)) for one in many]
            for one, written in zip(many, self.table.write_all(inserts), strict=True):
                if isinstance(written, Unavailable):
                    yield written
                else:
                    now = ceil(one.times.now)
                    claim = Claim(one.delivery_id, one.owner, 1, now, fenced=one.fenced, new=True)
                    yield claim if written else None

    def mark_new(self, marks: Iterable[Mark]) -> Iterator[bool | Unavailable]:
        """Mark claims that are `new`, 25 in a call, each taken right before.

        Yield for each, in order, whether it was still the owner's.
        """
        return self.table.write_all(map(self._first_mark, marks))

    def claim(self, asked: ClaimRequest) -> Claimed:
        """Claim a delivery; return the claim, or a refusal and the record behind it."""
        now = ceil(asked.times.now)
        condition, values = claim_condition(asked.on_unknown, now, asked.times.sent_at)
        update, given = claiming(asked.owner, asked.times, asked.tags)
        removed = "lost, held_from"
        if asked.fenced:
            update += ", fenced = :true"
            given[":true"] = TRUE
        else:
            removed += ", fenced"
        change = ItemUpdate(f"{update} REMOVE {removed}{COUNTED}", condition, values | given)
        applied, item = self.table.update(key_of(asked.delivery_id), change)
        record = record_from(item)
        if applied:
            claim = claim_after(asked.delivery_id, asked.owner, record, now)
            return replace(claim, fenced=asked.fenced)
        refusal = refused(record, asked.on_unknown, now, asked.owner)
        if record is not None and refusal.kind == "mine":
            return claim_in(asked.delivery_id, record, now)
        return refusal, record

    def _first_mark(self, one: Mark) -> Statement:
        """Return the statement of a mark, for a record that holds nothing but its first claim."""
        days = self.days if one.state in _FINAL else ATTEMPT_DAYS
        sets = {
            "state": text(one.state),
            "expires": number(int(one.now) + days * DAY),
            "last": attempts_of([one.entry]),
        }
        if one.state is LedgerState.DEAD:
            sets["dead_at"] = number(int(one.now))
        removed = ["since"] if one.state in _ENDS_RUN else []
        removed += ["fenced"] if one.claim.fenced else []
        return self.table.set_owned(key_of(one.claim.id), one.claim.owner, sets, removed)

    def mark(self, claim: Claim, state: LedgerState, entry: Entry, now: float) -> bool:
        """Write the end of an attempt; return False where another worker has claimed it since."""
        days = self.days if state in _FINAL else ATTEMPT_DAYS
        update = "SET #state = :state, expires = :expires, attempts = :attempts, #last = :last"
        values = {
            ":state": text(state),
            ":owner": text(claim.owner),
            ":expires": number(int(now) + days * DAY),
            ":attempts": number(claim.attempt),
            ":last": attempts_of([*claim.last, entry]),
        }
        removed = "lost, fenced"  # a release before this one would claim it without a fence
        if state is LedgerState.DEAD:
            update += ", dead_at = :dead_at"
            values[":dead_at"] = number(int(now))
        if state in _ENDS_RUN:
            removed += ", since, surge, alone"
        else:
            update += ", since = :since"
            values[":since"] = number(claim.since)
        change = ItemUpdate(f"{update} REMOVE {removed}", "#owner = :owner", values)
        return self.table.update(key_of(claim.id), change).applied

    def note_buried(self, delivery_id: str, now: float) -> None:
        """Note that the letter of an accepted delivery's refused objects is buried."""
        change = ItemUpdate(
            "SET buried_at = :now", "attribute_exists(pk)", {":now": number(int(now))}
        )
        self.table.update(key_of(delivery_id), change)

    def release(
        self, delivery_id: str, owner: str, *, unbatched: bool = False, surge: int | None = None
    ) -> bool:
        """Release a claim of which nothing was sent: it is FAILED, and its attempt does not count.

        An `unbatched` delivery joins no batch request from now on. `surge` is when the surge limit
        stopped it, or 0: the limit has counted it.
        """
        values: dict[str, Item] = {
            ":failed": text(LedgerState.FAILED),
            ":owner": text(owner),
            ":sending": text(LedgerState.SENDING),
            ":less": number(-1),
        }
        update = "SET #state = :failed"
        if unbatched:
            update += ", alone = :true"
            values[":true"] = TRUE
        if surge is not None:
            update += ", surge = :surge"
            values[":surge"] = number(surge)
        condition = "#owner = :owner AND #state = :sending"
        change = ItemUpdate(f"{update} REMOVE fenced ADD attempts :less", condition, values)
        return self.table.update(key_of(delivery_id), change).applied


def _item(asked: ClaimRequest) -> dict[str, Item]:
    """Return the item of a first claim, without its key."""
    now = ceil(asked.times.now)
    item = {
        "state": text(LedgerState.SENDING),
        "owner": text(asked.owner),
        "lease_until": number(ceil(asked.times.lease_until)),
        "expires": number(now + ATTEMPT_DAYS * DAY),
        "since": number(now),
        "attempts": number(1),
        **{name: text(value) for name, value in asked.tags.items()},
    }
    return {**item, "fenced": TRUE} if asked.fenced else item


def attempts_of(entries: Sequence[Entry]) -> Item:
    """Return the attribute value of a delivery's last attempts."""
    return {"L": [words_of(kept) for kept in entries[-KEPT_ATTEMPTS:]]}


def key_of(delivery_id: str) -> str:
    """Return the key of a delivery's item."""
    return f"delivery#{delivery_id}"
