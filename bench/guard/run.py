"""Workers that write to profiles, pair by pair, in virtual time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from random import Random
from typing import Final

from bench.guard.profiles import NEWER, OLDER, RATES, Profiles
from bench.guard.turns import Write, Writer
from tests.simulation.baton import Baton
from tests.simulation.clock import START
from tests.simulation.faults import Plan
from tests.simulation.line import Died

_WORKERS: Final = 8
_RATE: Final = 2.0  # pairs a second
_LATE: Final = (-1.25, 5.0)  # seconds that the older write of a pair comes after its newer
_FUNCTION: Final = 30
_VISIBILITY: Final = 181


@dataclass(slots=True)
class Line:
    """The writes that are due, and the workers that do them."""

    clock: Baton
    writer: Writer
    plan: Plan
    due: list[tuple[float, int, Write]]
    busy: int = 0
    count: int = 0

    def work(self) -> None:
        """Do what is due until nothing is left; what dies comes again."""
        while self.due or self.busy:
            if not self.due or self.due[0][0] > self.clock():
                self.clock.sleep(0.5 if not self.due else min(0.5, self._early()))
                continue
            at, _, write = heappop(self.due)
            if self.plan.at("queue.copy"):
                self._add(at + 1, write)
            self.busy += 1
            seconds = self._done(write)
            self.busy -= 1
            if seconds is not None:
                self._add(self.clock() + seconds, write)

    def _early(self) -> float:
        return self.due[0][0] - self.clock()

    def _done(self, write: Write) -> float | None:
        actor = self.clock.current
        actor.deadline = self.clock() + _FUNCTION
        try:
            return self.writer.deliver(write, actor.deadline)
        except Died:
            return _VISIBILITY
        finally:
            actor.deadline = float("inf")

    def _add(self, at: float, write: Write) -> None:
        self.count += 1
        heappush(self.due, (at, self.count, write))


def run(seed: int, pairs: int, *, guarded: bool) -> Counter[str]:
    """Let so many pairs of writes come, each in any order; return the counts."""
    random, clock = Random(f"{seed}/{pairs}"), Baton()
    plan = Plan(seed, RATES, clock)
    profiles = Profiles(clock, plan)
    due = [*_made(random, pairs)]
    overtaken = _overtaken(due)
    heapify(due)
    writer = Writer.on(clock, plan, profiles, guarded=guarded)
    line = Line(clock, writer, plan, due, count=len(due))
    for _ in range(_WORKERS):
        clock.add(line.work)
    clock.run()
    counts = profiles.judged(pairs)
    counts.update({"pairs": pairs, "newer came first": overtaken})
    return counts


def _made(random: Random, pairs: int) -> Iterator[tuple[float, int, Write]]:
    at = START
    for profile in range(pairs):
        at += random.expovariate(_RATE)
        yield at + random.uniform(*_LATE), 2 * profile, Write(profile, OLDER)
        yield at, 2 * profile + 1, Write(profile, NEWER)


def _overtaken(due: list[tuple[float, int, Write]]) -> int:
    times = [at for at, _, _ in due]
    return sum(older > newer for older, newer in zip(times[::2], times[1::2], strict=True))
