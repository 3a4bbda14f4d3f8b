"""Rounds of a measurement, in which every way has its turn."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from bench.processes import Program


class Task(NamedTuple):
    """What is asked in each round, of which ways."""

    figure: str
    ways: tuple[str, ...]
    do: str
    given: dict[str, Any]


class Rounds:
    """Figures as they come, by figure and way; `say` is told of each round."""

    def __init__(self, running: Mapping[str, Program], say: Callable[[str], None]) -> None:
        self._running, self._say = running, say
        self.figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def run(self, tasks: Sequence[Task], rounds: int, kind: str) -> None:
        """Ask the ways that run for each task, so many times."""
        for number in range(rounds):
            self._say(f"{kind}, round {number + 1} of {rounds}")
            for task in tasks:
                # The order changes, so that no way always follows the same other.
                for name in task.ways[:: 1 if number % 2 else -1]:
                    if name in self._running:
                        value = self._running[name].ask(task.do, **task.given)
                        self.figures[task.figure][name].append(value)
