"""Runs of a digest: repeats belong together, and what happens again does not."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from handler.core.delivery.occurrences import Run, joined, under
from handler.core.models import Delivery
from tests.handler.core.test_message import DELIVERY

REPEATS = 100
times = st.lists(st.integers(0, 1_000), min_size=1, max_size=12)


def handed(seconds: list[int], repeats: list[int]) -> tuple[list[Run], tuple[Run, ...]]:
    """Return the run that each webhook was given in this order, and all runs in the end."""
    runs: tuple[Run, ...] = ()
    given_to = []
    for when, long in zip(seconds, repeats, strict=True):
        run, runs = joined(runs, webhook(when, long))
        given_to.append(run)
    return given_to, runs


def webhook(seconds: int, repeats: int = REPEATS) -> Delivery:
    return replace(DELIVERY, accepted_at=seconds, again_after=seconds + repeats)


@given(times)
def test_in_order_a_run_lasts_from_its_first_webhook_as_long_as_the_sender_repeats(
    seconds: list[int],
) -> None:
    found, _ = handed(sorted(seconds), [REPEATS] * len(seconds))

    begun = None
    for when, run in zip(sorted(seconds), found, strict=True):
        begun = when if begun is None or when > begun + REPEATS else begun
        assert run.first == begun


@given(times)
def test_in_any_order_no_two_webhooks_of_a_run_are_further_apart_than_that(
    seconds: list[int],
) -> None:
    _, runs = handed(seconds, [REPEATS] * len(seconds))

    assert all(run.last - run.first <= REPEATS for run in runs)
    assert all(one.last < other.first for one, other in pairwise(runs))


@given(times, st.data())
def test_a_webhook_stays_in_its_run_whatever_comes_after_it(
    seconds: list[int], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.integers(1, 300), min_size=len(seconds), max_size=len(seconds)))
    found, runs = handed(seconds, repeats)

    for when, long, run in zip(seconds, repeats, found, strict=True):
        assert joined(runs, webhook(when, long))[0].name == run.name


def test_the_run_that_was_known_first_has_the_deliverys_own_id() -> None:
    first, runs = joined((), webhook(5))
    later, _ = joined(runs, webhook(5 + REPEATS + 1))

    assert under(first, DELIVERY) == DELIVERY
    assert under(later, DELIVERY).id not in ("", DELIVERY.id)
    assert len(under(later, DELIVERY).id) == len(DELIVERY.id)
