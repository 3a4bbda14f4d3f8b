"""Lost workers: what becomes of the claims that they left, past their lease."""

from dataclasses import dataclass, replace
from math import ceil

from handler.aws.dynamodb import ItemUpdate, number, text
from handler.core.delivery.claim_protocol import (
    ClaimRefusal,
    LedgerState,
    Record,
    RequestState,
    finding,
)
from handler.core.reasons import Reason
from handler.ledger.batch_requests import BatchRequests
from handler.ledger.lease import DAY, Entry, claim_after, claim_in, claiming
from handler.ledger.ledger import COUNTED, TRUE, Claimed, ClaimRequest, Ledger, attempts_of, key_of
from handler.ledger.records import record_from


@dataclass(frozen=True, slots=True)
class LostWorkers:
    """The claims of lost workers. Every call raises Unavailable where the table is away."""

    ledger: Ledger

    def take_over(self, asked: ClaimRequest, seen: Record) -> Claimed:
        """Claim a lost worker's delivery, unless it is, or under hold may be, sent already.

        It is called right before the delivery is sent unbatched: deliveries that are only claimed
        beside a message that kills workers must not count as lost with it.
        """
        requests, name = BatchRequests(self.ledger.table), asked.delivery_id
        state = requests.settled(seen.owner, name, asked.times.now, fenced=seen.fenced)
        found = finding(state, asked.on_unknown)
        if found == "hold":
            is_held = self.hold(name, seen, asked.owner, asked.times.now)
            return ClaimRefusal("held" if is_held else "wait", 0 if is_held else 1), seen
        if found in ("again", "unsent"):
            return self._claim(asked, seen, is_unsent=found == "unsent")
        now = int(asked.times.now)
        accepted = state is RequestState.ACCEPTED
        attempt: Entry = (
            {
                "class": "accepted",
                "reason": Reason.RECORDED,
                "time": now,
                **requests.refused(seen.owner, name),
            }
            if accepted
            else {"class": "held", "reason": Reason.NOTICE, "time": now}
        )
        final = LedgerState.ACCEPTED if accepted else LedgerState.HELD
        after = replace(seen, state=final, owner=asked.owner, last=(*seen.last, attempt))
        if not self._finish(name, seen, after, now):
            return ClaimRefusal("wait", 1), seen
        return ClaimRefusal("adopted" if accepted else "held"), after

    def hold(self, delivery_id: str, seen: Record, owner: str, now: float) -> bool:
        """Hold a lost worker's delivery; return False where its record has changed meanwhile.

        The owner changes too, so that the lost worker can no longer mark it. Should that live, the
        item of its request, `held_from`, may still come to tell what was sent.
        """
        return self._finish(
            delivery_id, seen, replace(seen, state=LedgerState.HELD, owner=owner), now
        )

    def _claim(self, asked: ClaimRequest, seen: Record, *, is_unsent: bool) -> Claimed:
        """Claim it unless another worker has; of what is known to be unsent no attempt was lost."""
        update, values = claiming(asked.owner, asked.times, {})
        added = "" if is_unsent else f"{COUNTED}, lost :one"
        if is_unsent:
            update += ", alone = :true"
            values[":true"] = TRUE
            del values[":one"]
        change = ItemUpdate(
            f"{update} REMOVE fenced, held_from{added}",
            "#owner = :seen AND #state = :was",
            values | {":seen": text(seen.owner), ":was": text(seen.state)},
        )
        applied, item = self.ledger.table.update(key_of(asked.delivery_id), change)
        before, now = record_from(item), ceil(asked.times.now)
        if (
            not applied and before is not None and before.owner == asked.owner
        ):  # the answer was lost
            return claim_in(asked.delivery_id, before, now)
        if not applied or before is None:  # another worker was quicker
            return ClaimRefusal("wait", 1), before
        if not is_unsent:
            return claim_after(asked.delivery_id, asked.owner, before, now)
        found = claim_in(asked.delivery_id, before, now)
        return replace(found, owner=asked.owner, unbatched=True, fenced=False)

    def _finish(self, delivery_id: str, seen: Record, after: Record, now: float) -> bool:
        values = {
            ":state": text(after.state),
            ":owner": text(after.owner),
            ":expires": number(int(now) + self.ledger.days * DAY),
            ":seen": text(seen.owner),
            ":was": text(seen.state),
        }
        update = "SET #state = :state, #owner = :owner, expires = :expires"
        if after.last != seen.last:
            update += ", #last = :last"
            values[":last"] = attempts_of(after.last)
        elif seen.fenced:
            update += ", held_from = :seen"
        change = ItemUpdate(f"{update} REMOVE since", "#owner = :seen AND #state = :was", values)
        return self.ledger.table.update(key_of(delivery_id), change).applied
