"""State of the bench: what was loaded and explained last, and which keystroke is the newest."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from relay.page.bench.drafts import Drafts
from relay.page.bench.outcomes import Asked, Outcomes
from relay.page.bench.recent import Recent
from relay.page.bench.remarks import Remarks

_MOST_PAGES: Final = 100
_MOST_LETTERS: Final = 20


@dataclass(slots=True)
class Workbench:
    """The memory of the bench.

    `turn` lets one text at a time be loaded, `checking` one be checked: of a long file that takes
    seconds, which keep a thread.
    """

    drafts: Drafts = field(default_factory=Drafts)
    outcomes: Outcomes = field(default_factory=Outcomes)
    remarks: Remarks = field(default_factory=Remarks)
    letters: Recent[Asked] = field(default_factory=lambda: Recent(_MOST_LETTERS))
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _newest: Recent[int] = field(default_factory=lambda: Recent(_MOST_PAGES))

    def newest(self, page: Hashable) -> int:
        """Return the number of a page's newest text."""
        return self._newest.get(page) or 0

    def take(self, page: Hashable, given: int) -> int:
        """Note a page's text, and return its number: the one given, else the next.

        The page numbers its texts as they are typed. They may come in another order: what a busy
        server reads first need not be what was sent first.
        """
        number = given or self.newest(page) + 1
        self._newest[page] = max(self.newest(page), number)
        return number

    def is_stale(self, page: Hashable, number: int) -> bool:
        """Return whether a page has a newer text."""
        return self.newest(page) > number
