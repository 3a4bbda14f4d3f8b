"""Any steps in any order, by hypothesis: nothing is lost, nothing is sent in vain."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from handler.worker.task import DELETE
from tests.simulation.machine import Relay

LONG: Final = settings(max_examples=75, stateful_step_count=30, deadline=None)
FOUND: Final = settings(
    LONG,
    max_examples=2_000,
    stateful_step_count=35,  # examples are the same each time, and these meet all mistakes soon
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


def always(value: Any) -> Callable[..., Any]:
    return lambda *_given, **_named: value


MISTAKES: Final[dict[str, dict[str, Any]]] = {
    "what was accepted is not marked": {
        "handler.ledger.ledger.Ledger.mark": always(1),
        "handler.ledger.batch_requests.BatchRequests.mark": always(1),
    },
    "what was not sent leaves the queue": {
        "handler.worker.settle.retry_in": always(DELETE),
        "handler.worker.settle.count_settled": always(None),
    },
    "a pause is not heeded": {"handler.ledger.pauses.Pauses.stop": always(False)},  # noqa: FBT003 - what it returns
    "what is held is sent again": {
        "handler.worker.settle.policy": always("retry"),
        "handler.worker.claim.policy": always("retry"),
    },
}


def test_whatever_is_done_nothing_is_lost_and_nothing_is_sent_in_vain() -> None:
    run_state_machine_as_test(Relay, settings=LONG)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, instead in MISTAKES[name].items():
        monkeypatch.setattr(target, instead)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Relay, settings=FOUND)
