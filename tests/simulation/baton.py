"""Actors that take turns in virtual time: one runs at a time, and who is next is no accident.

An actor runs until it sleeps; then whoever has to wake first goes on. All calls of the ports
sleep, so that actors are interleaved at their calls, and the same seed gives the same order.
They are greenlets: threads that hand on a lock take a third more of a busy machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from heapq import heappop, heappush
from struct import Struct
from typing import Final

from greenlet import getcurrent, greenlet

from tests.simulation.clock import START
from tests.simulation.line import Died

_NOTE: Final = Struct("<Hdd")
_NEVER: Final = float("inf")


@dataclass(slots=True)
class Actor:
    """One life. After `deadline` it is killed where it is, as Lambda does."""

    number: int
    life: greenlet
    deadline: float = _NEVER


class Baton:
    """Virtual time, shared: to call it is to read it, to sleep is to hand it on."""

    def __init__(self, now: float = START) -> None:
        self.now = now
        self.current = Actor(0, getcurrent())
        self._stage = self.current.life
        self._trace = blake2b(digest_size=16)
        self._actors = 0
        self._count = 0
        self._due: list[tuple[float, int, Actor]] = []

    def __call__(self) -> float:
        return self.now

    def add(self, run: Callable[[], None], at: float = 0) -> None:
        """Let somebody act, `at` so many seconds from now."""
        self._actors += 1
        self._note(self.now + at, Actor(self._actors, greenlet(run)))

    def run(self) -> str:
        """Let all act until nobody is left; return the trace of who slept when, in hex.

        Raise what an actor has raised: the others then stop where they are.
        """
        self._stage = getcurrent()
        try:
            while self._due:
                self.now, _, self.current = heappop(self._due)
                self.current.life.parent = self._stage
                self.current.life.switch()
        finally:
            self._due = []  # what a failed run leaves sleeping wakes nobody when it is taken down
        return self._trace.hexdigest()

    def sleep(self, seconds: float, /) -> None:
        """Let the others go on for so long; raise Died where the actor's deadline comes first."""
        me = self.current
        until = self.now + seconds
        killed = until >= me.deadline
        if killed:
            until = max(self.now, me.deadline)
        self._trace.update(_NOTE.pack(me.number, self.now, until))
        if not self._due or until < self._due[0][0]:  # nobody else is due: no need to hand on
            self.now = until
        else:
            self._note(until, me)
            self._stage.switch()
        if killed:
            me.deadline = _NEVER
            raise Died

    def trace(self, text: str) -> None:
        """Put something that has happened into the trace."""
        self._trace.update(text.encode())

    def _note(self, until: float, actor: Actor) -> None:
        self._count += 1
        heappush(self._due, (until, self._count, actor))
