"""The measurement: rounds in which every way has its turn, and calls counted at the sink."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.deliver.answers import DYNAMODB
from bench.deliver.figures import (
    CALLS,
    EVENT,
    INSIDE,
    PATH,
    REQUESTS,
    WRITES,
    cpu,
    logged,
    wall,
)
from bench.deliver.packages import RELEASE
from bench.deliver.sink import CALLS as DYNAMODB_CALLS
from bench.deliver.sink import RECIPIENTS
from bench.deliver.sink import REQUESTS as BRAZE_REQUESTS
from bench.deliver.sink import WRITES as DYNAMODB_WRITES
from bench.deliver.ways import SEGMENT, TYPICAL, Sink
from bench.deliver.webhooks import MOST
from bench.processes import Ways
from bench.results import OURS, Result
from bench.rounds import Rounds, Task
from relay.cost.measured import BRAZE_MS, DYNAMODB_MS

SIZES: Final = (1, 10, 50)
_RULES: Final = ("plain", "canvas", "hold", "mixed")
_BATCHES: Final = {f"{CALLS}canvas": "canvas", REQUESTS: "mixed"}  # whose calls are shown
_MIXED: Final = 3  # rules in a batch that has some of each: so many requests at the least
_RELAYS: Final = (OURS, RELEASE)


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured.

    `seconds` are those of CPU of each figure in each round; `counted` are the batches whose calls
    are counted, of each rule.
    """

    ways: tuple[str, ...]
    seconds: float
    rounds: int
    waiting_rounds: int
    counted: int


FULL: Final = Amount((OURS, RELEASE, TYPICAL, SEGMENT), 0.25, 9, 5, 3)
QUICK: Final = Amount((OURS, TYPICAL), 0, 1, 1, 1)  # everything once


def cpu_tasks(seconds: float) -> list[Task]:
    """Return what is measured in CPU time."""

    def of(rule: str, size: int, *ways: str) -> Task:
        given = {"rule": rule, "size": size, "seconds": seconds}
        return Task(cpu(rule, size), ways, "cpu", given)

    return [
        *(of("plain", size, *_RELAYS, TYPICAL) for size in SIZES),
        *(of(rule, MOST, *_RELAYS) for rule in ("canvas", "hold")),
        *(of("track", size, OURS) for size in (10, MOST)),
        Task(EVENT, (SEGMENT,), "send", {"events": round(2000 * seconds), "together": MOST}),
        Task(PATH, _RELAYS, "path", {"seconds": 2 * seconds, "inside": False}),
        Task(INSIDE, _RELAYS, "path", {"seconds": 2 * seconds, "inside": True}),
    ]


def wall_tasks() -> list[Task]:
    """Return what is measured in wall time; 50 of the typical worker take 5 times as long as 10."""
    tasks = []
    for size in SIZES:
        ways = _RELAYS if size == MOST else (*_RELAYS, TYPICAL)
        tasks.append(Task(wall(size), ways, "wall", {"rule": "plain", "size": size}))
    return tasks


class Measurement:
    """Figures as they come; `say` is told of each round."""

    def __init__(self, ways: Ways, sink: Sink, say: Callable[[str], None]) -> None:
        self._ways, self._sink = ways, sink
        self._rounds = Rounds(ways.running, say)

    @property
    def figures(self) -> dict[str, dict[str, list[float]]]:
        """The figures so far."""
        return self._rounds.figures

    def run(self, amount: Amount) -> None:
        """Measure everything."""
        for name in set(self._ways.running) & {*_RELAYS, TYPICAL}:
            self._count(name, amount.counted)
        self._rounds.run(cpu_tasks(amount.seconds), amount.rounds, "CPU")
        self._sink.delay(DYNAMODB_MS, BRAZE_MS)
        self._rounds.run(wall_tasks(), amount.waiting_rounds, "wall")
        self._sink.delay(0, 0)

    def _count(self, name: str, times: int) -> None:
        """Count the calls of batches of 50 at the sink; of smaller ones, what they cost."""
        sent = fewest = 0
        for rule in _RULES[:1] if name == TYPICAL else _RULES:
            sent += self._counted(name, rule, MOST, times)
            fewest += times * (_MIXED if rule == "mixed" else 1)
        self.figures[REQUESTS][name] = [sent / fewest]
        if name != TYPICAL:
            if name == OURS:
                self._counted(name, "track", MOST, times)
            for size in SIZES:
                self._counted(name, "plain", size, times)
                written = self._ways.running[name].ask("logged", size=size)
                self.figures[logged(size)][name] = [written]

    def _counted(self, name: str, rule: str, size: int, times: int) -> int:
        """Return the requests that batches take; raise where one recipient was not sent."""
        self._sink.counts()
        self._serve(name, rule, size, times)
        counts, recipients = self._sink.counts(), size * times
        if counts[RECIPIENTS] != recipients:
            raise ValueError(counts)
        kind = rule if size == MOST else f"{rule}, {size}"
        self.figures[f"{CALLS}{kind}"][name] = [counts[DYNAMODB_CALLS] / recipients]
        self.figures[f"{WRITES}{kind}"][name] = [counts[DYNAMODB_WRITES] / recipients]
        return counts[BRAZE_REQUESTS]

    def _serve(self, name: str, rule: str, size: int, times: int) -> None:
        for _ in range(times):
            self._ways.running[name].ask("deliver", rule=rule, size=size)

    def excerpt(self, result: Result) -> list[str]:
        """Return what holds a goal that is not met: a profile, or the calls of a batch of 50."""
        program = self._ways.running[OURS]
        if result.row.holds:
            lines: list[str] = program.ask("profile", task=dict(result.row.holds))
            return lines
        self._sink.counts()
        rule = _BATCHES.get(result.row.figure, "plain")
        self._serve(OURS, rule, MOST, 1)
        counts = self._sink.counts()
        names = [name for name in counts if name.startswith(DYNAMODB) or name == BRAZE_REQUESTS]
        return [f"{counts[name]} {name.removeprefix(DYNAMODB)}" for name in sorted(names)]
