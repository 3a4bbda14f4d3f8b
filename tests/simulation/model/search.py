"""Every state that can be reached with so many faults, breadth first, and what is wrong there."""

import gc
from dataclasses import dataclass, field

from tests.simulation.model.naming import canonical
from tests.simulation.model.properties import broken, is_quiet
from tests.simulation.model.rules import Rules
from tests.simulation.model.stepping import steps
from tests.simulation.model.world import Delivery, Message, World

# A state, and from which other by which step it was first reached.
Seed = tuple[int, str, World]


@dataclass(frozen=True)
class Violation:
    """How a property came not to hold: with how many faults, and the way there."""

    faults: int
    trace: tuple[str, ...]


@dataclass
class Found:
    """What a search has found: its states, and the first violation of each property."""

    states: int = 0
    violations: dict[str, Violation] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """What is searched: the deliveries of the messages, workers, faults; from where, if not from 0.

    A search takes seconds where it begins right before the step that matters.
    """

    messages: tuple[int, ...]
    workers: int
    faults: int
    first: World | None = None

    def begin(self) -> World:
        """Return the state in which a search begins."""
        several = tuple(Delivery() for _ in set(self.messages))
        return self.first or World(several, tuple(Message(of) for of in self.messages))


class Search:
    """A search of a scope under rules.

    A state that is reached with fewer faults can do whatever it can with more, so states are
    searched by their number of faults, and each once.
    """

    def __init__(self, rules: Rules, scope: Scope) -> None:
        self.rules = rules
        self.scope = scope
        self.found = Found()
        self.numbers: dict[World, int] = {}
        self.parents: list[tuple[int, str]] = []
        self.worlds: list[World] = []
        self.free: list[list[int]] = []

    def run(self, until: str = "") -> Found:
        """Search all, or until a violation of that property; return what is found.

        The first violation of a property takes as few faults as any.
        """
        gc.disable()  # nothing here is a cycle, and there are millions of tuples to look through
        try:
            return self._run(until)
        finally:
            gc.enable()

    def _run(self, until: str) -> Found:
        seeds: list[Seed] = [(-1, "", canonical(self.rules, self.scope.begin()))]
        for used in range(self.scope.faults + 1):
            seeds = self._layer(used, seeds, until)
            if not seeds or until in self.found.violations:
                break
        if not until:
            self._stuck()
        self.found.states = len(self.worlds)
        return self.found

    def _layer(self, used: int, seeds: list[Seed], until: str) -> list[Seed]:
        begin = len(self.worlds)
        for parent, told, world in seeds:
            self._number(parent, told, world, used)
        later: list[Seed] = []
        at = begin
        while at < len(self.worlds) and until not in self.found.violations:
            self._expand(at, used, later)
            at += 1
        return later

    def _expand(self, at: int, used: int, later: list[Seed]) -> None:
        last = used == self.scope.faults
        for told, world, cost in steps(self.rules, self.worlds[at], self.scope.workers, last=last):
            if cost and (last or cost > 1):
                continue
            number, same = self.numbers.get(world), world
            if number is None:  # the names of a known one are in order already
                same = canonical(self.rules, world)
                number = self.numbers.get(same)
            if number is None and cost:
                later.append((at, told, same))
            elif not cost:
                found = self._number(at, told, same, used) if number is None else number
                self.free[at].append(found)

    def _number(self, parent: int, told: str, world: World, used: int) -> int:
        number = self.numbers.get(world)
        if number is not None:
            return number
        number = self.numbers[world] = len(self.worlds)
        self.worlds.append(world)
        self.parents.append((parent, told))
        self.free.append([])
        for name in broken(self.rules, world):
            if name not in self.found.violations:
                self.found.violations[name] = Violation(used, self._trace(number))
        return number

    def _trace(self, number: int) -> tuple[str, ...]:
        told: list[str] = []
        while number > 0:
            number, step = self.parents[number]
            told.append(step)
        return tuple(reversed(told))

    def _stuck(self) -> None:
        """Look for a state from which nothing quiet can be reached without a further fault."""
        before: list[list[int]] = [[] for _ in self.worlds]
        for number, after in enumerate(self.free):
            for each in after:
                before[each].append(number)
        quiet = [number for number, world in enumerate(self.worlds) if is_quiet(world)]
        live = set(quiet)
        while quiet:
            for each in before[quiet.pop()]:
                if each not in live:
                    live.add(each)
                    quiet.append(each)
        stuck = next((each for each in range(len(self.worlds)) if each not in live), None)
        if stuck is not None:
            way = self._trace(stuck)
            self.found.violations["liveness"] = Violation(self.scope.faults, way)
