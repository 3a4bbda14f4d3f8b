"""Occurrences of what only a digest names: which of them a webhook tells of, and its delivery's id.

The digest of a body tells webhooks apart, and not what happened: the same bytes come once more
when their sender repeats them, and when the same thing happens again. What the sender can have
repeated is one run. Each run is a delivery of its own, with an id, a record and a dead letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from handler.core.models import Delivery


@dataclass(frozen=True, slots=True)
class Run:
    """One occurrence; `first` and `last` are when webhooks of it were accepted, in epoch seconds.

    `name` tells it from the others: 0 for the one that was known first, else its first `first`.
    """

    name: int
    first: int
    last: int


def joined(runs: Sequence[Run], delivery: Delivery) -> tuple[Run, tuple[Run, ...]]:
    """Return the run of a delivery, and all runs once it belongs to them, the oldest first.

    A repeat is accepted within `again_after` of its run's first webhook. However they are handed
    out: a delivery stays in its run, and no two of one run are further apart than that.
    """
    at = delivery.accepted_at
    found = _fitting(runs, at, (delivery.again_after or at) - at)
    if found is None:
        run = Run(at if runs else 0, at, at)
        return run, tuple(sorted((*runs, run), key=lambda it: it.first))
    run = replace(found, first=min(found.first, at), last=max(found.last, at))
    return run, tuple(run if it is found else it for it in runs)


def _fitting(runs: Sequence[Run], at: int, repeats: int) -> Run | None:
    for run in runs:
        if run.first <= at <= run.last:
            return run
    fits = [it for it in runs if max(it.last, at) - min(it.first, at) <= repeats]
    begun = [it for it in fits if it.first < at]
    return begun[-1] if begun else next(iter(fits), None)


def under(run: Run, delivery: Delivery) -> Delivery:
    """Return a delivery with the id of its run: of the one known first it is the delivery's own."""
    if not run.name:
        return delivery
    return replace(delivery, id=sha256(f"{delivery.id}@{run.name}".encode("ascii")).hexdigest())
