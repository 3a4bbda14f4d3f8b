"""The ledger: one DynamoDB item for each delivery, written by single conditional updates.

A request of many has an item of its own, `send#` and its claims' owner, whose one update records
that Braze has accepted it: the marks of its members follow, and may be lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from types import MappingProxyType
from typing import Final, NamedTuple

from botocore.config import Config

from handler.core.models import OnUnknown
from handler.core.protocol import Record, Refusal, State, refused
from handler.items import Item, claim_condition, number, record_from, text, words_of
from handler.table import Change, Table

# botocore's default mode makes five attempts of up to 60 s: longer than the whole invocation.
# With n attempts a call takes at most n * (connect + read) and the pauses between them, which are
# under 1 s before the second attempt and under 2 s before the third.
PATIENT: Final = Config(  # 3 * (1 + 2) + 1 + 2 = 12 s: what has to be known before anything is sent
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=1, read_timeout=2
)
QUICK: Final = Config(  # 2 * (0.5 + 1) + 1 = 4 s: it fits into the margin after a POST
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=0.5, read_timeout=1
)
DAY: Final = 86_400
ATTEMPT_DAYS: Final = 30
KEPT_ATTEMPTS: Final = 5
_FINAL: Final = (State.ACCEPTED, State.HELD)
_ENDS_RUN: Final = (State.ACCEPTED, State.HELD, State.DEAD)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

_CLAIM: Final = (
    "SET #state = :sending, #owner = :owner, lease_until = :lease, expires = :expires, "
    "since = if_not_exists(since, :now)"
)
_COUNTED: Final = " ADD attempts :one"

Entry = Mapping[str, str | int | None]


class Times(NamedTuple):
    """The times of a claim, in epoch seconds; `sent_at` is when SQS took the message."""

    now: float
    lease_until: float
    sent_at: float


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send a delivery, until the lease ends.

    `attempt` is counted from 1; `since` is the first claim of this run, in epoch seconds; `lost`
    counts the workers in a row that had the claim before and never marked what came of it.
    `surge` is since when a brake stops it; one that is `alone` joins no request of many.
    """

    id: str
    owner: str
    attempt: int
    since: int
    last: tuple[Entry, ...] = ()
    lost: int = 0
    surge: int | None = None
    alone: bool = False


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
        update, given = _claiming(owner, times, tags)
        change = Change(f"{update} REMOVE lost{_COUNTED}", condition, values | given)
        applied, item = self.table.update(_key(delivery_id), change)
        record = record_from(item)
        if applied:
            return _claim(delivery_id, owner, record, now)
        refusal = refused(record, on_unknown, now, owner)
        if record is not None and refusal.kind == "mine":
            return _claimed(delivery_id, record, now)
        return refusal, record

    def take_over(
        self, delivery_id: str, seen: Record, owner: str, times: Times
    ) -> Claim | tuple[Refusal, Record | None]:
        """Claim what a vanished worker had, unless the request that it was part of is recorded.

        Right before it is sent alone, and not before: whatever kills workers must not make those
        that are only claimed beside it look as if they did.
        """
        if recorded := self._recorded(seen.owner, delivery_id):
            if not self._finish(delivery_id, seen, owner, (recorded, times.now)):
                return Refusal("wait", 1), seen
            if recorded is State.ACCEPTED:
                return Refusal("adopted"), seen
            return Refusal("held"), replace(seen, last=(*seen.last, {"class": "held"}))
        update, values = _claiming(owner, times, _NOTHING)
        change = Change(
            f"{update}{_COUNTED}, lost :one",
            "#owner = :seen AND #state = :was",
            values | {":seen": text(seen.owner), ":was": text(seen.state)},
        )
        applied, item = self.table.update(_key(delivery_id), change)
        before = record_from(item)
        if not applied or before is None:  # somebody else was quicker
            return Refusal("wait", 1), before
        return _claim(delivery_id, owner, before, ceil(times.now))

    def mark(self, claim: Claim, state: State, entry: Entry, now: float) -> bool:
        """Write what came of a claim; return False where somebody else has claimed it since."""
        days = self.days if state in _FINAL else ATTEMPT_DAYS
        last = [*claim.last, entry][-KEPT_ATTEMPTS:]
        update = "SET #state = :state, expires = :expires, attempts = :attempts, #last = :last"
        values = {
            ":state": text(state),
            ":owner": text(claim.owner),
            ":expires": number(int(now) + days * DAY),
            ":attempts": number(claim.attempt),
            ":last": {"L": [words_of(kept) for kept in last]},
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
        self, delivery_id: str, owner: str, *, alone: bool = False, surge: int | None = None
    ) -> bool:
        """Make a claim of ours FAILED of which nothing was sent, as if it had not been made.

        It may say that the delivery goes alone from now on, and since when a brake stops it, or
        that it has passed it: 0.
        """
        values: dict[str, Item] = {
            ":failed": text(State.FAILED),
            ":owner": text(owner),
            ":sending": text(State.SENDING),
            ":less": number(-1),
        }
        update = "SET #state = :failed"
        if alone:
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
        return self._finish(delivery_id, seen, owner, (State.HELD, now))

    def _finish(
        self, delivery_id: str, seen: Record, owner: str, mark: tuple[State, float]
    ) -> bool:
        state, now = mark
        values = {
            ":state": text(state),
            ":owner": text(owner),
            ":expires": number(int(now) + self.days * DAY),
            ":seen": text(seen.owner),
            ":was": text(seen.state),
        }
        update = "SET #state = :state, #owner = :owner, expires = :expires REMOVE since"
        change = Change(update, "#owner = :seen AND #state = :was", values)
        return self.table.update(_key(delivery_id), change).applied

    def open_send(self, owner: str, members: Iterable[str], now: float) -> bool:
        """Write which deliveries a request of many holds, before it is sent."""
        change = Change(
            "SET #state = :sending, #members = :members, expires = :expires",
            "attribute_not_exists(pk)",
            {
                ":sending": text(State.SENDING),
                ":members": {"SS": sorted(members)},
                ":expires": number(int(now) + ATTEMPT_DAYS * DAY),
            },
        )
        return self.table.update(f"send#{owner}", change).applied

    def mark_send(self, owner: str, members: Iterable[str], state: State) -> bool:
        """Write which of a request of many are ACCEPTED or HELD: from here on these are so."""
        values: dict[str, Item] = {
            ":state": text(state),
            ":members": {"SS": sorted(members)},
        }
        update = "SET #state = :state, #members = :members"
        change = Change(update, "attribute_exists(pk)", values)
        return self.table.update(f"send#{owner}", change).applied

    def _recorded(self, owner: str, delivery_id: str) -> State | None:
        item = self.table.get(f"send#{owner}")
        state = State(item["state"]["S"]) if item else State.SENDING
        if state is State.SENDING or delivery_id not in item["members"]["SS"]:
            return None
        return state


def _key(delivery_id: str) -> str:
    return f"delivery#{delivery_id}"


def _claiming(owner: str, times: Times, tags: Mapping[str, str]) -> tuple[str, dict[str, Item]]:
    update = "".join([_CLAIM, *(f", #{name} = :{name}" for name in tags)])
    return update, {f":{name}": text(value) for name, value in tags.items()} | {
        ":sending": text(State.SENDING),
        ":owner": text(owner),
        ":lease": number(ceil(times.lease_until)),
        ":expires": number(ceil(times.now) + ATTEMPT_DAYS * DAY),
        ":now": number(ceil(times.now)),
        ":one": number(1),
    }


def _claim(delivery_id: str, owner: str, before: Record | None, now: int) -> Claim:
    if before is None or before.expires <= now:  # absent, or as good as absent: a run of its own
        return Claim(delivery_id, owner, 1, now)
    since = now if before.since is None else before.since
    lost = before.lost + 1 if before.state is State.SENDING else 0
    return Claim(
        delivery_id,
        owner,
        before.attempts + 1,
        since,
        before.last,
        lost,
        before.surge,
        before.alone,
    )


def _claimed(delivery_id: str, mine: Record, now: int) -> Claim:
    """Return the claim of ours that stood in our own way: its answer was lost, and it counted."""
    since = now if mine.since is None else mine.since
    return Claim(
        delivery_id, mine.owner, mine.attempts, since, mine.last, mine.lost, mine.surge, mine.alone
    )
