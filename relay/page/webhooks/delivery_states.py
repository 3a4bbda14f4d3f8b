"""States of deliveries in the ledger, of the newest webhooks: looked at only while a page is open.

One look is one read of the ledger's table, and one more where Braze has refused objects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from handler.core.braze.refused import remainder_id
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.models import Delivery
from relay.console.format import few
from relay.operations.delivery_history import refused_places
from relay.page.reading import Kind
from relay.stacks.ledger import DeliveryRecord, Ledger

MOST: Final = 100  # deliveries of a look: as many as one read takes
_KEPT: Final = 5_000
_FINAL: Final = frozenset(
    {
        LedgerState.ACCEPTED,
        LedgerState.WITHHELD,
        LedgerState.STALE,
        LedgerState.DEAD,
        LedgerState.HELD,
    }
)
_REPEATED: Final = "REPEATED"  # of the ledger's states it is none
_WORDS: Final[Mapping[str, tuple[str, Kind]]] = {
    _REPEATED: ("sent before, so not again", "quiet"),
    LedgerState.DEAD: ("dead letter", "bad"),
    LedgerState.HELD: ("held", "bad"),
    LedgerState.WITHHELD: ("withheld", "bad"),
    LedgerState.STALE: ("older than what Braze has, so not sent", "quiet"),
    LedgerState.UNKNOWN: ("waiting", "wait"),
    LedgerState.FAILED: ("waiting", "wait"),
    LedgerState.SENDING: ("being sent", "wait"),
    "": ("on its way", "wait"),
    LedgerState.ACCEPTED: ("accepted", "good"),
}
_REASONED: Final = frozenset(
    {LedgerState.DEAD, LedgerState.FAILED, LedgerState.UNKNOWN, LedgerState.HELD}
)


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """The state of a delivery, empty before the first attempt, and the reason of its last one.

    `attempts` are in no word of it: a further one is news, whatever the state is. `dispatch_id` is
    Braze's name of the request that it accepted, `missed` why that reached nobody, `refused` the
    objects of it that Braze refused.
    """

    state: str = ""
    reason: str = ""
    attempts: int = 0
    dispatch_id: str = ""
    missed: str = ""
    refused: str = ""

    @classmethod
    def of(
        cls, record: DeliveryRecord | None, rest: DeliveryRecord | None = None
    ) -> "DeliveryState":
        """Return the state in a record; `rest` is that of its refused objects, once redriven."""
        if record is None:
            return cls()
        reason = str(record.last[-1].get("reason") or "") if record.last else ""
        ids = [str(one["dispatch_id"]) for one in record.last if one.get("dispatch_id")]
        return cls(
            record.state,
            reason if record.state in _REASONED else "",
            record.attempts,
            ids[-1] if ids and record.state == LedgerState.ACCEPTED else "",
            refused="" if _is_taken(rest) else refused_places(record.item),
        )

    @property
    def repeated(self) -> "DeliveryState":
        """The state of a delivery that an earlier webhook has made already."""
        return DeliveryState(_REPEATED) if self.state == LedgerState.ACCEPTED else self

    @property
    def is_final(self) -> bool:
        """Whether only an operator changes it."""
        return self.state in _FINAL

    @property
    def kind(self) -> Kind:
        """Whether it is good, bad, or waits."""
        if self.missed or self.refused:
            return "bad"
        return _WORDS.get(self.state, _WORDS[""])[1]

    @property
    def words(self) -> str:
        """The state in words, with its reason."""
        if self.missed:
            return f"reached nobody: {self.missed}"
        if self.refused:
            return f"accepted but for {few(self.refused.split(', '))}"
        words = _WORDS.get(self.state, _WORDS[""])[0]
        return f"{words}: {self.reason.replace('_', ' ')}" if self.reason else words


def _is_taken(rest: DeliveryRecord | None) -> bool:
    return rest is not None and rest.state == LedgerState.ACCEPTED and not refused_places(rest.item)


def looked_up(ledger: Ledger, deliveries: Iterable[Delivery]) -> dict[str, DeliveryState]:
    """Return the states of deliveries by their ids; none where the stack does not answer."""
    try:
        own = {one.id: ledger.under(one).id for one in deliveries}
        records = ledger.deliveries(own.values())
        parts = [remainder_id(name) for name, one in records.items() if refused_places(one.item)]
        rests = ledger.deliveries(parts) if parts else {}
    except (ClientError, BotoCoreError):
        return {}
    return {
        name: DeliveryState.of(records.get(found), rests.get(remainder_id(found)))
        for name, found in own.items()
    }


@dataclass(slots=True)
class DeliveryStates:
    """The states that were seen last, of at most some thousand deliveries."""

    _known: dict[str, DeliveryState] = field(default_factory=dict)

    def get(self, delivery_id: str) -> DeliveryState | None:
        """Return a delivery's state, None where it was never looked up."""
        return self._known.get(delivery_id)

    def learn(self, found: Mapping[str, DeliveryState]) -> bool:
        """Keep what a look has found; return whether anything is new."""
        changed = any(self._known.get(name) != one for name, one in found.items())
        self._known |= found
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return changed
