"""The stale-write guard, over many pairs of writes that overtake each other."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from bench.guard.run import run
from handler.ledger.profile_versions import ProfileVersions

_PAIRS: Final = 750
_FEW: Final = 75
_begin, _end = ProfileVersions.begin, ProfileVersions.end


def taken_for_go(*turns: str) -> Callable[..., str]:
    def begin(self: ProfileVersions, *given: Any) -> str:
        turn = _begin(self, *given)
        return "go" if turn in turns else turn

    return begin


def for_a_second(self: ProfileVersions, delivery: Any, now: float, _until: float) -> str:
    return _begin(self, delivery, now, now + 1)


def unnoted(self: ProfileVersions, delivery: Any, **_accepted: bool) -> None:
    _end(self, delivery, accepted=False)


MISTAKES: Final = {
    "nobody waits for a turn": ("begin", taken_for_go("wait")),
    "what is stale is written": ("begin", taken_for_go("stale")),
    "a turn ends before its request": ("begin", for_a_second),
    "what was accepted is not noted": ("end", unnoted),
    "what is unknown gives up its turn": ("postpone", unnoted),
}


def test_no_older_write_replaces_a_newer_and_every_newer_one_arrives() -> None:
    counts = run(1, 2 * _PAIRS, guarded=True)

    assert counts["older over newer"] == counts["without the newer"] == 0
    assert counts["pairs"] == 2 * _PAIRS
    assert counts["newer came first"] > _PAIRS


def test_without_the_guard_most_of_them_are_spoilt() -> None:
    counts = run(1, _PAIRS, guarded=False)

    assert counts["older over newer"] > _PAIRS / 2


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_guard_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, instead = MISTAKES[name]
    monkeypatch.setattr(ProfileVersions, place, instead)

    assert any(run(seed, _FEW, guarded=True)["older over newer"] for seed in range(2, 22))


def test_a_seed_gives_the_same_counts_again() -> None:
    assert run(3, 200, guarded=True) == run(3, 200, guarded=True)
