"""The measurement: rounds in which every way has its turn, then what is counted once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Final

from bench.deliver.packages import RELEASE
from bench.deliver.webhooks import TOPICS
from bench.ingest import packages
from bench.ingest.bodies import FEW, LARGE, MANY, SMALL, SOME
from bench.ingest.cold import Function, RuntimeApi, first, imports
from bench.ingest.figures import (
    DELIVER,
    HAND,
    INGEST,
    KIT,
    LIGHT,
    LOGGED,
    MAPPING,
    ONCE,
    PLAIN,
    UNWANTED,
    beyond,
    cold,
    message,
    peak,
    webhook,
    zipped,
)
from bench.ingest.ways import CROWDS, functions, variables
from bench.processes import Ways
from bench.results import OURS, Result
from bench.rounds import Rounds, Task

_RELAYS: Final = (OURS, RELEASE)
_UNKNOWN: Final = "orders/cancelled"  # a topic of no rule


_HOLDING: Final[Mapping[str, Callable[[Function, Mapping[str, str]], list[str]]]] = {
    "imports": imports,
    "first": first,
    "whole": partial(first, begun="whole"),
    "parts": lambda function, _: packages.parts(function.package),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured; `seconds` are those of CPU of each figure in each round.

    `warm` are the invocations after the first, to compare it with; after `peak_invocations` memory
    is read.
    """

    ways: tuple[str, ...]
    seconds: float
    rounds: int
    cold_rounds: int
    warm: int
    peak_rounds: int
    peak_invocations: int


FULL: Final = Amount(
    (*_RELAYS, PLAIN, ONCE, HAND, LIGHT, KIT, *CROWDS.values()),
    seconds=0.2,
    rounds=11,
    cold_rounds=9,
    warm=10,
    peak_rounds=3,
    peak_invocations=100,
)
QUICK: Final = Amount(
    (OURS, PLAIN, HAND, CROWDS[OURS]),
    seconds=0,  # everything once
    rounds=1,
    cold_rounds=1,
    warm=1,
    peak_rounds=1,
    peak_invocations=2,
)


def warm_tasks(seconds: float) -> list[Task]:
    """Return what is measured in processes that are warm."""
    given = {"seconds": seconds}
    small = {**given, "size": SMALL}
    mapped = round(50_000 * seconds)  # one takes some 20 microseconds
    return [
        Task(MAPPING, (OURS, HAND), "mapping", given),
        Task(MAPPING, (KIT,), "map", {"events": mapped}),
        *(
            Task(message(FEW, size), (OURS, HAND, LIGHT), "message", {**given, "size": size})
            for size in (SMALL, LARGE)
        ),
        *(
            Task(message(rules, SMALL), (OURS,), "message", {**small, "rules": rules})
            for rules in (SOME, MANY)
        ),
        *(
            Task(webhook(size), (*_RELAYS, PLAIN, ONCE), "webhook", {**given, "size": size})
            for size in (SMALL, LARGE)
        ),
    ]


class Measurement:
    """Figures as they come; `say` is told of each round."""

    def __init__(self, ways: Ways, url: str, say: Callable[[str], None]) -> None:
        self._ways, self._say = ways, say
        self._variables = variables(url)
        self._rounds = Rounds(ways.running, say)
        self._functions = functions(ways)

    @property
    def figures(self) -> dict[str, dict[str, list[float]]]:
        """The figures so far."""
        return self._rounds.figures

    def run(self, amount: Amount) -> None:
        """Measure everything."""
        self._count()
        with RuntimeApi() as api:
            self._start_cold(api, amount.cold_rounds, 1 + amount.warm)
            self._fill_memory(api, amount.peak_rounds, amount.peak_invocations)
        self._rounds.run(warm_tasks(amount.seconds), amount.rounds, "warm")

    def _start_cold(self, api: RuntimeApi, rounds: int, count: int) -> None:
        """Start every function in each round, after a round in which files are read from disk."""
        places = [(name, way) for name, ways in self._functions.items() for way in ways]
        for number in range(0 if rounds > 1 else 1, rounds + 1):
            self._say(f"cold, round {number} of {rounds}")
            for name, way in places[:: 1 if number % 2 else -1]:
                found = api.start(self._functions[name][way], self._variables, count)
                if number:
                    self.figures[cold(name)][way].append(found.answered)
                    self.figures[beyond(name)][way].append(found.beyond)

    def _fill_memory(self, api: RuntimeApi, rounds: int, count: int) -> None:
        for number, name in product(range(rounds), (INGEST, DELIVER)):
            self._say(f"memory of {name}, round {number + 1} of {rounds}")
            for way in _RELAYS:
                if function := self._functions[name].get(way):
                    found = api.start(function, self._variables, count)
                    self.figures[peak(name)][way].append(found.peak)

    def _count(self) -> None:
        """Weigh the packages, and the log lines."""
        for name, way in product((INGEST, DELIVER), _RELAYS):
            if function := self._functions[name].get(way):
                self.figures[zipped(name)][way] = [packages.megabytes(function.package)]
        for way, crowd in CROWDS.items():
            if crowd in self._ways.running:
                lines = self._ways.running[crowd].ask("logged", topic=_UNKNOWN)
                self.figures[UNWANTED][way] = [max(lines)]
                lines = self._ways.running[way].ask("logged", topic=TOPICS["plain"])
                self.figures[LOGGED][way] = [sum(lines)]

    def excerpt(self, result: Result) -> list[str]:
        """Return what holds a goal that is not met: where CPU goes, or what is imported."""
        holds = result.row.holds or {}
        if name := holds.get("function"):
            function = self._functions[str(name)][OURS]
            return _HOLDING[str(holds["do"])](function, self._variables)
        if not holds:
            return []
        lines: list[str] = self._ways.running[OURS].ask("profile", task=dict(holds))
        return lines
