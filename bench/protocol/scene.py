"""A few deliveries, their messages and workers in virtual time, one call after the other."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Final

from bench.protocol import faults
from bench.protocol.ledger import Ledger
from handler.core.models import OnUnknown

START: Final = 1_000_000.0
BATCH: Final = 10
_VISIBILITY: Final = 181
_FUNCTION: Final = 30
_COPY: Final = 5.0
_LATER: Final = 600.0
_LONGEST: Final = 2 * 86_400  # seconds in which a scene has to end

Steps = Iterator[float]  # seconds that pass before the next step


class Died(Exception):
    """The worker is gone; nothing of the protocol catches it."""


@dataclass(slots=True, eq=False)
class Delivery:
    """A delivery, and what truly became of it: `unknown` are outcomes that nobody learned."""

    id: int
    user: int
    policy: OnUnknown
    bad: bool = False
    poison: bool = False
    applied: int = 0
    unknown: int = 0
    unrecorded: int = 0
    letters: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Message:
    """A queue message; `turn` is raised with every change of its visibility."""

    delivery: Delivery
    sent_at: float
    first_at: float = 0.0
    receives: int = 0
    visible_at: float = 0.0
    turn: int = 0
    gone: bool = False


@dataclass(slots=True, eq=False)
class Invocation:
    """A worker with its batch, until its deadline; `posted` is what it has sent."""

    deadline: float
    batch: list[Message]
    posted: list[Delivery] = field(default_factory=list)
    steps: Steps = field(default_factory=lambda: iter(()))


class Scene:
    """Runs a handful of deliveries until nothing is left in their queue."""

    def __init__(self, random: Random, deliveries: list[Delivery]) -> None:
        self.random = random.random
        self.ledger = Ledger()
        self.now = START
        self.counts: Counter[str] = Counter()
        self.sending: set[int] = set()
        self.outage: tuple[float, faults.Answer] = (0.0, faults.GOOD)
        self.down = 0.0, 0.0
        self.owners = 0
        self._due: list[tuple[float, int, Message | Invocation, int]] = []
        self._count = 0
        self._messages: list[Message] = []
        if self.random() < faults.OUTAGE:
            kind = faults.REFUSED if self.random() < 0.7 else faults.EDGE
            self.outage = START + 600 * self.random(), kind
        if self.random() < faults.DOWN:
            begin = START + 20 * self.random()
            self.down = begin, begin + 20 * self.random()
        for each in deliveries:
            self.send(each, START)
            if self.random() < faults.REPEATED:
                self.send(each, START + _LATER * self.random())

    def send(self, delivery: Delivery, at: float) -> None:
        """Put a message into the queue."""
        message = Message(delivery, at)
        self._messages.append(message)
        self.hide(message, at)

    def hide(self, message: Message, until: float) -> None:
        """Set when a message is visible next."""
        message.turn += 1
        message.visible_at = until
        self._note(until, message, message.turn)

    def run(self) -> None:
        """Let all happen."""
        while self._due:
            self.now, _, what, turn = heappop(self._due)
            if self.now > START + _LONGEST:
                self.counts["unfinished"] += 1
                self._due.clear()
                return
            if isinstance(what, Invocation):
                self._resume(what)
            elif what.turn == turn and not what.gone:
                self._receive()

    def _note(self, at: float, what: Message | Invocation, turn: int) -> None:
        self._count += 1
        heappush(self._due, (at, self._count, what, turn))

    def _receive(self) -> None:
        from bench.protocol.worker import deliver  # noqa: PLC0415 - which knows scenes

        batch = [it for it in self._messages if not it.gone and it.visible_at <= self.now][:BATCH]
        for message in batch:
            message.receives += 1
            message.first_at = message.first_at or self.now
            copied = self.random() < faults.COPIED
            hidden = _COPY * self.random() if copied else _VISIBILITY
            self.hide(message, self.now + hidden)
        invocation = Invocation(self.now + _FUNCTION, batch)
        invocation.steps = deliver(self, invocation)
        self._resume(invocation)

    def _resume(self, invocation: Invocation) -> None:
        """Go on with a worker until another is due before it; at its deadline it is killed."""
        if self.now >= invocation.deadline:
            self._bury_worker(invocation)
            return
        try:
            for seconds in invocation.steps:
                until = min(self.now + seconds, invocation.deadline)
                if until == invocation.deadline or (self._due and self._due[0][0] <= until):
                    self._note(until, invocation, 0)
                    return
                self.now = until
        except Died:
            self._bury_worker(invocation)

    def _bury_worker(self, invocation: Invocation) -> None:
        """Of what a dead worker had sent and not recorded nobody knows what came of it."""
        self.counts["workers that died"] += 1
        for each in invocation.posted:
            if each.id in self.sending or not self.ledger.is_accepted(each.id):
                each.unknown += 1
            self.sending.discard(each.id)
