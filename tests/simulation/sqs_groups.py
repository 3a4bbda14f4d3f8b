"""Message groups of a queue: messages of quiet groups are handed out before those of noisy ones.

SQS Developer Guide, "How Amazon SQS fair queues work". A group is noisy while it has more than a
tenth of all that is in flight, and at least 30 messages, or took more than a tenth of the time of
processing lately; then until its backlog is gone, or until nothing was sent to it for 5 minutes.
Of noisy groups the one with the fewest messages in flight comes first.

SQS does not see what a consumer does: here the time of processing is the time in flight, waits
included, and it is counted when it ends.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Final

SHARE: Final = 10  # more than one in ten
LEAST: Final = 30  # messages in flight
RECENT: Final = 300  # seconds

Note = tuple[int, int, str]  # the order in which it became visible, the message's turn and its id


@dataclass(slots=True)
class Times:
    """Seconds of processing that have ended lately."""

    total: float = 0.0
    _ended: deque[tuple[float, float]] = field(default_factory=deque)

    def add(self, now: float, seconds: float) -> None:
        self._ended.append((now, seconds))
        self.total += seconds

    def forget(self, now: float) -> None:
        while self._ended and self._ended[0][0] < now - RECENT:
            self.total -= self._ended.popleft()[1]
        if not self._ended:
            self.total = 0.0  # what rounding has left


@dataclass(slots=True)
class Group:
    """One group: its visible messages, how many are in flight, and what it is known for."""

    ready: deque[Note] = field(default_factory=deque)
    flying: int = 0
    sent_at: float = 0.0
    is_noisy: bool = False
    times: Times = field(default_factory=Times)


@dataclass(slots=True)
class Groups:
    """All groups of a queue by name; messages without a group are together under "".

    Each of those is a group of its own to SQS, and so is never noisy.
    """

    by_name: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    flying: int = 0
    times: Times = field(default_factory=Times)
    _notes: int = 0

    def __bool__(self) -> bool:
        """Return whether anything is noted as visible."""
        for group in self.by_name.values():  # noqa: SIM110 - a generator costs more than the look
            if group.ready:
                return True
        return False

    def sent(self, name: str, now: float) -> None:
        """Note that a message was sent to a group."""
        group = self.by_name[name]
        group.is_noisy &= bool(group.ready) and now - group.sent_at <= RECENT
        group.sent_at = now

    def show(self, name: str, turn: int, message: str) -> None:
        """Note that a message has become visible."""
        self._notes += 1
        self.by_name[name].ready.append((self._notes, turn, message))

    def fly(self, name: str, more: int) -> None:
        """Count messages that are in flight from now on, or no longer."""
        self.by_name[name].flying += more
        self.flying += more

    def ended(self, name: str, now: float, seconds: float) -> None:
        """Note that a message is no longer in flight, after so long."""
        self.by_name[name].times.add(now, seconds)
        self.times.add(now, seconds)

    def take(self, now: float) -> Note | None:
        """Return the note of the message that comes first now; None for none."""
        self.times.forget(now)
        for name, group in self.by_name.items():
            group.times.forget(now)
            if self._is_over(group):
                group.is_noisy = bool(name)
            elif now - group.sent_at > RECENT:
                group.is_noisy = False
        shown = [group for group in self.by_name.values() if group.ready]
        return min(shown, key=_rank).ready.popleft() if shown else None

    def _is_over(self, group: Group) -> bool:
        has_many = group.flying >= LEAST and SHARE * group.flying > self.flying
        return has_many or SHARE * group.times.total > self.times.total > 0


def _rank(group: Group) -> tuple[bool, int]:
    """Return what is lowest for the group whose oldest visible message comes first."""
    return group.is_noisy, group.flying if group.is_noisy else group.ready[0][0]
