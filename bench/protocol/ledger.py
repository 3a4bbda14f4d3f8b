"""The ledger's conditional updates on a dict, decided by the protocol's own functions."""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import NamedTuple

from handler.core.delivery.claim_protocol import (
    ClaimRefusal,
    LedgerState,
    Record,
    RequestState,
    Settlement,
    claimable,
    refused,
)
from handler.core.models import OnUnknown

_KEPT = 30 * 86_400
_FINAL = (LedgerState.ACCEPTED, LedgerState.HELD, LedgerState.DEAD)


@dataclass(slots=True)
class Claim:
    """The right to send a delivery; as the handlers' own."""

    id: int
    owner: str
    attempt: int
    since: int
    lost: int = 0
    alone: bool = False
    fenced: bool = False


class Asked(NamedTuple):
    """How a delivery is to be claimed: `until` is the lease's end; as the handlers' own."""

    name: int
    policy: OnUnknown
    owner: str
    now: float
    until: float
    sent_at: float
    fenced: bool = False


@dataclass(slots=True)
class Ledger:
    """`delivery#` and `send#` items; every method is one update, whose answer may be lost."""

    records: dict[int, Record] = field(default_factory=dict)
    sends: dict[str, tuple[RequestState, frozenset[int]]] = field(default_factory=dict)

    def claim(self, asked: Asked) -> Claim | tuple[ClaimRefusal, Record | None]:
        """Claim a delivery, or say why not."""
        at, record = ceil(asked.now), self.records.get(asked.name)
        if claimable(record, asked.policy, at, asked.sent_at):
            return self._write(asked, self._after(asked, record))
        refusal = refused(record, asked.policy, at, asked.owner)
        if record is not None and refusal.kind == "mine":
            return _claim_in(asked, record)
        return refusal, record

    def take_over(self, asked: Asked, seen: Record, *, unsent: bool) -> Claim | None:
        """Claim what a vanished worker had; None where somebody else was quicker."""
        mine = self.records.get(asked.name)
        if mine is not None and mine.owner == asked.owner:  # the answer was lost
            return _claim_in(asked, mine)
        if mine is None or not self._is_still(asked.name, seen):
            return None
        if unsent:  # no attempt, and no worker that was lost with it
            return self._write(asked, replace(mine, unbatched=True))
        after = self._after(asked, mine)
        return self._write(
            asked, replace(after, lost=mine.lost + (mine.state is LedgerState.SENDING))
        )

    def _after(self, asked: Asked, old: Record | None) -> Record:
        """Return the record of one attempt more."""
        if old is None or old.expires <= asked.now:
            old = Record(LedgerState.SENDING, asked.owner, 0, 0)
        return replace(old, attempts=old.attempts + 1, lost=0, last=(), dead_at=None)

    def _write(self, asked: Asked, record: Record) -> Claim:
        at = ceil(asked.now)
        self.records[asked.name] = replace(
            record,
            state=LedgerState.SENDING,
            owner=asked.owner,
            lease_until=ceil(asked.until),
            expires=at + _KEPT,
            since=at if record.since is None else record.since,
            fenced=asked.fenced,
        )
        return _claim_in(asked, self.records[asked.name])

    def mark(self, claim: Claim, settled: Settlement, now: float) -> bool:
        """Write what came of a claim; False where somebody else has claimed it since."""
        record = self.records.get(claim.id)
        if record is None or record.owner != claim.owner:
            return False
        state, over = settled.state, settled.state in _FINAL
        self.records[claim.id] = Record(
            state,
            claim.owner,
            record.lease_until,
            int(now) + _KEPT,
            claim.attempt,
            None if over else claim.since,
            ({"reason": settled.reason},),
            dead_at=int(now) if state is LedgerState.DEAD else record.dead_at,
            unbatched=record.unbatched and not over,
            fenced=record.fenced,
        )
        return True

    def release(self, name: int, owner: str, *, alone: bool = False) -> bool:
        """Make a claim FAILED of which nothing was sent."""
        record = self.records.get(name)
        if record is None or record.owner != owner or record.state is not LedgerState.SENDING:
            return False
        self.records[name] = replace(
            record,
            state=LedgerState.FAILED,
            attempts=record.attempts - 1,
            unbatched=record.unbatched or alone,
        )
        return True

    def finish(self, name: int, seen: Record, owner: str, state: LedgerState) -> bool:
        """Make final what a vanished worker had, under a new owner."""
        if not self._is_still(name, seen):
            return False
        self.records[name] = replace(self.records[name], state=state, owner=owner, since=None)
        return True

    def request(self, owner: str, name: int) -> RequestState | None:
        """Return the state of an owner's batch request for a delivery; None where it has none.

        It is void for what it was made without.
        """
        state, members = self.sends.get(owner, (None, frozenset()))
        return state if state is None or name in members else RequestState.VOID

    def open_send(self, owner: str, members: frozenset[int]) -> bool:
        """Record the deliveries of a batch request, unless others have made it void."""
        return self.sends.setdefault(owner, (RequestState.OPEN, members))[0] != RequestState.VOID

    def void_send(self, owner: str) -> bool:
        """Make void the batch request of a vanished worker, unless it is open."""
        return self.sends.setdefault(owner, (RequestState.VOID, frozenset()))[0] == "VOID"

    def mark_send(self, owner: str, members: frozenset[int], state: RequestState) -> None:
        """Record which deliveries of a batch request are final."""
        self.sends[owner] = state, members

    def _is_still(self, name: int, seen: Record) -> bool:
        record = self.records.get(name)
        return record is not None and (record.owner, record.state) == (seen.owner, seen.state)


def _claim_in(asked: Asked, record: Record) -> Claim:
    since = ceil(asked.now) if record.since is None else record.since
    rest = record.attempts, since, record.lost, record.unbatched, record.fenced
    return Claim(asked.name, record.owner, *rest)
