"""Decisions on dead letters and held deliveries, by their ledger record. Nothing is changed here.

The dead letter of a DEAD delivery is sent as a message of its own, which is younger than the mark:
so the worker may claim it, where a copy that is older than the mark would be a duplicate. The
ledger is not changed for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from handler.core.braze.request import request
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.errors import UnreadableMessage
from handler.core.models import Delivery
from handler.core.reasons import Reason
from relay.console.format import minute
from relay.stacks.ledger import DeliveryRecord

_SHORT: Final = 12
# Given up by SQS, or by the worker without reaching the ledger: no other message exists, whatever
# the ledger's state.
_LEFT_ALONE: Final = (Reason.BY_SQS, Reason.HORIZON)
_ONLY_AGAIN: Final = (LedgerState.ACCEPTED, LedgerState.WITHHELD)
_STALE: Final = "Braze has a newer state of this user"
# What has become of a held delivery meanwhile.
_ENDED: Final[Mapping[str, str]] = {
    LedgerState.ACCEPTED: "Braze has accepted it meanwhile",
    LedgerState.WITHHELD: "it was released before, and withheld",
    LedgerState.STALE: f"it was released before, and {_STALE}",
    LedgerState.DEAD: "it was released before, and is a dead letter",
}
_ON_ITS_WAY: Final = (LedgerState.SENDING, LedgerState.FAILED, LedgerState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision in words, and the delivery that is sent, if any.

    `delivery` is sent as it was, or without its expiry. `frees` is the final state that the ledger
    has to leave first.
    """

    words: str
    delivery: Delivery | None = None
    frees: LedgerState | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A delivery, its ledger record, the reason of its dead letter, and the time.

    `command` returns a command for the stack that it is of, ready to paste.
    """

    delivery: Delivery
    record: DeliveryRecord | None
    reason: str
    now: float
    command: Callable[[str], str]

    @property
    def state(self) -> str | None:
        """The ledger's state; None where there is no record, or an expired one."""
        if self.record is None or self.record.is_over(self.now):
            return None
        return self.record.state

    @property
    def is_late(self) -> bool:
        """Whether the worker would only bury it again, as expired."""
        return self.delivery.expires_at is not None and self.delivery.expires_at <= self.now

    @property
    def name(self) -> str:
        """The beginning of the id: enough for --id."""
        return self.delivery.id[:_SHORT]

    def drop(self, kind: str) -> str:
        """Return the command that removes its letter, of `dead-letters` or `held`, in words."""
        return f"`{self.command(f'{kind} drop {self.name}')}` removes this letter"


def redriven(standing: Standing, *, again: bool) -> Decision:
    """Return whether a redrive sends a dead letter; if not, why, and what to do."""
    if problem := _never(standing):
        return Decision(problem)
    if not again and (problem := _only_again(standing)):
        return Decision(problem)
    frees = next((one for one in _ONLY_AGAIN if one == standing.state), None)
    words = "is sent a second time" if frees is LedgerState.ACCEPTED else "is sent again"
    words = f"{words}, late as it is" if standing.is_late else words
    return Decision(words, _lasting(standing), frees)


def released(standing: Standing, *, again: bool) -> Decision:
    """Return whether a release frees and sends a held delivery; if not, why."""
    state, drop = standing.state, standing.drop("held")
    # FAILED: a release ended before it had sent. None: no worker has it.
    if state in (LedgerState.HELD, LedgerState.FAILED, None):
        if standing.is_late and not again:
            return Decision(_late(standing))
        frees = LedgerState.HELD if state == LedgerState.HELD else None
        words = "is set free and sent" if frees else "is sent: it has been set free before"
        return Decision(words, _lasting(standing), frees)
    if (ended := _ENDED.get(state)) is not None:
        return Decision(f"{ended}: {drop}")
    return Decision(f"it is on its way ({state}); if it is held again, another letter comes")


def _never(standing: Standing) -> str:
    """Return why a delivery cannot be redriven at all; empty where it can."""
    try:
        request(standing.delivery)
    except UnreadableMessage as error:
        return f"{error}: the worker would bury it again; --rendered makes its request anew"
    if standing.delivery.refused_of and standing.state == LedgerState.ACCEPTED:
        words = "Braze has accepted these objects meanwhile, and none is sent a second time"
        return f"{words}: {standing.drop('dead-letters')}"
    if standing.state == LedgerState.STALE:
        return f"{_STALE}, which this would undo: {standing.drop('dead-letters')}"
    if standing.state == LedgerState.HELD:
        show, release = (
            standing.command(f"held {act} {standing.name}") for act in ("show", "release")
        )
        return f"it is held: `{show}`, then `{release}`"
    dead_at = standing.record.dead_at if standing.record else None
    if standing.state == LedgerState.DEAD and dead_at is not None and dead_at > standing.now:
        # A message that is older than the mark would be a duplicate, and be deleted.
        return f"it died just now: run this again in {round(dead_at - standing.now) + 1} s"
    return ""


def _only_again(standing: Standing) -> str:
    """Return why a delivery is redriven only with --again; empty where it is without."""
    if standing.state == LedgerState.ACCEPTED:
        drop = standing.drop("dead-letters")
        return f"Braze has accepted it: {drop}, --again sends it a second time"
    if standing.state == LedgerState.WITHHELD:
        return (
            "it was withheld, for its workspace may not reach the recipient (`only` in "
            "workspaces.yaml): list the recipient and deploy; then --again sends it"
        )
    if standing.state in _ON_ITS_WAY and standing.reason not in _LEFT_ALONE:
        return (
            f"it is on its way already ({standing.state}): wait for what comes of it; --again sends"
            " one more copy, which changes nothing while the other one lives"
        )
    return _late(standing) if standing.is_late else ""


def _late(standing: Standing) -> str:
    expires_at = standing.delivery.expires_at
    expired = "" if expires_at is None else f" {minute(expires_at)}"
    return f"it expired{expired}: --again sends it all the same, without an expiry"


def _lasting(standing: Standing) -> Delivery:
    """Return the delivery, without its expiry where that is over."""
    if standing.is_late:
        return replace(standing.delivery, expires_at=None)
    return standing.delivery
