"""Refused objects: whatever an answer names, each object is accepted or refused, and once."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.endpoints import SUBSCRIBE, TRACK
from handler.core.braze.refused import (
    accepted_part,
    is_all,
    places_in,
    places_text,
    refused_in,
    remainder,
)
from handler.core.braze.request import batch_request, request
from handler.core.message import decode, encode
from handler.core.models import Delivery

COUNTS = st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(any)
PLACES = st.tuples(st.sampled_from([*TRACK.arrays, "purchases"]), st.integers(-1, 12))


def tracked(number: int, counts: tuple[int, int]) -> Delivery:
    arrays: dict[str, Any] = {
        name: [
            {"external_id": f"u{number}", "n": f"{name} {at} of {number}"} for at in range(count)
        ]
        for name, count in zip(TRACK.arrays, counts, strict=True)
        if count
    }
    return Delivery(
        id=f"{number:064}", source="s", rule="r", rules_version="v", workspace="default",
        path=TRACK.path, send={}, recipient=arrays, event_id="e", event="", accepted_at=number,
        expires_at=None, on_unknown="hold", surge=(1, 60), again_after=9, guard="r", delay=60,
    )  # fmt: skip


def objects(body: dict[str, Any]) -> Counter[str]:
    return Counter(one["n"] for array in body.values() for one in array)


@given(st.lists(COUNTS, min_size=1, max_size=5), st.dictionaries(PLACES, st.text(), max_size=8))
def test_each_object_is_accepted_or_refused_as_the_answer_names_its_place_in_the_request(
    counts: list[tuple[int, int]], errors: dict[tuple[str, int], str]
) -> None:
    batch = [tracked(number, each) for number, each in enumerate(counts)]
    body: Any = batch_request(batch)
    named = [body[name][at]["n"] for name, at in errors if 0 <= at < len(body.get(name, []))]

    refused = refused_in(batch, errors)

    lost, taken = Counter[str](), Counter[str]()
    for one, its_own in zip(batch, refused, strict=True):
        parts: Any = remainder(one, [*its_own]).recipient
        lost += objects(parts)
        taken += objects(accepted_part(one, its_own).recipient or {})
        assert is_all(one, its_own) is (objects(parts) == objects(one.recipient or {}))
        assert places_in(places_text(its_own)) == [*its_own]
    assert lost == Counter(named)
    assert lost + taken == objects(body)


def test_the_delivery_of_refused_objects_can_be_queued_and_sent_and_is_no_other() -> None:
    whole = tracked(7, (2, 2))

    part = remainder(whole, [("attributes", 1), ("events", 0)])

    assert request(part) == {
        "attributes": [{"external_id": "u7", "n": "attributes 1 of 7"}],
        "events": [{"external_id": "u7", "n": "events 0 of 7"}],
    }
    assert decode(encode(part)) == part
    assert part.refused_of == whole.id != part.id
    assert (part.on_unknown, part.guard, part.event_id) == ("hold", "r", "e")
    assert (part.surge, part.again_after, part.delay) == (None, None, None)
    assert remainder(part, [("events", 0)]).id not in (whole.id, part.id)


def test_an_error_without_an_object_refuses_nothing() -> None:
    one = tracked(1, (1, 1))
    assert refused_in([one], {(SUBSCRIBE.arrays[0], 0): "odd"}) == [{}]
    assert refused_in([one], {}) == [{}]
