"""The fault matrix: each fault at each call, and one fault behind another.

`FAULTS=all` tries all pairs, `FAULTS=8` every eighth; by default every so many of them.
"""

import os
from typing import Final

import pytest

from tests.simulation.cells import (
    COUNTED,
    SETTING,
    UNANSWERED,
    Cell,
    Struck,
    broken,
    cells,
    cells_of_lookups,
    cells_of_waits,
)
from tests.simulation.outcome import Outcome
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import SOURCE as SHOP
from tests.simulation.shop import TILL
from tests.simulation.storms import STORM
from tests.simulation.world import World

# A prime: all have their turn.
_STEP: Final = int(os.environ.get("FAULTS", "1021").replace("all", "1"))


def seconds(first: int, of: str = SHOP) -> list[int]:
    """Return the second faults of a first one: of all pairs in a row every so many.

    A pair is the same run the other way round, and of two faults of one call one strikes.
    """
    every = cells(of)
    others = range(-first * len(every) % _STEP, len(every), _STEP)
    return [at for at in others if at > first and every[at][:2] != every[first][:2]]


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_after_any_one_fault_all_that_was_accepted_arrives_as_it_should(cell: Cell) -> None:
    assert broken(cell) == {}


@pytest.mark.parametrize("cell", cells(TILL), ids=str)
def test_after_any_one_fault_braze_counts_what_was_ordered_and_heeds_the_newest_choice(
    cell: Cell,
) -> None:
    assert broken(cell, of=TILL) == {}


@pytest.mark.parametrize("cell", cells_of_lookups(), ids=str)
def test_after_a_look_up_that_fails_in_another_way_likewise(cell: Cell) -> None:
    assert broken(cell) == {}


def test_every_way_in_which_storms_let_look_ups_fail_is_tried() -> None:
    tried = {
        cell.fault.kind for cell in (*cells(), *cells_of_lookups()) if cell.point == "braze.get"
    }
    assert tried >= {fault.kind for fault in STORM["braze.get"]}


@pytest.mark.parametrize("cell", cells_of_waits(), ids=str)
def test_after_a_wait_that_is_not_set_as_it_should_likewise(cell: Cell) -> None:
    assert broken(UNANSWERED, cell) == {}


@pytest.mark.parametrize("first", [at for at in range(len(cells())) if seconds(at)])
def test_after_two_faults_likewise(first: int) -> None:
    every = cells()
    found = {}
    for at in seconds(first):
        if pair := broken(every[first], every[at]):
            found[str(every[at])] = pair
    assert found == {}, str(every[first])


@pytest.mark.parametrize("first", [at for at in range(len(cells(TILL))) if seconds(at, TILL)])
def test_after_two_faults_braze_counts_right(first: int) -> None:
    every = cells(TILL)
    found = {}
    for at in seconds(first, TILL):
        if pair := broken(every[first], every[at], of=TILL):
            found[str(every[at])] = pair
    assert found == {}, str(every[first])


def test_the_pairs_that_are_tried_are_of_faults_at_many_calls() -> None:
    every = cells()
    pairs = [(every[first], every[at]) for first in range(len(every)) for at in seconds(first)]
    assert len(pairs) > 100
    services = {"secretsmanager", "sqs", "dynamodb", "braze"}
    assert {cell.point.partition(".")[0] for pair in pairs for cell in pair} >= services


def test_in_the_run_without_faults_deliveries_of_both_policies_share_requests() -> None:
    world = World(SETTING, Struck())
    world.run()

    hold = {wish.key: wish.hold for each in world.story.accepted for wish in each.wishes}
    requests = [[*deliveries_in(one.path, one.body)] for one in world.braze.tried]
    sent = [[hold[key] for key, _ in request] for request in requests]
    assert sent == [[False] * 3, [True] * 3, [True]]
    opened, marked = 2, 2  # both shared requests, before they are sent and after
    assert len([it for it in cells() if it.point == "dynamodb.request"]) == opened + marked


def test_in_the_run_of_orders_objects_share_requests_and_braze_refuses_one() -> None:
    world = World(COUNTED, Struck())
    world.run()

    sent = [{key for key, _ in deliveries_in(one.path, one.body)} for one in world.braze.tried]
    assert {("placed-hold", 1, ""), ("placed-retry", 2, ""), ("points", 4, "")} in sent
    assert {("refunded-hold", 1, "A")} in sent
    outcome = Outcome(world)
    assert outcome.refused == {("placed-retry", 2, "")}
    assert outcome.letters == {("placed-retry", 2, ""): ["rejected"]}
    choices = [key for key in outcome.sent if key[0] == "consent"]
    assert choices == [("consent", 2, "2")]
    assert outcome.stale == {("consent", 2, "1")}


def test_every_service_is_struck_at_every_call_and_every_clock_is_wrong() -> None:
    assert len(cells()) >= 400
    assert len(cells_of_waits()) >= 10
    assert {cell.point.partition(".")[0] for cell in cells()} == {
        *("secretsmanager", "sqs", "dynamodb", "braze", "clock", "ingest")
    }
