"""Workers die and Braze restarts with orders in flight: none is lost, and few are sent twice."""

import sys

import pytest

from tests.faults.killing import Plan, run
from tests.faults.wire import FULL, customers
from tests.faults.workers import PROC

SMALL = Plan(orders=200, kills=4, pause=1.0)
LARGE = Plan(orders=2_000, kills=40, pause=1.5)


@pytest.mark.skipif(not (PROC / "net" / "tcp").exists(), reason="finds workers as Linux shows them")
def test_killed_workers_lose_no_order_and_double_only_what_nobody_knows_the_outcome_of() -> None:
    plan = LARGE if FULL else SMALL

    figures = run(plan)

    sys.stdout.write(f"{figures}\n")
    assert figures.answers == {200: plan.orders}
    assert set(figures.sends) | set(figures.letters) == customers(plan.orders)
    assert figures.unexplained == {}
    # A letter says that its worker vanished too often: it was never lost without a word.
    assert figures.states == {"ACCEPTED": plan.orders - len(figures.letters)} | (
        {"DEAD": len(figures.letters)} if figures.letters else {}
    )
    # The faults did strike: else nothing is shown.
    assert figures.kills_in_flight > 0
    assert figures.restarts > 0
    assert figures.lost.total() > 0
