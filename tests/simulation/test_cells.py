"""The fault matrix: each fault at each call, and one fault behind another.

`FAULTS=all` tries all ordered pairs; else every so many of them.
"""

import os
from typing import Final

import pytest

from tests.simulation.cells import (
    SETTING,
    UNANSWERED,
    Cell,
    Struck,
    broken,
    cells,
    cells_of_waits,
)
from tests.simulation.sends import deliveries_in
from tests.simulation.world import World

_STEP: Final = 1 if os.environ.get("FAULTS") == "all" else 509  # a prime: all calls have their turn


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_after_any_one_fault_all_that_was_accepted_arrives_as_it_should(cell: Cell) -> None:
    assert broken(cell) == {}


@pytest.mark.parametrize("cell", cells_of_waits(), ids=str)
def test_after_a_wait_that_is_not_set_as_it_should_likewise(cell: Cell) -> None:
    assert broken(UNANSWERED, cell) == {}


@pytest.mark.parametrize("first", range(len(cells())))
def test_after_two_faults_likewise(first: int) -> None:
    every = cells()
    found = {}
    for at in range(first % _STEP, len(every), _STEP):
        if pair := broken(every[first], every[at]):
            found[str(every[at])] = pair
    assert found == {}, str(every[first])


def test_in_the_run_without_faults_deliveries_of_both_policies_share_requests() -> None:
    world = World(SETTING, Struck())
    world.run()

    hold = {wish.key: wish.hold for each in world.story.accepted for wish in each.wishes}
    requests = [[*deliveries_in(one.path, one.body)] for one in world.braze.tried]
    sent = [[hold[key] for key, _ in request] for request in requests]
    assert sent == [[False] * 3, [True] * 3, [True]]
    opened, marked = 2, 2  # both shared requests, before they are sent and after
    assert len([it for it in cells() if it.point == "dynamodb.request"]) == opened + marked


def test_every_service_is_struck_at_every_call_and_every_clock_is_wrong() -> None:
    assert len(cells()) >= 400
    assert len(cells_of_waits()) >= 10
    assert {cell.point.partition(".")[0] for cell in cells()} == {
        *("secretsmanager", "sqs", "dynamodb", "braze", "clock", "ingest")
    }
