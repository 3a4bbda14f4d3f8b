"""An SQS queue that counts its messages in lots; and what a lot is."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from typing import Final

from bench.drain.loop import Bell, Loop

IN_FLIGHT: Final = 120_000  # SQS, "Message quotas": for most standard queues
# SQS guide, "Amazon SQS fair queues": a group is noisy with more than a tenth of what is in flight.
_NOISY_SHARE: Final = 0.1
_NOISY_LEAST: Final = 30


@dataclass(slots=True)
class Lot:
    """Messages of one rule that have gone the same way; `sent_at` is in epoch seconds."""

    rule: str
    count: int
    sent_at: float
    receives: int = 0
    attempts: int = 0
    stamp: int = 0  # the order in which lots became visible


class Queue:
    """A standard queue. While `IN_FLIGHT` of its messages are hidden it hands nothing out."""

    def __init__(self, loop: Loop, *, fair: bool = True) -> None:
        self.visible = Bell(loop)
        self.flying = 0
        self.ready = 0
        self.most_receives = 0
        self.most_flying = 0
        self._loop = loop
        self._fair = fair
        self._ready: defaultdict[str, deque[Lot]] = defaultdict(deque)
        self._flying: Counter[str] = Counter()
        self._stamp = 0

    def __len__(self) -> int:
        """Return how many messages are in the queue."""
        return self.flying + self.ready

    def has(self, count: int) -> bool:
        """Return whether so many messages can be received at once."""
        return self.ready >= count and self.flying + count <= IN_FLIGHT

    def add(self, lot: Lot) -> None:
        """Let messages become visible."""
        self._stamp += 1
        lot.stamp = self._stamp
        self._ready[lot.rule].append(lot)
        self.ready += lot.count
        self.visible.ring(lot.count)

    def take(self, most: int) -> list[Lot]:
        """Receive up to so many messages: they are in flight until deleted or hidden no more."""
        most = min(most, IN_FLIGHT - self.flying)
        taken: list[Lot] = []
        while most > 0 and (lots := self._next()) is not None:
            lot = lots[0]
            part = replace(lot, count=min(most, lot.count), receives=lot.receives + 1)
            lot.count -= part.count
            if not lot.count:
                lots.popleft()
            self._fly(part.rule, part.count)
            self.ready -= part.count
            self.most_receives = max(self.most_receives, part.receives)
            most -= part.count
            taken.append(part)
        return taken

    def delete(self, lot: Lot) -> None:
        """Delete messages in flight."""
        self._fly(lot.rule, -lot.count)
        self.visible.ring(1)

    def hide(self, lot: Lot, seconds: float) -> None:
        """Set the visibility timeout of messages in flight."""
        self._loop.at(self._loop.now + seconds, lambda: self._return(lot))

    def _return(self, lot: Lot) -> None:
        self._fly(lot.rule, -lot.count)
        self.add(lot)

    def _fly(self, rule: str, count: int) -> None:
        self.flying += count
        self._flying[rule] += count
        self.most_flying = max(self.most_flying, self.flying)

    def _next(self) -> deque[Lot] | None:
        """Return the lots of which the first is next: quiet groups first, then the oldest."""
        groups = [(rule, lots) for rule, lots in self._ready.items() if lots]
        found = [(self._is_noisy(rule), lots[0].stamp, rule) for rule, lots in groups]
        return self._ready[min(found)[2]] if found else None

    def _is_noisy(self, rule: str) -> bool:
        own = self._flying[rule]
        return self._fair and own >= _NOISY_LEAST and own > _NOISY_SHARE * self.flying
