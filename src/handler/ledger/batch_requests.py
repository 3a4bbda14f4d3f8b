"""Batch requests: an item `send#OWNER` for each, beside the items of its deliveries.

One update of it records that Braze has accepted the request, or answered it with a notice. The
marks of its deliveries follow, and may be lost. Whoever finds a claim of a vanished worker, and no
item, makes it VOID: the worker, should it live, can no longer open it, and sends nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from handler.aws.dynamodb import Item, ItemUpdate, Table, number, text
from handler.core.delivery.claim_protocol import LedgerState, RequestState
from handler.ledger.lease import ATTEMPT_DAYS, DAY, Entry
from handler.ledger.records import entry_from, words_of

_NOTHING: Final[Mapping[str, Entry]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BatchRequests:
    """The items of batch requests. Every call raises Unavailable where the table is away."""

    table: Table

    def open(self, owner: str, members: Iterable[str], now: float) -> bool:
        """Record the deliveries of a batch request before it is sent; return whether it may be.

        One that is open already is the owner's own.
        """
        return self._create(owner, RequestState.OPEN, now, members) is not RequestState.VOID

    def mark(
        self,
        owner: str,
        members: Iterable[str],
        state: LedgerState,
        refused: Mapping[str, Entry] = _NOTHING,
    ) -> bool:
        """Record which members of a batch request are ACCEPTED or HELD: it counts as a mark.

        `refused` is, by the id of each member of which only a part is accepted, what an entry says
        of the rest.
        """
        values: dict[str, Item] = {
            ":state": text(state),
            ":members": {"SS": sorted(members)},
        }
        update = "SET #state = :state, #members = :members"
        if refused:
            update += ", refused = :refused"
            values[":refused"] = {"M": {name: words_of(each) for name, each in refused.items()}}
        change = ItemUpdate(update, "attribute_exists(pk)", values)
        return self.table.update(_key(owner), change).applied

    def recorded(self, owner: str, delivery_id: str) -> LedgerState | None:
        """Return the state that is recorded for a member: ACCEPTED, HELD or None."""
        state = self._state(owner, delivery_id, fenced=False)
        return LedgerState(state) if state in (RequestState.ACCEPTED, RequestState.HELD) else None

    def refused(self, owner: str, delivery_id: str) -> Entry:
        """Return what an accepted request's record says of a member's refused objects."""
        refused = self.table.get(_key(owner)).get("refused", {"M": {}})["M"]
        return entry_from(refused.get(delivery_id, {"M": {}})["M"])

    def settled(
        self, owner: str, delivery_id: str, now: float, *, fenced: bool
    ) -> RequestState | None:
        """Return the state of a vanished worker's request for a delivery; None where it has none.

        That of a fenced claim is VOID where it was made without the delivery, and VOID afterwards
        where there was none.
        """
        state = self._state(owner, delivery_id, fenced=fenced)
        if state is not None or not fenced:
            return state
        if self._create(owner, RequestState.VOID, now) is RequestState.VOID:
            return RequestState.VOID
        # It was opened in this very moment.
        return self._state(owner, delivery_id, fenced=fenced)

    def _state(self, owner: str, delivery_id: str, *, fenced: bool) -> RequestState | None:
        item = self.table.get(_key(owner))
        if not item:
            return None
        if delivery_id in item.get("members", {}).get("SS", ()):
            return RequestState(item["state"]["S"])
        # Its claim was not known to be made, or Braze refused it: the others were sent without it.
        return RequestState.VOID if fenced else RequestState.OPEN

    def _create(
        self, owner: str, state: RequestState, now: float, members: Iterable[str] = ()
    ) -> RequestState:
        """Write the item where there is none; return the state that it has then."""
        values: dict[str, Item] = {
            ":first": text(state),
            ":expires": number(int(now) + ATTEMPT_DAYS * DAY),
        }
        update = "SET #state = :first, expires = :expires"
        if ids := sorted(members):
            update += ", #members = :members"
            values[":members"] = {"SS": ids}
        change = ItemUpdate(update, "attribute_not_exists(pk)", values)
        applied, item = self.table.update(_key(owner), change)
        return state if applied else RequestState(item["state"]["S"])


def _key(owner: str) -> str:
    return f"send#{owner}"
