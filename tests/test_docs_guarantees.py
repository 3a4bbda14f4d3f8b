"""docs/guarantees.md: the sizes of tests that it names are those of `make test`."""

import os

import pytest

from tests.docs_pages import page
from tests.faults import outage, test_interim, test_priority
from tests.faults.wire import FULL
from tests.simulation import test_canvas_turns, test_cells, test_counts, test_wire, test_world
from tests.simulation.cells import cells
from tests.simulation.shop import SOURCE, TILL

# Each of these, where it is set, makes tests larger than those of the suite.
LARGER = {"FAULTS", "FAULTS_FULL", "MODEL", "COUNTED", "SIMULATED_WEBHOOKS"}


def pairs(of: str) -> int:
    every = range(len(cells(of)))
    return sum(len(test_cells.seconds(first, of)) for first in every)


def row(name: str) -> str:
    (found,) = (it for it in page("guarantees").splitlines() if it.startswith(f"| {name} | "))
    return found


SIZES = {
    "every fault at every call": f"tries {pairs(TILL)}, and {pairs(SOURCE)} of the first",
    "everything fails at once": f"{test_world.ALL:,} webhooks; `make soak` for a million",
    "orders are counted, choices of consent heeded": f"{test_counts.ALL:,} webhooks; `make soak`",
    "Braze is down, then fails by a third": f"`make faults`, {outage.SMALL} orders and six seconds",
    "interim answers": f"{test_wire.ORDERS} orders over real sockets",
    "entries of one user into one Canvas": f"{test_canvas_turns.SIBLINGS} of one buyer at once",
    "low priority is in no order's way": (
        f"{test_priority.ORDERS} orders on the local stack while {test_priority.WELCOMES} welcomes"
    ),
}


@pytest.mark.skipif(FULL or bool(LARGER & os.environ.keys()), reason="tests of another size")
@pytest.mark.parametrize("name", SIZES)
def test_the_guarantees_name_the_size_that_the_suite_tries(name: str) -> None:
    assert SIZES[name] in row(name)


@pytest.mark.skipif(FULL, reason="tests of another size")
def test_the_guarantees_name_the_orders_with_interim_answers_on_the_local_stack() -> None:
    assert f"local stack, {test_interim.ORDERS} orders over two rules" in row("interim answers")
