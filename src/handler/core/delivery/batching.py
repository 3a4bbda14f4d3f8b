"""Batching: groups the deliveries of a batch into requests.

Braze counts requests, and takes 50 recipients in each (Braze, "Send campaigns using API-triggered
delivery"), or 75 objects ("User track"). It sends one message where two of them are one user, so no
request has a user twice.
"""

import json
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from handler.core.braze.endpoints import SUBSCRIBE, endpoint_of
from handler.core.braze.identifiers import user_of
from handler.core.braze.request import encode_request, objects_of, written
from handler.core.models import Delivery

# Braze, "API limits": 4 MB for a request; 64 KiB are kept free for whatever counts besides.
MAX_BYTES: Final = 4_000_000 - 65_536
_SORTED: Final = json.JSONEncoder(sort_keys=True)


@dataclass(slots=True)
class _Request:
    """A request that is being filled: the places of its deliveries in the batch.

    `holds` are its users, and the ids of its deliveries. `size` is in bytes, `count` what its
    endpoint's `most` counts: recipients, or objects.
    """

    members: list[int]
    holds: set[str]
    size: int
    count: int = 0

    def takes(self, most: int, size: int, count: int) -> bool:
        """Return whether there is room for a delivery of so many bytes, and so many objects."""
        return self.count + count <= most and self.size + size <= MAX_BYTES

    def add(self, at: int, own: set[str], size: int, count: int) -> None:
        """Add the delivery in this place of the batch."""
        self.members.append(at)
        self.holds |= own
        self.size += size
        self.count += count


def coalesce(deliveries: Sequence[Delivery]) -> list[list[int]]:
    """Return the requests that a batch makes, each as places in `deliveries`.

    Of one user the older delivery is in the earlier request. A broadcast, and a delivery that Braze
    takes singly, have a request of their own.
    """
    if len(deliveries) == 1:
        return [[0]]
    by_age = sorted(range(len(deliveries)), key=lambda at: deliveries[at].accepted_at)
    found: defaultdict[Hashable, list[_Request]] = defaultdict(list)
    made: list[_Request] = []
    for at in by_age:
        delivery = deliveries[at]
        requests = found[_shared(delivery) if _may_join(delivery) else at]
        own, size = _own(delivery), 1 + len(encode_request(delivery.recipient))
        most, count = _most(delivery), _count(delivery)
        free = (one for one in _after(requests, own) if one.takes(most, size, count))
        request = next(free, None)
        if request is None:
            request = _Request([], set(), len(encode_request(delivery.send)))
            requests.append(request)
            made.append(request)
        request.add(at, own, size, count)
    return [request.members for request in made]


def _may_join(delivery: Delivery) -> bool:
    return delivery.recipient is not None and _most(delivery) > 1


def _most(delivery: Delivery) -> int:
    at = endpoint_of(delivery.path)
    return at.most if at else 1


def _count(delivery: Delivery) -> int:
    """Return what a delivery is of what its endpoint counts: one recipient, or its objects."""
    return sum(1 for _ in objects_of(delivery)) or 1


def _shared(delivery: Delivery) -> Hashable:
    # Two rules may call a Canvas's properties by its two names, and Braze does not say which wins.
    is_old = "canvas_entry_properties" in (delivery.recipient or {})
    kind = _named_by(delivery) if delivery.path == SUBSCRIBE.path else ""
    return delivery.workspace, delivery.path, _SORTED.encode(delivery.send), is_old, kind


def _named_by(delivery: Delivery) -> str:
    """Return how a delivery names its user.

    "Update user's subscription group status (V2)": a request has no e-mail addresses beside phone
    numbers, and either may be sent individually.
    """
    user = user_of(delivery) or [""]
    return str(user[0])


def _after(requests: list[_Request], own: set[str]) -> list[_Request]:
    """Return the requests after all that hold a delivery's user or its id."""
    last = max((at for at, one in enumerate(requests) if one.holds & own), default=-1)
    return requests[last + 1 :]


def _own(delivery: Delivery) -> set[str]:
    return {written(user_of(delivery)), delivery.id}
