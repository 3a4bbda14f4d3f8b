"""A worker rests where its waits are more than half its share of what may wait at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.delivery.backoff import LONGEST_WAIT, Timing
from handler.core.delivery.rest import OwnWaits, rest

FREE = 2_000  # waits of one of ten workers: half of its share


@given(st.lists(st.integers(0, LONGEST_WAIT), min_size=1, max_size=50), st.integers(1, 1_000))
def test_workers_that_rest_have_so_many_messages_in_flight_whatever_these_wait_for(
    waits: list[int], workers: int
) -> None:
    seconds = rest(Timing(), waits, 20_001, workers)
    in_flight = workers * sum(waits) / seconds if seconds else 0  # Little's law
    assert in_flight in (0, pytest.approx(Timing().most_waiting))


def test_a_worker_with_up_to_half_its_share_does_not_rest() -> None:
    assert rest(Timing(), [900] * 10, FREE, 10) == 0
    assert rest(Timing(), [900] * 10, FREE + 1, 10) == pytest.approx(2.25)


def test_a_wait_counts_until_it_is_over() -> None:
    own = OwnWaits()
    assert own.add([10, 20], 1_000.5) == 2
    assert own.add([], 1_009) == 2
    assert own.add([5], 1_011) == 2
    assert own.add([], 1_020) == 0


def test_a_wait_of_nothing_is_over_at_once() -> None:
    own = OwnWaits()
    own.add([0] * 10, 1_000)
    assert own.add([], 1_001) == 0


@given(st.lists(st.tuples(st.floats(0, 100), st.lists(st.integers(0, 1_000), max_size=9))))
def test_what_is_counted_is_what_is_not_over_to_the_second(
    batches: list[tuple[float, list[int]]],
) -> None:
    own, now, ends = OwnWaits(), 0.0, list[float]()
    for later, waits in batches:
        now += later
        ends += [now + wait for wait in waits]
        counted = own.add(waits, now)
        assert sum(end > now + 1 for end in ends) <= counted <= sum(end >= now for end in ends)
