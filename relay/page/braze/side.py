"""What the page remembers of Braze's side: the names of orders, and who reads the letters now."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Side:
    """Used in the loop that serves the page.

    `reading` is held by whoever has borrowed the letters of the queue: nobody else sees them then.
    `names` are those of orders, by the id of a delivery or dead letter.
    """

    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    names: dict[str, str] = field(default_factory=dict)
