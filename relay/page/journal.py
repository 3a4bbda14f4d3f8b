"""Journal of the webhooks that a local stack has answered, with the rules that were served then.

What it keeps is bounded: the oldest are left out, and their number is said.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from relay.local.reload import Version
from relay.local.webhook_feed import Answered

MOST: Final = 1_000  # webhooks
MOST_BYTES: Final = 64 * 1024 * 1024  # of their lines, which hold the bodies in base64


@dataclass(frozen=True, slots=True)
class Arrival:
    """A webhook that was answered: its number from 1, and when, in seconds since the epoch.

    `served` are the rules that the stack served then.
    """

    number: int
    at: float
    line: bytes = field(repr=False)  # of the feed: read only where it is looked at
    served: Version = field(repr=False)

    @property
    def webhook(self) -> Answered:
        """The webhook, and the answer to it."""
        return Answered.of(self.line)


@dataclass(slots=True)
class Journal:
    """The last webhooks; used in the loop that serves the page.

    `begun` counts how often it has begun to listen: between two times some may be missing.
    """

    most: int = MOST
    most_bytes: int = MOST_BYTES
    left_out: int = 0
    begun: int = 0
    _kept: deque[Arrival] = field(default_factory=deque)
    _bytes: int = 0

    def add(self, line: bytes, served: Version) -> Arrival:
        """Keep a webhook; let the oldest go where there are too many, but never this one."""
        made = Arrival(self.count + 1, time.time(), line, served)
        self._kept.append(made)
        self._bytes += len(line)
        while len(self._kept) > 1 and self._is_full:
            self._bytes -= len(self._kept.popleft().line)
            self.left_out += 1
        return made

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

    @property
    def count(self) -> int:
        """The number of webhooks so far: that of the newest one."""
        return self.left_out + len(self._kept)

    @property
    def _is_full(self) -> bool:
        return len(self._kept) > self.most or self._bytes > self.most_bytes

    def newest(self) -> list[Arrival]:
        """Return what is kept, the newest first."""
        return list(reversed(self._kept))

    def find(self, number: int) -> Arrival | None:
        """Return a webhook by its number, None where it is not kept."""
        at = number - self.left_out - 1
        return self._kept[at] if 0 <= at < len(self._kept) else None
