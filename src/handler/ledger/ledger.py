"""The ledger: one DynamoDB item for each delivery, written by single conditional updates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from types import MappingProxyType
from typing import Final

from botocore.config import Config

from handler.aws.dynamodb import Change, Item, Table, number, text
from handler.core.delivery.claim_protocol import Record, Refusal, State, refused
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
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=0.5, read_timeout=1
)
KEPT_ATTEMPTS: Final = 5
_FINAL: Final = (State.ACCEPTED, State.HELD)
_ENDS_RUN: Final = (State.ACCEPTED, State.HELD, State.DEAD)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_COUNTED: Final = " ADD attempts :one"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The table's items of deliveries, and for how many days final marks live.

    Every call raises Unavailable where DynamoDB does not answer: then nothing may be sent.
    """

    table: Table
    days: int

    def claim(
        self,
        delivery_id: str,
        on_unknown: OnUnknown,
        owner: str,
        times: Times,
        tags: Mapping[str, str] = _NOTHING,
    ) -> Claim | tuple[Refusal, Record | None]:
        """Claim a delivery for `owner`.

        Return the claim, or why there is none, with the record that stood in the way. `tags` are
        what a person finds it by: `event`, `once`, `source`, `rule`, `workspace`; and `message`.
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

    def take_over(
        self, delivery_id: str, seen: Record, owner: str, times: Times
    ) -> Claim | tuple[Refusal, Record | None]:
        """Claim what a vanished worker had, unless the request that it was part of is recorded.

        Right before it is sent unbatched, and not before: a message that kills workers must not
        make those that are only claimed beside it look as if they did.
        """
        if recorded := BatchRequests(self.table).recorded(seen.owner, delivery_id):
            after = replace(
                seen, state=recorded, owner=owner, last=(*seen.last, _told(recorded, times.now))
            )
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
        if not applied or before is None:  # somebody else was quicker
            return Refusal("wait", 1), before
        return claim_after(delivery_id, owner, before, ceil(times.now))

    def mark(self, claim: Claim, state: State, entry: Entry, now: float) -> bool:
        """Write what came of a claim; return False where somebody else has claimed it since."""
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
        """Make a claim of ours FAILED of which nothing was sent, as if it had not been made.

        It may say that the delivery goes unbatched from now on, and since when a surge limit stops
        it, or that it has passed it: 0.
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
        """Make a record HELD whose claimant has vanished; False where it has changed meanwhile.

        The owner changes with it, so that the vanished one can no longer mark.
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


def _told(recorded: State, now: float) -> Entry:
    """Return what a request of many says of the attempt of one of its members."""
    if recorded is State.ACCEPTED:
        return {"class": "accepted", "reason": Reason.RECORDED, "time": int(now)}
    return {"class": "held", "reason": Reason.NOTICE, "time": int(now)}
