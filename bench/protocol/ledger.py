"""The ledger's conditional updates on a dict, decided by the protocol's own functions."""

from dataclasses import dataclass, field, replace
from math import ceil

from handler.core.delivery.claim_protocol import (
    Record,
    Refusal,
    Settlement,
    State,
    claimable,
    refused,
)
from handler.core.models import OnUnknown

_KEPT = 30 * 86_400
_FINAL = (State.ACCEPTED, State.HELD, State.DEAD)


@dataclass(slots=True)
class Claim:
    """The right to send a delivery; as the handlers' own."""

    id: int
    owner: str
    attempt: int
    since: int
    lost: int = 0
    alone: bool = False


@dataclass(slots=True)
class Ledger:
    """`delivery#` and `send#` items; every method is one update, whose answer may be lost."""

    records: dict[int, Record] = field(default_factory=dict)
    sends: dict[str, tuple[State, frozenset[int]]] = field(default_factory=dict)

    def claim(
        self, name: int, policy: OnUnknown, owner: str, now: float, times: tuple[float, float]
    ) -> Claim | tuple[Refusal, Record | None]:
        """Claim for `owner`; `times` are the lease's end and when the message was sent."""
        at, record = ceil(now), self.records.get(name)
        if claimable(record, policy, at, times[1]):
            return self._write(name, owner, at, ceil(times[0]))
        refusal = refused(record, policy, at, owner)
        if record is not None and refusal.kind == "mine":
            since = at if record.since is None else record.since
            return Claim(name, owner, record.attempts, since, record.lost, record.unbatched)
        return refusal, record

    def take_over(
        self, name: int, seen: Record, owner: str, now: float, until: float
    ) -> Claim | None:
        """Claim what a vanished worker had; None where somebody else was quicker."""
        mine = self.records.get(name)
        if mine is not None and mine.owner == owner:  # the answer was lost
            since = ceil(now) if mine.since is None else mine.since
            return Claim(name, owner, mine.attempts, since, mine.lost, mine.unbatched)
        if not self._is_still(name, seen):
            return None
        return self._write(name, owner, ceil(now), ceil(until), taken=True)

    def _write(self, name: int, owner: str, at: int, until: int, *, taken: bool = False) -> Claim:
        old = self.records.get(name)
        fresh = old is None or old.expires <= at
        attempt = 1 if fresh or old is None else old.attempts + 1
        since = at if fresh or old is None or old.since is None else old.since
        lost = old.lost + 1 if taken and old is not None and old.state is State.SENDING else 0
        alone = old is not None and old.unbatched
        self.records[name] = Record(
            State.SENDING, owner, until, at + _KEPT, attempt, since, lost=lost, unbatched=alone
        )
        return Claim(name, owner, attempt, since, lost, alone)

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
            dead_at=int(now) if state is State.DEAD else record.dead_at,
            unbatched=record.unbatched and not over,
        )
        return True

    def release(self, name: int, owner: str, *, alone: bool = False) -> bool:
        """Make a claim FAILED of which nothing was sent."""
        record = self.records.get(name)
        if record is None or record.owner != owner or record.state is not State.SENDING:
            return False
        self.records[name] = replace(
            record,
            state=State.FAILED,
            attempts=record.attempts - 1,
            unbatched=record.unbatched or alone,
        )
        return True

    def finish(self, name: int, seen: Record, owner: str, state: State) -> bool:
        """Make final what a vanished worker had, under a new owner."""
        if not self._is_still(name, seen):
            return False
        self.records[name] = replace(self.records[name], state=state, owner=owner, since=None)
        return True

    def recorded(self, owner: str, name: int) -> State | None:
        """Return the state that a batch request is recorded with for one of its members."""
        state, members = self.sends.get(owner, (State.SENDING, frozenset()))
        return None if state is State.SENDING or name not in members else state

    def open_send(self, owner: str, members: frozenset[int]) -> None:
        """Record the deliveries of a batch request; a repeated write finds itself."""
        self.sends.setdefault(owner, (State.SENDING, members))

    def mark_send(self, owner: str, members: frozenset[int], state: State) -> None:
        """Record which deliveries of a batch request are final."""
        self.sends[owner] = state, members

    def _is_still(self, name: int, seen: Record) -> bool:
        record = self.records.get(name)
        return record is not None and (record.owner, record.state) == (seen.owner, seen.state)
