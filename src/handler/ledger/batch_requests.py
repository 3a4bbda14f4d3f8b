"""Batch requests: an item `send#OWNER` for each, beside the items of its deliveries.

One update of it records that Braze has accepted the request, or answered it with a notice. The
marks of its deliveries follow, and may be lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from handler.aws.dynamodb import Change, Item, Table, number, text
from handler.core.delivery.claim_protocol import State
from handler.ledger.lease import ATTEMPT_DAYS, DAY


@dataclass(frozen=True, slots=True)
class BatchRequests:
    """The items of batch requests. Every call raises Unavailable where the table is away."""

    table: Table

    def open(self, owner: str, members: Iterable[str], now: float) -> bool:
        """Record the deliveries of a batch request, before it is sent."""
        change = Change(
            "SET #state = :sending, #members = :members, expires = :expires",
            "attribute_not_exists(pk)",
            {
                ":sending": text(State.SENDING),
                ":members": {"SS": sorted(members)},
                ":expires": number(int(now) + ATTEMPT_DAYS * DAY),
            },
        )
        return self.table.update(_key(owner), change).applied

    def mark(self, owner: str, members: Iterable[str], state: State) -> bool:
        """Record which members of a batch request are ACCEPTED or HELD: it counts as a mark."""
        values: dict[str, Item] = {
            ":state": text(state),
            ":members": {"SS": sorted(members)},
        }
        update = "SET #state = :state, #members = :members"
        change = Change(update, "attribute_exists(pk)", values)
        return self.table.update(_key(owner), change).applied

    def recorded(self, owner: str, delivery_id: str) -> State | None:
        """Return the state that is recorded for a member: ACCEPTED, HELD or None."""
        item = self.table.get(_key(owner))
        state = State(item["state"]["S"]) if item else State.SENDING
        if state is State.SENDING or delivery_id not in item["members"]["SS"]:
            return None
        return state


def _key(owner: str) -> str:
    return f"send#{owner}"
