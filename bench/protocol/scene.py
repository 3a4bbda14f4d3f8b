"""A few deliveries, their messages and workers in virtual time, one call after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Final

from bench.protocol import faults
from bench.protocol.facts import Delivery, Post
from bench.protocol.faults import Weather
from bench.protocol.judge import UNFINISHED, Judge
from bench.protocol.ledger import Ledger
from handler.core.models import OnUnknown

START: Final = 1_000_000.0
BATCH: Final = 10
_VISIBILITY: Final = 181
_FUNCTION: Final = 30
_COPY: Final = 5.0
_LONGEST: Final = 2 * 86_400  # seconds in which a scene has to end

Steps = Iterator[float]  # seconds that pass before the next step
Deliver = Callable[["Scene", "Invocation"], Steps]


class Died(Exception):
    """The worker is gone; nothing of the protocol catches it."""


@dataclass(slots=True, eq=False)
class Message:
    """A queue message; `turn` is raised with every change of its visibility."""

    delivery: Delivery
    sent_at: float
    first_at: float = 0.0
    receives: int = 0
    visible_at: float = 0.0
    turn: int = 0
    acknowledged: bool = False
    gone: bool = False


@dataclass(slots=True, eq=False)
class Invocation:
    """A worker with its batch, whose clock is wrong by `skew` seconds; `posts` are what it sent."""

    begun: float
    batch: list[Message]
    skew: float = 0.0
    posts: list[Post] = field(default_factory=list)
    steps: Steps = field(default_factory=lambda: iter(()))

    @property
    def deadline(self) -> float:
        """When it is killed."""
        return self.begun + _FUNCTION

    def clock(self, at: float) -> float:
        """Return what its clock shows at that time."""
        return at + self.skew


class Scene:
    """Runs a handful of deliveries until nothing is left in their queue."""

    def __init__(self, random: Random, weather: Weather, deliver: Deliver, *, apart: bool) -> None:
        self.random = random.random
        self.weather = weather
        self.ledger = Ledger()
        self.judge = Judge(self.ledger, apart)
        self.counts = self.judge.counts
        self.now = START
        self.outage: tuple[float, faults.Answer] = (0.0, faults.GOOD)
        self.down = 0.0, 0.0
        self.owners = 0
        self._due: list[tuple[float, int, Message | Invocation, int]] = []
        self._count = 0
        self._messages: list[Message] = []
        self._deliver = deliver
        if self.random() < self.weather.outage:
            kind = faults.REFUSED if self.random() < 0.7 else faults.EDGE
            self.outage = START + 600 * self.random(), kind
        if self.random() < self.weather.down:
            begin = START + 20 * self.random()
            self.down = begin, begin + 20 * self.random()

    def made(self, number: int) -> Delivery:
        """Return a delivery as they come: most are for users of their own."""
        weather = self.weather
        user = -1 if self.random() < 0.05 else number
        policy: OnUnknown = "hold" if self.random() < weather.held else "retry"
        chance = self.random()
        poison = weather.bad <= chance < weather.bad + weather.poison
        return Delivery(number, user, policy, chance < weather.bad, poison)

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
                self.counts[UNFINISHED] += 1
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
        batch = [it for it in self._messages if not it.gone and it.visible_at <= self.now][:BATCH]
        for message in batch:
            message.receives += 1
            message.first_at = message.first_at or self.now
            copied = self.random() < self.weather.copied
            hidden = _COPY * self.random() if copied else _VISIBILITY
            self.hide(message, self.now + hidden)
        skew = faults.SKEW * (2 * self.random() - 1) if self.judge.apart else 0.0
        invocation = Invocation(self.now, batch, skew)
        invocation.steps = self._deliver(self, invocation)
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
        else:
            self.judge.ends(invocation.posts, self.now)

    def _bury_worker(self, invocation: Invocation) -> None:
        self.counts["workers that died"] += 1
        batch = {message.delivery.id: message.delivery for message in invocation.batch}
        self.judge.dies(invocation.posts, batch.values(), self.now)
