"""Orders pass a paused rule's backlog that is larger than what SQS lets be in flight.

`FAULTS=all` runs it at full size: 200,000 paused deliveries for half an hour.
"""

import os
from typing import Final

import pytest

from tests.simulation.backlog import RENAMED, RULE, Backlog
from tests.simulation.sqs_queue import MAX_IN_FLIGHT

_SIZE, _LASTS = (1, 1_800) if os.environ.get("FAULTS") == "all" else (100, 60)
_CEILING: Final = MAX_IN_FLIGHT // _SIZE
_SOON: Final = 10  # seconds from the queue to Braze


def test_orders_pass_a_backlog_that_is_larger_than_what_may_be_in_flight() -> None:
    seen = Backlog(_SIZE, _LASTS).run()

    assert seen.delay(1) < _SOON
    assert seen.most_in_flight < _CEILING / 2
    assert seen.dead == 0


def test_orders_pass_it_where_the_rule_was_renamed_meanwhile_and_so_are_its_groups() -> None:
    seen = Backlog(100, 60, rules=(RULE, RENAMED)).run()

    assert seen.delay(1) < _SOON
    assert seen.dead == 0


def test_workers_that_do_not_rest_fill_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handler.deliver.rest", lambda *_given: 0)
    seen = Backlog(100, 30).run()

    assert seen.most_in_flight == MAX_IN_FLIGHT // 100


def test_without_groups_an_order_waits_for_the_backlog() -> None:
    seen = Backlog(100, 40, grouped=False).run()

    assert seen.delay(0.99) > _SOON
