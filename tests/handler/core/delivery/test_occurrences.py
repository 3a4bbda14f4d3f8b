"""Occurrences of a digest: repeats belong together, and what happens again does not."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from handler.core.delivery.occurrences import Occurrence, joined, under
from handler.core.models import Delivery
from tests.handler.core.test_message import DELIVERY

REPEATS = 100
times = st.lists(st.integers(0, 1_000), min_size=1, max_size=12)


def handed(
    seconds: list[int], repeats: list[int]
) -> tuple[list[Occurrence], tuple[Occurrence, ...]]:
    """Return the occurrence of each webhook in this order, and all of them in the end."""
    occurrences: tuple[Occurrence, ...] = ()
    given_to = []
    for when, long in zip(seconds, repeats, strict=True):
        occurrence, occurrences = joined(occurrences, webhook(when, long))
        given_to.append(occurrence)
    return given_to, occurrences


def webhook(seconds: int, repeats: int = REPEATS) -> Delivery:
    return replace(DELIVERY, accepted_at=seconds, again_after=seconds + repeats)


@given(times)
def test_in_order_an_occurrence_lasts_from_its_first_webhook_as_long_as_the_sender_repeats(
    seconds: list[int],
) -> None:
    found, _ = handed(sorted(seconds), [REPEATS] * len(seconds))

    begun = None
    for when, occurrence in zip(sorted(seconds), found, strict=True):
        begun = when if begun is None or when > begun + REPEATS else begun
        assert occurrence.first == begun


@given(times)
def test_in_any_order_no_two_webhooks_of_an_occurrence_are_further_apart_than_that(
    seconds: list[int],
) -> None:
    _, occurrences = handed(seconds, [REPEATS] * len(seconds))

    assert all(occurrence.last - occurrence.first <= REPEATS for occurrence in occurrences)
    assert all(one.last < other.first for one, other in pairwise(occurrences))


@given(times, st.data())
def test_a_webhook_stays_in_its_occurrence_whatever_comes_after_it(
    seconds: list[int], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.integers(1, 300), min_size=len(seconds), max_size=len(seconds)))
    found, occurrences = handed(seconds, repeats)

    for when, long, occurrence in zip(seconds, repeats, found, strict=True):
        assert joined(occurrences, webhook(when, long))[0].name == occurrence.name


def test_the_occurrence_that_was_known_first_has_the_deliverys_own_id() -> None:
    first, occurrences = joined((), webhook(5))
    later, _ = joined(occurrences, webhook(5 + REPEATS + 1))

    assert under(first, DELIVERY) == DELIVERY
    assert under(later, DELIVERY).id not in ("", DELIVERY.id)
    assert len(under(later, DELIVERY).id) == len(DELIVERY.id)
