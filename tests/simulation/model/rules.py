"""Decisions of the model's workers: the project's own functions, and planted mistakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from handler.core.braze.outcome import Kind, Outcome
from handler.core.delivery import claim_protocol
from handler.core.delivery.claim_protocol import (
    CLOCKS,
    ClaimRefusal,
    Finding,
    LedgerState,
    Record,
    RequestState,
    Settlement,
)
from handler.core.models import OnUnknown
from handler.core.reasons import Reason

NOW: Final = 1_000_000
LATER: Final = NOW + 100

Claimable = Callable[[Record | None, OnUnknown, float, float], bool]
Refused = Callable[[Record | None, OnUnknown, float, str], ClaimRefusal]
Found = Callable[[RequestState | None, OnUnknown], Finding]
_REASONS: Final[Mapping[Kind, Reason]] = {
    "accepted": Reason.ACCEPTED,
    "not_sent": Reason.UNREACHABLE,
    "unknown": Reason.INTERRUPTED,
    "rejected": Reason.REJECTED,
    "held": Reason.NOTICE,
}
Settled = Callable[[Outcome, OnUnknown, Reason | None], Settlement]
Wrong = Literal[
    "no fence",
    "returned after acceptance",
    "marked before the request",
    "short lease",
    "acknowledged before its letter",
    "send# not read",
    "claim forgotten",
    "members marked first",
    "no flag",
    "open ignored",
]


@dataclass(frozen=True)
class Rules:
    """A policy, the decisions of the protocol, and a step that is planted wrong, if any.

    With `exact_queue` SQS delivers nothing twice. Then what is accepted and not recorded is no
    excuse for a second request: nothing is left that could bring it about.
    """

    policy: OnUnknown
    exact_queue: bool = False
    claimable: Claimable = claim_protocol.claimable
    refused: Refused = claim_protocol.refused
    finding: Found = claim_protocol.finding
    settlement: Settled = claim_protocol.settlement
    wrong: Wrong | None = None
    answers: Callable[[LedgerState | Literal[""], bool, bool, bool, bool], tuple[str, ...]] = field(
        init=False
    )
    settled: Callable[[Kind], tuple[LedgerState, ...]] = field(init=False)

    def __post_init__(self) -> None:
        # Few questions are asked, a million times each.
        object.__setattr__(self, "answers", cache(self._answers))
        object.__setattr__(self, "settled", cache(self._settled))

    def _answers(
        self,
        state: LedgerState | Literal[""],
        over: bool,  # noqa: FBT001 - cached by place
        mine: bool,  # noqa: FBT001
        late: bool,  # noqa: FBT001
        fenced: bool,  # noqa: FBT001
    ) -> tuple[str, ...]:
        """Return what may be answered to a claim: `claim`, or the kind of a refusal.

        There are two answers only where a message that may be older than the dead letter meets it.
        """
        record = _record(state, over=over, mine=mine, fenced=fenced) if state else None
        found: dict[str, None] = {}
        for sent_at in (NOW,) if late else (NOW - CLOCKS - 1, NOW):
            if self.claimable(record, self.policy, NOW, sent_at):
                found["claim"] = None
            else:
                found[self.refused(record, self.policy, NOW, "me").kind] = None
        return tuple(found)

    def _settled(self, kind: Kind) -> tuple[LedgerState, ...]:
        """Return what may become of a delivery: before the horizon, and past it."""
        outcome = Outcome(kind, _REASONS[kind])
        return tuple(
            {
                self.settlement(outcome, self.policy, last).state: None
                for last in (None, Reason.HORIZON)
            }
        )


def _record(state: LedgerState, *, over: bool, mine: bool, fenced: bool) -> Record:
    return Record(
        state=state,
        owner="me" if mine else "other",
        lease_until=NOW - 1 if over else LATER,
        expires=LATER,
        dead_at=NOW if state is LedgerState.DEAD else None,
        fenced=fenced,
    )
