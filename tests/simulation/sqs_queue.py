"""One standard queue in memory: at least once, in no strict order, with visibility timeouts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Final

from tests.simulation.sqs_groups import Groups

MAX_IN_FLIGHT: Final = 120_000  # SQS, "Message quotas": for most standard queues
DAY: Final = 86_400


@dataclass(slots=True)
class Message:
    """A message. Times are in seconds since the epoch; `receives` counts across all queues.

    `turn` is raised whenever its visibility is set, so that what was noted before is void.
    """

    id: str
    body: str
    attributes: Mapping[str, Mapping[str, Any]]
    sent_at: float
    group: str = ""
    receives: int = 0
    first_at: float = 0.0
    taken_at: float = 0.0
    visible_at: float = 0.0
    handle: str = ""
    turn: int = 0
    flying: bool = False


@dataclass(slots=True)
class Queue:
    """A queue's settings in seconds, and its messages by id; `dropped` outlived the retention.

    After `max_receives` receives a message goes to `dead`, with its age: retention goes on there.
    """

    url: str
    visibility: float = 180
    retention: float = 10 * DAY
    max_receives: int = 1000
    dead: "Queue | None" = None
    ceiling: int = MAX_IN_FLIGHT
    messages: dict[str, Message] = field(default_factory=dict)
    dropped: list[Message] = field(default_factory=list)
    deleted: int = 0
    groups: Groups = field(default_factory=Groups)
    _waiting: list[tuple[float, int, int, str]] = field(default_factory=list)
    _notes: int = 0

    def add(self, message: Message, visible_at: float) -> None:
        """Take a message that is visible from then on."""
        self.messages[message.id] = message
        self.groups.sent(message.group, message.sent_at)
        self.hide(message, visible_at, flying=False)

    def hide(self, message: Message, until: float, *, flying: bool) -> None:
        """Set when a message is visible next; while `flying` it counts as in flight."""
        self.groups.fly(message.group, flying - message.flying)
        message.flying, message.visible_at = flying, until
        message.turn += 1
        self._notes += 1
        heappush(self._waiting, (until, self._notes, message.turn, message.id))

    def delete(self, message: Message, now: float) -> None:
        """Forget a message."""
        self._land(message, now)
        del self.messages[message.id]

    def take(self, now: float) -> Message | None:
        """Return the next visible message, received once more; None for none, or for too many."""
        self._ripen(now)
        while self.groups.flying < self.ceiling and (note := self.groups.take(now)):
            _, turn, name = note
            message = self.messages.get(name)
            if message is None or message.turn != turn or self._drops(message, now):
                continue
            if message.receives >= self.max_receives and self.dead is not None:
                self._bury(message, self.dead, now)
                continue
            self._receive(message, now)
            return message
        return None

    def _receive(self, message: Message, now: float) -> None:
        message.receives += 1
        message.first_at = message.first_at or now
        message.taken_at = now
        message.handle = f"{message.id}/{message.receives}"
        self.hide(message, now + self.visibility, flying=True)

    def next_at(self, now: float) -> float | None:
        """Return when the next message is visible; None if nothing is left."""
        self._ripen(now)
        if self.groups:
            return now
        return self._waiting[0][0] if self._waiting else None

    def counts(self, now: float) -> tuple[int, int]:
        """Return how many messages are visible or delayed, and how many are in flight."""
        self._ripen(now)
        return len(self.messages) - self.groups.flying, self.groups.flying

    def _ripen(self, now: float) -> None:
        """Make visible what has hidden long enough, and throw away what is noted in vain."""
        waiting, messages = self._waiting, self.messages
        while waiting:
            until, _, turn, name = waiting[0]
            message = messages.get(name)
            current = message is not None and message.turn == turn
            if current and until > now:
                return
            heappop(waiting)
            if message is not None and current:
                self._land(message, until)
                self.groups.show(message.group, turn, name)

    def _land(self, message: Message, now: float) -> None:
        """Take a message out of flight."""
        if message.flying:
            message.flying = False
            self.groups.fly(message.group, -1)
            self.groups.ended(message.group, now, now - message.taken_at)

    def _drops(self, message: Message, now: float) -> bool:
        if now - message.sent_at < self.retention:
            return False
        self.dropped.append(message)
        self.delete(message, now)
        return True

    def _bury(self, message: Message, dead: "Queue", now: float) -> None:
        self.delete(message, now)
        dead.add(message, now)
