"""Occurrences of an event that only a digest identifies: which one a webhook reports, and its id.

The digest of a body identifies bytes, not events: the same bytes arrive again when the sender
repeats them, and when the same thing happens again. Webhooks that can be repeats of each other are
one occurrence. Each occurrence is a delivery of its own, with an id, a record and a dead letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from handler.core.models import Delivery


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence; `first` and `last` are when webhooks of it were accepted, in epoch seconds.

    `name` identifies it: 0 for the one that was known first, else its first `first`.
    """

    name: int
    first: int
    last: int


def joined(
    known: Sequence[Occurrence], delivery: Delivery
) -> tuple[Occurrence, tuple[Occurrence, ...]]:
    """Return the occurrence of a delivery, and all occurrences with it, the oldest first.

    A repeat is accepted within `again_after` of its occurrence's first webhook. In any order of
    arrival, a delivery stays in its occurrence, and no two of one occurrence are further apart.
    """
    at = delivery.accepted_at
    found = _fitting(known, at, (delivery.again_after or at) - at)
    if found is None:
        occurrence = Occurrence(at if known else 0, at, at)
        return occurrence, tuple(sorted((*known, occurrence), key=lambda one: one.first))
    occurrence = replace(found, first=min(found.first, at), last=max(found.last, at))
    return occurrence, tuple(occurrence if one is found else one for one in known)


def _fitting(known: Sequence[Occurrence], at: int, repeats: int) -> Occurrence | None:
    for occurrence in known:
        if occurrence.first <= at <= occurrence.last:
            return occurrence
    fits = [one for one in known if max(one.last, at) - min(one.first, at) <= repeats]
    begun = [one for one in fits if one.first < at]
    return begun[-1] if begun else next(iter(fits), None)


def under(occurrence: Occurrence, delivery: Delivery) -> Delivery:
    """Return a delivery with the id of its occurrence: the first known one has the delivery's."""
    if not occurrence.name:
        return delivery
    name = f"{delivery.id}@{occurrence.name}"
    return replace(delivery, id=sha256(name.encode("ascii")).hexdigest())
