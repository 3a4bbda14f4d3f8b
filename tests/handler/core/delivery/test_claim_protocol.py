from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from handler.core.braze.outcome import Kind, Outcome
from handler.core.delivery.claim_protocol import (
    CLOCKS,
    LedgerState,
    Record,
    claimable,
    policy,
    refused,
    settlement,
)
from handler.core.models import Delivery, OnUnknown
from handler.core.reasons import Reason

NOW = 1_000
ALIVE, OVER = NOW + 10, NOW - 1


def record(state: LedgerState, lease_until: int = OVER, owner: str = "other") -> Record:
    return Record(state, owner, lease_until, expires=NOW + 100)


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_absent_expired_failed_and_dead_deliveries_are_claimable(on_unknown: OnUnknown) -> None:
    assert claimable(None, on_unknown, NOW, NOW)
    assert claimable(record(LedgerState.FAILED), on_unknown, NOW, NOW)
    assert claimable(record(LedgerState.DEAD), on_unknown, NOW, NOW)
    for state in LedgerState:
        assert claimable(replace(record(state, ALIVE), expires=NOW), on_unknown, NOW, NOW)


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_only_a_message_sent_after_a_dead_letter_may_claim_it(on_unknown: OnUnknown) -> None:
    dead = replace(record(LedgerState.DEAD), dead_at=NOW)

    assert claimable(dead, on_unknown, NOW, sent_at=NOW + 1)
    assert claimable(dead, on_unknown, NOW, sent_at=NOW - CLOCKS)
    assert not claimable(dead, on_unknown, NOW, sent_at=NOW - CLOCKS - 1)
    assert refused(dead, on_unknown, NOW, "me").kind == "duplicate"


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_accepted_and_held_deliveries_are_final(on_unknown: OnUnknown) -> None:
    assert not claimable(record(LedgerState.ACCEPTED), on_unknown, NOW, NOW)
    assert not claimable(record(LedgerState.HELD), on_unknown, NOW, NOW)


def test_only_retry_claims_what_may_have_been_sent() -> None:
    assert claimable(record(LedgerState.UNKNOWN), "retry", NOW, NOW)
    assert refused(record(LedgerState.SENDING, OVER), "retry", NOW, "me").kind == "lost"
    assert not claimable(record(LedgerState.UNKNOWN), "hold", NOW, NOW)
    assert not claimable(record(LedgerState.SENDING, OVER), "hold", NOW, NOW)


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_nobody_claims_under_a_lease(on_unknown: OnUnknown) -> None:
    assert not claimable(record(LedgerState.SENDING, ALIVE), on_unknown, NOW, NOW)
    assert not claimable(record(LedgerState.SENDING, NOW), on_unknown, NOW, NOW)


@pytest.mark.parametrize(
    "state,lease,on_unknown,kind",
    [
        (LedgerState.ACCEPTED, OVER, "retry", "duplicate"),
        (LedgerState.ACCEPTED, OVER, "hold", "duplicate"),
        (LedgerState.HELD, OVER, "retry", "held"),
        (LedgerState.HELD, OVER, "hold", "held"),
        (LedgerState.SENDING, ALIVE, "retry", "wait"),
        (LedgerState.SENDING, ALIVE, "hold", "wait"),
        (LedgerState.SENDING, OVER, "hold", "hold"),
        (LedgerState.SENDING, OVER, "retry", "lost"),
        (LedgerState.UNKNOWN, OVER, "hold", "hold"),
        (LedgerState.UNKNOWN, ALIVE, "hold", "hold"),
    ],
)
def test_a_refused_claim_says_what_to_do(
    state: LedgerState, lease: int, on_unknown: OnUnknown, kind: str
) -> None:
    assert refused(record(state, lease), on_unknown, NOW, "me").kind == kind


def test_a_claim_whose_answer_was_lost_is_ours() -> None:
    mine = record(LedgerState.SENDING, ALIVE, owner="me")

    assert refused(mine, "hold", NOW, "me").kind == "mine"


def test_a_wait_ends_when_the_lease_is_over() -> None:
    refusal = refused(record(LedgerState.SENDING, ALIVE), "retry", NOW, "me")

    over = refused(record(LedgerState.SENDING, ALIVE), "retry", NOW + refusal.seconds, "me")
    assert over.kind == "lost"


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_no_record_leaves_a_refusal_without_an_answer(on_unknown: OnUnknown) -> None:
    for state, lease in product(LedgerState, (ALIVE, OVER)):
        refusal = refused(record(state, lease), on_unknown, NOW, "me")
        assert (refusal.kind == "wait") == (refusal.seconds > 0)
    assert refused(None, on_unknown, NOW, "me").seconds == 1


@pytest.mark.parametrize(
    "kind,on_unknown,past,state,reason",
    [
        ("accepted", "hold", True, LedgerState.ACCEPTED, None),
        ("held", "retry", False, LedgerState.HELD, "rejected"),
        ("rejected", "retry", False, LedgerState.DEAD, "rejected"),
        ("unknown", "hold", False, LedgerState.HELD, "unknown"),
        ("unknown", "hold", True, LedgerState.HELD, "unknown"),
        ("unknown", "retry", False, LedgerState.UNKNOWN, None),
        ("unknown", "retry", True, LedgerState.DEAD, "horizon"),
        ("not_sent", "hold", False, LedgerState.FAILED, None),
        ("not_sent", "retry", True, LedgerState.DEAD, "horizon"),
    ],
)
def test_an_outcome_settles_a_delivery(
    kind: Kind, on_unknown: OnUnknown, *, past: bool, state: LedgerState, reason: str | None
) -> None:
    settled = settlement(
        Outcome(kind, Reason.REJECTED), on_unknown, Reason.HORIZON if past else None
    )

    assert (settled.state, settled.reason) == (state, reason)


def test_a_broadcast_is_always_held() -> None:
    one = Delivery(
        id="i", source="s", rule="r", rules_version="v", workspace="default",
        path="/campaigns/trigger/send", send={}, recipient={"external_user_id": "u"},
        event_id="e", event="", accepted_at=0, expires_at=None, on_unknown="retry",
    )  # fmt: skip

    assert policy(one) == "retry"
    assert policy(replace(one, recipient=None)) == "hold"
