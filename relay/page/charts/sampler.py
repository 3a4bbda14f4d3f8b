"""Sampler of a local stack: reads queues, ledger and log for the charts, while a page is open."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from relay.operations.clients import StackClients, StatusSection
from relay.operations.status_parts import ledger, queues
from relay.page.charts.samples import EVERY, DataPoint, attempts_in, budget_in
from relay.page.context import PageContext
from relay.page.stack import known_names, operated
from relay.stacks.logs import LogLine, Search

_SERVICES: Final = ("sqs", "dynamodb", "logs")
_OVERLAP: Final = 10.0  # seconds that are read again: lines come late, and out of order
_LINES: Final = '{ $.message = "delivery" }'
_RATES: Final = "rate limit"
_LONG_AGO: Final = 3 * EVERY  # seconds


@dataclass(slots=True)
class Sampler:
    """Reads one sample after another; what it has counted of the log it counts no second time."""

    context: PageContext
    _begin: float = 0.0  # of what is counted
    _last: float = 0.0
    _seen: set[LogLine] = field(default_factory=set)

    def look(self) -> DataPoint:
        """Return the figures of now; raise botocore's errors."""
        now = time.time()
        desk = StackClients.of(operated(self.context), known_names(self.context), _SERVICES)
        found = [_document(one) for one in queues(desk, now)]
        rates = next(_document(one) for one in ledger(desk, now) if one.name == _RATES)
        left, limit = budget_in(rates, now)
        attempts, accepted = attempts_in(one.entry for one in self._fresh(desk, now))
        waiting = sum(one.get("in_flight", 0) + one.get("delayed", 0) for one in found)
        visible = sum(one.get("visible", 0) for one in found)
        return DataPoint(now, visible, waiting, attempts, accepted, left, limit)

    def _fresh(self, desk: StackClients, now: float) -> list[LogLine]:
        """Return the lines since the last look; where that is long ago, the newest ones alone."""
        if now - self._last > _LONG_AGO:
            self._begin = now - EVERY
        since = max(self._begin, self._last - _OVERLAP)
        group = self.context.local.stack.resources["DeliverLogGroup"]
        lines = Search(since, pattern=_LINES).lines(desk.clients["logs"], group)
        fresh = [one for one in lines if one not in self._seen]
        self._seen, self._last = set(lines), now
        return fresh


def _document(part: StatusSection) -> dict[str, Any]:
    return part.document if isinstance(part.document, dict) else {}


async def follow(context: PageContext) -> None:
    """Keep a sample every few seconds, for as long as a page is open."""
    sampler = Sampler(context)
    while True:
        await context.changes.until_watched()
        with suppress(ClientError, BotoCoreError):  # the stack ends, or has no time
            context.samples.add(await asyncio.to_thread(sampler.look))
        await asyncio.sleep(EVERY)
