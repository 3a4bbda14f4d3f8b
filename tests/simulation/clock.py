"""Virtual time: seconds since the epoch that pass only when somebody lets them."""

from typing import Final, Protocol

START: Final = 1_790_000_000.0  # 2026-09-21, 14:13:20 UTC


class Time(Protocol):
    """What the ports use of time: to call it is to read it, to sleep is to let others go on."""

    def __call__(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


class Clock:
    """Time for one alone: a sleep moves it on."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds
