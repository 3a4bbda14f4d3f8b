"""Memory of Braze's side: names of orders and rules, and the lock on the letters of the queue."""

import asyncio
from dataclasses import dataclass, field

from relay.local.reload import Version
from relay.rules.names import Names


@dataclass(slots=True)
class Side:
    """Used in the loop that serves the page, and in threads that it waits for.

    `reading` is held by whoever has borrowed the letters of the queue: nobody else sees them then.
    `orders` are the names of orders, by the id of a delivery or dead letter. `names` are those of
    the rules folder, as they were when `served` was served first. `letters` is the number that open
    pages were told of; None after an act on some, for as many others may come at once.
    """

    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    orders: dict[str, str] = field(default_factory=dict)
    served: Version | None = None
    names: Names = field(default_factory=Names)
    letters: int | None = 0
