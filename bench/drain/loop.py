"""Virtual time: processes are generators that yield the seconds that they take."""

from collections import deque
from collections.abc import Callable, Generator
from heapq import heappop, heappush

# A process yields seconds to sleep, or the bell that it waits for.
Process = Generator["float | Bell", None, None]


class Bell:
    """Something that processes wait for; each ring wakes so many of them."""

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop
        self.waiting: deque[Process] = deque()

    def ring(self, times: int) -> None:
        """Wake those who have waited longest."""
        for _ in range(min(times, len(self.waiting))):
            self._loop.spawn(self.waiting.popleft())


class Loop:
    """The clock, and what happens next; called, it returns seconds since the epoch."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._due: list[tuple[float, int, Process | Callable[[], None]]] = []
        self._count = 0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def spawn(self, process: Process, after: float = 0) -> None:
        """Let a process go on, in so many seconds."""
        self.at(self.now + after, process)

    def at(self, when: float, what: "Process | Callable[[], None]") -> None:
        """Let a process go on, or call a function, at a time."""
        self._count += 1
        heappush(self._due, (when, self._count, what))

    def run(self, until: Callable[[], bool]) -> None:
        """Let all happen until a condition holds, or nothing is left to happen."""
        while self._due and not until():
            self.now, _, what = heappop(self._due)
            if isinstance(what, Generator):
                self._go(what)
            else:
                what()

    def _go(self, process: Process) -> None:
        pause = next(process, None)
        if isinstance(pause, Bell):
            pause.waiting.append(process)
        elif pause is not None:
            self.spawn(process, pause)
