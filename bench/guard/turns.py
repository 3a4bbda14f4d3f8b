"""One write by a worker: claim, take a turn, send, mark, end the turn."""

from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, NamedTuple

from bench.guard.profiles import Profiles
from handler.aws.dynamodb import Table
from handler.aws.retry import Retry
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import Timing, wait
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.ledger.lease import Claim, Times
from handler.ledger.ledger import ClaimRequest, Ledger
from handler.ledger.lost_workers import LostWorkers
from handler.ledger.profile_versions import ProfileVersions
from tests.simulation.baton import Baton
from tests.simulation.clock import START
from tests.simulation.dynamodb import DynamoDB
from tests.simulation.dynamodb import Table as Items
from tests.simulation.faults import Plan

_TABLE: Final = "ledger"
_TIMING: Final = Timing()
_DAYS: Final = 400
_STATES: Final = {
    "accepted": LedgerState.ACCEPTED,
    "not_sent": LedgerState.FAILED,
    "unknown": LedgerState.UNKNOWN,
}
_BASE: Final = Delivery(
    id="",
    source="shop",
    rule="profile",
    rules_version="1",
    workspace="default",
    path="/canvas/trigger/send",
    send={},
    recipient=None,
    event_id="",
    event="",
    accepted_at=int(START),
    expires_at=None,
    on_unknown="retry",
)


class Write(NamedTuple):
    """One of a profile's writes, 1 or 2: the older or the newer."""

    profile: int
    version: int

    def delivery(self) -> Delivery:
        """Return it as the worker has it from the queue."""
        recipient: dict[str, Any] = {"external_user_id": f"u{self.profile}", "attributes": {}}
        name = f"{self.profile}/{self.version}"
        return replace(_BASE, id=name, recipient=recipient, event_version=self.version)


@dataclass(slots=True)
class Writer:
    """A worker's ports. Every method lets the others go on at each call that it makes."""

    clock: Baton
    random: Random
    ledger: Ledger
    guard: ProfileVersions
    profiles: Profiles
    guarded: bool
    owners: int = 0

    @classmethod
    def on(cls, clock: Baton, plan: Plan, profiles: Profiles, *, guarded: bool) -> "Writer":
        """Return a writer whose table is empty."""
        client: Any = DynamoDB(clock, plan, tables={_TABLE: Items()})
        retry = Retry(clock=clock, sleep=clock.sleep, random=Random(1).random)
        table = Table(client, _TABLE, retry=retry)
        return cls(
            clock, Random(0), Ledger(table, _DAYS), ProfileVersions(table, _DAYS), profiles, guarded
        )

    def deliver(self, write: Write, deadline: float) -> int | None:
        """Do a write; return the seconds after which it comes again, None where it is done."""
        delivery, now = write.delivery(), self.clock()
        times = Times(now, deadline + _TIMING.margin, START)
        try:
            claimed = self._claim(delivery, times)
            if not isinstance(claimed, Claim):
                return claimed
            turn = self._turn(delivery, times)
            if turn == "wait":
                self.ledger.release(claimed.id, claimed.owner)
                return self._wait(Reason.OUT_OF_TURN, claimed.attempt)
        except Unavailable:
            return self._wait(Reason.UNAVAILABLE, 1)
        kind = self.profiles.post(write.profile, None if turn == "stale" else write.version)
        self._settle(delivery, claimed, _STATES[kind], wrote=turn == "go")
        return None if kind == "accepted" else self._wait(Reason.INTERRUPTED, claimed.attempt)

    def _claim(self, delivery: Delivery, times: Times) -> Claim | int | None:
        self.owners += 1
        owner = f"o{self.owners}"
        asked = ClaimRequest(delivery.id, "retry", owner, times)
        found = self.ledger.claim(asked)
        if not isinstance(found, Claim) and found[0].kind == "lost" and found[1] is not None:
            found = LostWorkers(self.ledger).take_over(asked, found[1])
        if isinstance(found, Claim):
            return found
        return None if found[0].kind == "duplicate" else max(1, found[0].seconds)

    def _turn(self, delivery: Delivery, times: Times) -> str:
        if not self.guarded:
            return "go"
        return self.guard.begin(delivery, times.now, times.lease_until)

    def _settle(
        self, delivery: Delivery, claimed: Claim, state: LedgerState, *, wrote: bool
    ) -> None:
        with suppress(Unavailable):
            self.ledger.mark(claimed, state, {"class": str(state)}, self.clock())
        if not (wrote and self.guarded):
            return
        with suppress(Unavailable):
            if state is LedgerState.ACCEPTED:
                self.guard.end(delivery, accepted=True)
            else:
                self.guard.postpone(delivery)

    def _wait(self, reason: Reason, attempt: int) -> int:
        outcome = Outcome("not_sent", reason)
        return wait(_TIMING, outcome, attempt, 0, self.random.random())
