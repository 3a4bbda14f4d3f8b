"""The ledger: one DynamoDB item for each delivery, written by single conditional updates."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from types import MappingProxyType
from typing import Final

from botocore.config import Config

from handler.aws.dynamodb import Change, Item, Table, number, text
from handler.core.delivery.claim_protocol import Record, Refusal, State, refused
from handler.core.errors import Unavailable
from handler.core.models import OnUnknown
from handler.core.reasons import Reason
from handler.ledger.batch_requests import BatchRequests
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

# botocore's default mode makes five attempts of up to 60 s: longer than the whole invocation.
# With n attempts a call takes at most n * (connect + read) and the pauses between them, which are
# under 1 s before the second attempt.
QUICK: Final = Config(  # 2 * (0.5 + 1) + 1 = 4 s: it fits into the margin after a POST
    retries={"mode": "standard", "total_max_attempts": 2},
    connect_timeout=0.5,
    read_timeout=1,
    parameter_validation=False,  # 65 us for each recipient; the tests' clients have it
)
KEPT_ATTEMPTS: Final = 5
_FINAL: Final = (State.ACCEPTED, State.HELD)
_ENDS_RUN: Final = (State.ACCEPTED, State.HELD, State.DEAD)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_COUNTED: Final = " ADD attempts :one"

# A claim; or why there is none, and the record that caused the refusal.
Claimed = Claim | tuple[Refusal, Record | None]


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """A delivery that is to be claimed for `owner`; see `Ledger.claim`."""

    delivery_id: str
    on_unknown: OnUnknown
    owner: str
    times: Times
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mark:
    """The end of a claim's attempt: its state and its entry, at `now` in epoch seconds."""

    claim: Claim
    state: State
    entry: Entry
    now: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """The items of deliveries; final marks are kept for `days`.

    Every call raises Unavailable where DynamoDB does not answer: then nothing may be sent.
    `claim_all` and `mark_all` yield it instead, in the place of the result.
    """

    table: Table
    days: int

    def claim_all(self, asked: Iterable[ClaimRequest]) -> Iterator[Claimed | Unavailable]:
        """Claim deliveries; yield the result of each, in order.

        Each request is taken right before its write, so that its times can be read then. A claim
        that fails does not affect the others.
        """
        for one in asked:
            try:
                yield self.claim(one.delivery_id, one.on_unknown, one.owner, one.times, one.tags)
            except Unavailable as error:
                yield error

    def mark_all(self, marks: Iterable[Mark]) -> Iterator[bool | Unavailable]:
        """Mark claims; yield for each, in order, whether it was still the owner's.

        Marks are taken, and fail, one by one, as in `claim_all`.
        """
        for one in marks:
            try:
                yield self.mark(one.claim, one.state, one.entry, one.now)
            except Unavailable as error:
                yield error

    def claim(
        self,
        delivery_id: str,
        on_unknown: OnUnknown,
        owner: str,
        times: Times,
        tags: Mapping[str, str] = _NOTHING,
    ) -> Claimed:
        """Claim a delivery for `owner`; return the claim, or a refusal and the record behind it.

        `tags` are written too. An operator finds the record by `event`, `once`, `source`, `rule`
        and `workspace`; `message` is the queue message's id.
        """
        now = ceil(times.now)
        condition, values = claim_condition(on_unknown, now, times.sent_at)
        update, given = claiming(owner, times, tags)
        change = Change(f"{update} REMOVE lost{_COUNTED}", condition, values | given)
        applied, item = self.table.update(_key(delivery_id), change)
        record = record_from(item)
        if applied:
            return claim_after(delivery_id, owner, record, now)
        refusal = refused(record, on_unknown, now, owner)
        if record is not None and refusal.kind == "mine":
            return claim_in(delivery_id, record, now)
        return refusal, record

    def take_over(self, delivery_id: str, seen: Record, owner: str, times: Times) -> Claimed:
        """Claim a lost worker's delivery, unless its batch request is recorded.

        It is called right before the delivery is sent unbatched: deliveries that are only claimed
        beside a message that kills workers must not count as lost with it.
        """
        if recorded := BatchRequests(self.table).recorded(seen.owner, delivery_id):
            attempt = _recorded_attempt(recorded, times.now)
            after = replace(seen, state=recorded, owner=owner, last=(*seen.last, attempt))
            if not self._finish(delivery_id, seen, after, times.now):
                return Refusal("wait", 1), seen
            return Refusal("adopted" if recorded is State.ACCEPTED else "held"), after
        update, values = claiming(owner, times, _NOTHING)
        change = Change(
            f"{update}{_COUNTED}, lost :one",
            "#owner = :seen AND #state = :was",
            values | {":seen": text(seen.owner), ":was": text(seen.state)},
        )
        applied, item = self.table.update(_key(delivery_id), change)
        before = record_from(item)
        if not applied and before is not None and before.owner == owner:  # the answer was lost
            return claim_in(delivery_id, before, ceil(times.now))
        if not applied or before is None:  # another worker was quicker
            return Refusal("wait", 1), before
        return claim_after(delivery_id, owner, before, ceil(times.now))

    def mark(self, claim: Claim, state: State, entry: Entry, now: float) -> bool:
        """Write the end of an attempt; return False where another worker has claimed it since."""
        days = self.days if state in _FINAL else ATTEMPT_DAYS
        update = "SET #state = :state, expires = :expires, attempts = :attempts, #last = :last"
        values = {
            ":state": text(state),
            ":owner": text(claim.owner),
            ":expires": number(int(now) + days * DAY),
            ":attempts": number(claim.attempt),
            ":last": _attempts([*claim.last, entry]),
        }
        removed = "lost"
        if state is State.DEAD:
            update += ", dead_at = :dead_at"
            values[":dead_at"] = number(int(now))
        if state in _ENDS_RUN:
            removed += ", since, surge, alone"
        else:
            update += ", since = :since"
            values[":since"] = number(claim.since)
        change = Change(f"{update} REMOVE {removed}", "#owner = :owner", values)
        return self.table.update(_key(claim.id), change).applied

    def release(
        self, delivery_id: str, owner: str, *, unbatched: bool = False, surge: int | None = None
    ) -> bool:
        """Release a claim of which nothing was sent: it is FAILED, and its attempt does not count.

        An `unbatched` delivery joins no batch request from now on. `surge` is when the surge limit
        stopped it, or 0: the limit has counted it.
        """
        values: dict[str, Item] = {
            ":failed": text(State.FAILED),
            ":owner": text(owner),
            ":sending": text(State.SENDING),
            ":less": number(-1),
        }
        update = "SET #state = :failed"
        if unbatched:
            update += ", alone = :true"
            values[":true"] = {"BOOL": True}
        if surge is not None:
            update += ", surge = :surge"
            values[":surge"] = number(surge)
        condition = "#owner = :owner AND #state = :sending"
        change = Change(f"{update} ADD attempts :less", condition, values)
        return self.table.update(_key(delivery_id), change).applied

    def hold(self, delivery_id: str, seen: Record, owner: str, now: float) -> bool:
        """Hold a lost worker's delivery; return False where its record has changed meanwhile.

        The owner changes too, so that the lost worker can no longer mark it.
        """
        return self._finish(delivery_id, seen, replace(seen, state=State.HELD, owner=owner), now)

    def _finish(self, delivery_id: str, seen: Record, after: Record, now: float) -> bool:
        values = {
            ":state": text(after.state),
            ":owner": text(after.owner),
            ":expires": number(int(now) + self.days * DAY),
            ":seen": text(seen.owner),
            ":was": text(seen.state),
        }
        update = "SET #state = :state, #owner = :owner, expires = :expires"
        if after.last != seen.last:
            update += ", #last = :last"
            values[":last"] = _attempts(after.last)
        change = Change(f"{update} REMOVE since", "#owner = :seen AND #state = :was", values)
        return self.table.update(_key(delivery_id), change).applied


def _attempts(entries: Sequence[Entry]) -> Item:
    return {"L": [words_of(kept) for kept in entries[-KEPT_ATTEMPTS:]]}


def _key(delivery_id: str) -> str:
    return f"delivery#{delivery_id}"


def _recorded_attempt(recorded: State, now: float) -> Entry:
    """Return the attempt of a delivery whose batch request is recorded."""
    if recorded is State.ACCEPTED:
        return {"class": "accepted", "reason": Reason.RECORDED, "time": int(now)}
    return {"class": "held", "reason": Reason.NOTICE, "time": int(now)}
