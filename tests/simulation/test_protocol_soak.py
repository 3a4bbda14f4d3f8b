"""The claim protocol alone, over many deliveries: nothing is lost, each rule in it is needed."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from bench.protocol.run import FAULTS, run
from handler.core.protocol import Record, Refusal, Settlement, State, refused, settlement

_DELIVERIES: Final = 20_000


def always(*, value: Any) -> Callable[..., Any]:
    return lambda *_given, **_named: value


def no_wait(record: Record | None, *given: Any) -> Refusal:
    refusal = refused(record, *given)
    return Refusal("lost") if refusal.kind == "wait" and record else refusal


def never_again(outcome: Any, *given: Any) -> Settlement:
    settled = settlement(outcome, *given)
    return Settlement(State.ACCEPTED) if settled.state is State.FAILED else settled


MISTAKES: Final = {
    "what was accepted is not marked": (
        "doubled, avoidable",
        "ledger.Ledger.mark",
        always(value=True),
    ),
    "a lease is not waited for": ("sent by two at a time", "ledger.refused", no_wait),
    "what was not sent is given up": ("lost", "settling.settlement", never_again),
}


def test_whatever_fails_nothing_is_lost_and_nothing_is_doubled_in_vain() -> None:
    counts = run(1, _DELIVERIES)

    assert {name: counts[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert counts["deliveries"] == _DELIVERIES
    # Every kind of fault has struck.
    struck = ("unknown outcomes", "workers that died", "duplicates refused", "redriven")
    assert all(counts[name] > 20 for name in struck)


def test_a_seed_gives_the_same_counts_again() -> None:
    assert run(3, 2_000) == run(3, 2_000) != run(4, 2_000)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_rule_that_is_taken_out_is_missed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by, place, instead = MISTAKES[name]
    monkeypatch.setattr(f"bench.protocol.{place}", instead)

    assert run(2, _DELIVERIES)[seen_by] > 0
