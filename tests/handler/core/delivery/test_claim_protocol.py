from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from handler.core.braze.outcome import Kind, Outcome
from handler.core.delivery.claim_protocol import (
    CLOCKS,
    Record,
    State,
    claimable,
    policy,
    refused,
    settlement,
)
from handler.core.models import Delivery, OnUnknown
from handler.core.reasons import Reason

NOW = 1_000
ALIVE, OVER = NOW + 10, NOW - 1


def record(state: State, lease_until: int = OVER, owner: str = "other") -> Record:
    return Record(state, owner, lease_until, expires=NOW + 100)


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_absent_expired_failed_and_dead_deliveries_are_claimable(on_unknown: OnUnknown) -> None:
    assert claimable(None, on_unknown, NOW, NOW)
    assert claimable(record(State.FAILED), on_unknown, NOW, NOW)
    assert claimable(record(State.DEAD), on_unknown, NOW, NOW)
    for state in State:
        assert claimable(replace(record(state, ALIVE), expires=NOW), on_unknown, NOW, NOW)


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_only_a_message_sent_after_a_dead_letter_may_claim_it(on_unknown: OnUnknown) -> None:
    dead = replace(record(State.DEAD), dead_at=NOW)

    assert claimable(dead, on_unknown, NOW, sent_at=NOW + 1)
    assert claimable(dead, on_unknown, NOW, sent_at=NOW - CLOCKS)
    assert not claimable(dead, on_unknown, NOW, sent_at=NOW - CLOCKS - 1)
    assert refused(dead, on_unknown, NOW, "me").kind == "duplicate"


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_accepted_and_held_deliveries_are_final(on_unknown: OnUnknown) -> None:
    assert not claimable(record(State.ACCEPTED), on_unknown, NOW, NOW)
    assert not claimable(record(State.HELD), on_unknown, NOW, NOW)


def test_only_retry_claims_what_may_have_been_sent() -> None:
    assert claimable(record(State.UNKNOWN), "retry", NOW, NOW)
    assert refused(record(State.SENDING, OVER), "retry", NOW, "me").kind == "lost"
    assert not claimable(record(State.UNKNOWN), "hold", NOW, NOW)
    assert not claimable(record(State.SENDING, OVER), "hold", NOW, NOW)


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_nobody_claims_under_a_lease(on_unknown: OnUnknown) -> None:
    assert not claimable(record(State.SENDING, ALIVE), on_unknown, NOW, NOW)
    assert not claimable(record(State.SENDING, NOW), on_unknown, NOW, NOW)


@pytest.mark.parametrize(
    "state,lease,on_unknown,kind",
    [
        (State.ACCEPTED, OVER, "retry", "duplicate"),
        (State.ACCEPTED, OVER, "hold", "duplicate"),
        (State.HELD, OVER, "retry", "held"),
        (State.HELD, OVER, "hold", "held"),
        (State.SENDING, ALIVE, "retry", "wait"),
        (State.SENDING, ALIVE, "hold", "wait"),
        (State.SENDING, OVER, "hold", "hold"),
        (State.SENDING, OVER, "retry", "lost"),
        (State.UNKNOWN, OVER, "hold", "hold"),
        (State.UNKNOWN, ALIVE, "hold", "hold"),
    ],
)
def test_a_refused_claim_says_what_to_do(
    state: State, lease: int, on_unknown: OnUnknown, kind: str
) -> None:
    assert refused(record(state, lease), on_unknown, NOW, "me").kind == kind


def test_a_claim_whose_answer_was_lost_is_ours() -> None:
    mine = record(State.SENDING, ALIVE, owner="me")

    assert refused(mine, "hold", NOW, "me").kind == "mine"


def test_a_wait_ends_when_the_lease_is_over() -> None:
    refusal = refused(record(State.SENDING, ALIVE), "retry", NOW, "me")

    over = refused(record(State.SENDING, ALIVE), "retry", NOW + refusal.seconds, "me")
    assert over.kind == "lost"


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
def test_no_record_leaves_a_refusal_without_an_answer(on_unknown: OnUnknown) -> None:
    for state, lease in product(State, (ALIVE, OVER)):
        refusal = refused(record(state, lease), on_unknown, NOW, "me")
        assert (refusal.kind == "wait") == (refusal.seconds > 0)
    assert refused(None, on_unknown, NOW, "me").seconds == 1


@pytest.mark.parametrize(
    "kind,on_unknown,past,state,reason",
    [
        ("accepted", "hold", True, State.ACCEPTED, None),
        ("held", "retry", False, State.HELD, "rejected"),
        ("rejected", "retry", False, State.DEAD, "rejected"),
        ("unknown", "hold", False, State.HELD, "unknown"),
        ("unknown", "hold", True, State.HELD, "unknown"),
        ("unknown", "retry", False, State.UNKNOWN, None),
        ("unknown", "retry", True, State.DEAD, "horizon"),
        ("not_sent", "hold", False, State.FAILED, None),
        ("not_sent", "retry", True, State.DEAD, "horizon"),
    ],
)
def test_an_outcome_settles_a_delivery(
    kind: Kind, on_unknown: OnUnknown, *, past: bool, state: State, reason: str | None
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
