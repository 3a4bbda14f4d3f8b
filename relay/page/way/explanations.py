"""Explanations of the webhooks that were looked at last: each is made once, in a thread."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from handler.core.models import Verified
from handler.core.rules.source import Source
from relay.page.reading import Reading
from relay.rules.explain.explanation import JsonObject, explained_plan

_KEPT: Final = 8  # an explanation holds every value that a rule has read


@dataclass(slots=True)
class Explanations:
    """Explanations by the webhook's number; used in the loop that serves the page."""

    _kept: OrderedDict[int, JsonObject] = field(default_factory=OrderedDict)

    async def of(self, reading: Reading) -> JsonObject | None:
        """Return the explanation of a webhook; None where there is no plan of it."""
        source, planned, number = reading.rules, reading.plan, reading.arrival.number
        if planned is None or not isinstance(source, Source):
            return None
        if number not in self._kept:
            verified = Verified(reading.webhook)
            made = await asyncio.to_thread(explained_plan, verified, source, planned)
            self._kept[number] = made
        self._kept.move_to_end(number)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[number]
