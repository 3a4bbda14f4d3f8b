"""The claim protocol alone, over many deliveries: nothing is lost, each rule in it is needed."""

from collections import Counter
from typing import Final

import pytest

from bench.protocol.run import FAULTS, Shares, run
from tests.simulation.mistakes import MISTAKES

_DELIVERIES: Final = 5_000
# Where a mistake takes two or three faults to show, it is in most of eight runs of this size.
_FEW: Final = 500
_RUNS: Final = range(1, 65)
_STORMS: Final = Shares(storms=1, apart=0)
_APART: Final = Shares(storms=1, apart=1)
# Where a worker goes on past its lease.
_OF_CLOCKS: Final = (
    "a mark asks for no owner",
    "a request is sent though others have made it void",
)


def faults_in(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in FAULTS if counts[name]}


def test_whatever_fails_nothing_is_lost_and_nothing_is_doubled_in_vain() -> None:
    counts = run(1, _DELIVERIES)

    assert faults_in(counts) == {}
    assert counts["deliveries"] == _DELIVERIES
    # Every kind of fault has struck.
    struck = ("unknown outcomes", "workers that died", "duplicates refused", "redriven")
    assert all(counts[name] > 10 for name in struck)


@pytest.mark.parametrize("shares", [_STORMS, _APART])
def test_the_protocol_is_right_where_its_mistakes_are_looked_for(shares: Shares) -> None:
    counts = run(2, _DELIVERIES, shares)

    assert faults_in(counts) == {}
    assert counts["unrecorded"] > 0


def test_every_send_beyond_the_first_is_of_one_kind() -> None:
    counts = run(5, _DELIVERIES, _APART)

    doubles = sum(count for name, count in counts.items() if name.startswith("doubles "))
    sent = counts["deliveries"] - counts["never sent"]
    assert counts["sends"] == sent + doubles
    assert doubles > 100


def test_a_seed_gives_the_same_counts_again() -> None:
    assert run(3, 2_000) == run(3, 2_000) != run(4, 2_000)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_in_a_few_thousand_deliveries(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake = MISTAKES[name]
    monkeypatch.setattr(f"bench.protocol.{mistake.place}", mistake.instead)
    shares = _APART if name in _OF_CLOCKS else _STORMS

    assert any(run(seed, _FEW, shares)[mistake.seen_by] for seed in _RUNS)
