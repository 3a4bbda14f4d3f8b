"""Turns at a Canvas: who goes, who has a turn kept, who waits for how long."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.delivery.canvas_turns import APART, EARLY, SLOT, Turns, step, turn_of
from handler.core.models import Delivery

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    "turns, then",
    [
        (Turns(), "begin"),
        (Turns(free_at=NOW, begun_at=NOW - SLOT), "begin"),
        (Turns(free_at=NOW, begun_at=NOW - APART + 1), 1),
        (Turns(free_at=NOW + 1, begun_at=NOW - SLOT), "keep"),
        (Turns(NOW + 9 * SLOT, NOW - APART, kept_at=NOW), "come"),
        (Turns(NOW + 9 * SLOT, NOW - APART, kept_at=NOW + EARLY), "come"),
        (Turns(NOW + 9 * SLOT, NOW - APART, kept_at=NOW + EARLY + 1), EARLY + 1),
        (Turns(NOW + 9 * SLOT, NOW - APART + 7, kept_at=NOW - 60_000), 7),
    ],
)
def test_a_turn_is_taken_at_once_kept_or_waited_for(turns: Turns, then: str | int) -> None:
    assert step(turns, NOW) == then


@given(
    st.integers(0, 10**6), st.integers(0, 10**6), st.none() | st.integers(0, 10**6),
    st.integers(0, 10**6),
)  # fmt: skip
def test_nobody_begins_within_two_seconds_of_another(
    free_at: int, begun_at: int, kept_at: int | None, now: int
) -> None:
    found = step(Turns(free_at, begun_at, kept_at), now)

    if found in ("begin", "come"):
        assert now - begun_at >= APART
    if isinstance(found, int):
        assert found > 0


def delivery(**more: Any) -> Delivery:
    return replace(
        Delivery(
            id="d", source="shop", rule="order", rules_version="v1", workspace="default",
            path="/canvas/trigger/send", send={"canvas_id": "c"},
            recipient={"external_user_id": "u"}, event_id="e", event="", accepted_at=1,
            expires_at=None, on_unknown="retry",
        ),
        **more,
    )  # fmt: skip


def test_each_user_canvas_and_workspace_has_turns_of_its_own() -> None:
    alias = {"user_alias": {"alias_name": "u", "alias_label": "l"}}
    others: list[dict[str, Any]] = [
        {},
        {"workspace": "usa"},
        {"send": {"canvas_id": "other"}},
        {"recipient": {"external_user_id": "v"}},
        {"recipient": {"email": "u"}},
        {"recipient": alias},
    ]
    turns = [turn_of(delivery(**more)) for more in others]

    assert None not in turns
    assert len(set(turns)) == len(others)
    same = delivery(id="other", rule="other", recipient={"external_user_id": "u", "context": {}})
    assert turn_of(same) == turns[0]


def test_other_endpoints_and_audiences_need_no_turn() -> None:
    assert turn_of(delivery(path="/campaigns/trigger/send", send={"campaign_id": "c"})) is None
    assert turn_of(delivery(recipient=None)) is None
