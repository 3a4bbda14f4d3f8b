"""Refused objects: what of each delivery an accepted request was not accepted for.

Braze takes what it can of users/track, and names the rest in `errors` ("User track"). Such a
delivery is accepted, and what was refused of it becomes a delivery of its own: nothing that sends
this again can send what was accepted again.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from handler.core.braze.endpoints import endpoint_of
from handler.core.braze.request import objects_of, written
from handler.core.json_types import JsonValue
from handler.core.models import Delivery

_VERSION: Final = 1
# An object's place: its array's name, and its index in that.
Place = tuple[str, int]
Refused = Mapping[Place, str]  # what is wrong, by place


def refused_in(batch: Sequence[Delivery], errors: Refused) -> list[Refused]:
    """Return what was refused of each delivery of a request, by the places in that delivery.

    Braze counts the objects of each array through all deliveries. A place that is none is nobody's.
    """
    if not errors:
        return [{}] * len(batch)
    before: Counter[str] = Counter()
    found: list[Refused] = []
    for delivery in batch:
        arrays = _arrays(delivery)
        own = ((array, at) for array, count in arrays.items() for at in range(count))
        there = {(array, at): errors.get((array, before[array] + at)) for array, at in own}
        found.append({place: text for place, text in there.items() if text is not None})
        before.update(arrays)
    return found


def is_all(delivery: Delivery, refused: Refused) -> bool:
    """Return whether all of a delivery was refused, of which something was."""
    return len(refused) == _arrays(delivery).total()


def _arrays(delivery: Delivery) -> Counter[str]:
    """Return how many objects a delivery has in each array: one recipient, or its own objects."""
    at = endpoint_of(delivery.path)
    if at is None or not at.arrays:
        return Counter() if at is None else Counter({at.refused: 1})
    return Counter(array for array, _ in objects_of(delivery))


def remainder_id(delivery_id: str) -> str:
    """Return the id under which the refused objects of a delivery are sent again."""
    return sha256(written([_VERSION, "refused", delivery_id]).encode("ascii")).hexdigest()


def accepted_part(delivery: Delivery, refused: Refused) -> Delivery:
    """Return a delivery without its refused objects."""
    return replace(delivery, recipient=_only(delivery, lambda place: place not in refused))


def remainder(delivery: Delivery, places: Sequence[Place]) -> Delivery:
    """Return the delivery of a delivery's refused objects.

    A surge limit has counted them, and a repeat of the event is none of it.
    """
    return replace(
        delivery,
        id=remainder_id(delivery.id),
        recipient=_only(delivery, places.__contains__),
        refused_of=delivery.id,
        surge=None,
        delay=None,
        again_after=None,
    )


def _only(delivery: Delivery, is_kept: Callable[[Place], bool]) -> dict[str, JsonValue]:
    """Return the arrays of a delivery with some of its objects."""
    seen: Counter[str] = Counter()
    arrays: dict[str, list[JsonValue]] = {}
    for array, each in objects_of(delivery):
        if is_kept((array, seen[array])):
            arrays.setdefault(array, []).append(each)
        seen[array] += 1
    return {name: [*kept] for name, kept in arrays.items()}


def places_text(refused: Refused) -> str:
    """Return places as the ledger keeps them, such as `attributes.0 events.2`."""
    return " ".join(f"{array}.{at}" for array, at in refused)


def places_in(text: str) -> list[Place]:
    """Return the places in a text of the ledger."""
    pairs = (one.rpartition(".") for one in text.split())
    return [(array, int(at)) for array, _, at in pairs]
