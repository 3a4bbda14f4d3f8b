"""The delivery protocol, in every order of its steps and with every place of so many faults.

`MODEL=full .venv/bin/pytest -s tests/simulation/test_model.py` searches all that three workers and
four faults can reach, which takes minutes; without it the suite searches what takes seconds.
"""

import os
from time import perf_counter
from typing import Final

import pytest

from tests.simulation.model.mutations import MUTATIONS
from tests.simulation.model.rules import Rules
from tests.simulation.model.search import Scope, Search

COPIES: Final = (0, 0)  # two copies of one delivery's message
MANY: Final = (0, 1)  # two deliveries that may go in one request
QUICK: Final = {
    "retry: one message, delivered once": (Rules("retry", exact_queue=True), Scope((0,), 3, 4)),
    "retry: two copies, two workers": (Rules("retry"), Scope(COPIES, 2, 2)),
    "retry: two copies, three workers": (Rules("retry"), Scope(COPIES, 3, 1)),
    "retry: a request of many": (Rules("retry"), Scope(MANY, 2, 1)),
    "hold: a request of many": (Rules("hold"), Scope(MANY, 2, 1)),
    "hold: two copies, two workers": (Rules("hold"), Scope(COPIES, 2, 2)),
    "hold: two copies, three workers": (Rules("hold"), Scope(COPIES, 3, 1)),
}
FULL: Final = {
    "retry: two copies": (Rules("retry"), Scope(COPIES, 3, 4)),
    "retry: a request of many": (Rules("retry"), Scope(MANY, 3, 2)),
    "hold: two copies": (Rules("hold"), Scope(COPIES, 3, 4)),
    "hold: a request of many": (Rules("hold"), Scope(MANY, 3, 2)),
}
SEARCHED: Final = FULL if os.environ.get("MODEL") == "full" else QUICK


@pytest.mark.parametrize("name", SEARCHED)
def test_nothing_is_lost_or_sent_twice_and_all_comes_to_rest(name: str) -> None:
    rules, scope = SEARCHED[name]
    began = perf_counter()

    found = Search(rules, scope).run()

    print(f"{name}: {found.states} states, {perf_counter() - began:.0f} s")  # noqa: T201
    assert found.violations == {}
    assert found.states > 100


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_planted_mistake_is_found(name: str) -> None:
    planted = MUTATIONS[name]

    found = Search(planted.rules, planted.scope).run(planted.finds).violations

    print(f"{name}: {found}")  # noqa: T201
    assert found[planted.finds].faults == planted.faults
    assert found[planted.finds].trace
