"""Faults by the call that they strike: drawn from a seed, or written down."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple, Protocol


class Fault(NamedTuple):
    """What goes wrong with one call.

    Of AWS: `error` (not applied; the service or the network says so), `throttled` (not applied),
    `lost` (applied, the answer is lost), `slow` (applied, the answer takes `seconds`),
    `dies_before` and `dies_after` (the caller is gone, the call was not or was applied). Of one
    statement of a batch: `error`, `throttled` and `conflict` (not applied), `lost` (applied, its
    result says that it failed), `dies_before` (those before it were applied, and the caller is
    gone). Of an answer to a batch: `short` (the last result is missing). Of a write of a batch
    request's item: `frozen` (the caller and all its clocks stand still for `seconds`, and go on).
    Braze's and the queue's own kinds stand in `braze.py` and `sqs.py`. `seconds` is what it takes.
    """

    kind: str
    seconds: float = 0.0


_DOWN: Final = Fault("error", 0.5)
# Points that are calls; others are what may go wrong inside one.
_CALLS: Final = frozenset(
    {
        "get_item",
        "put_item",
        "update_item",
        "batch_execute_statement",
        "send_message",
        "send_message_batch",
        "delete_message",
        "change_message_visibility",
        "change_message_visibility_batch",
        "get_secret_value",
    }
)


class Faults(Protocol):
    """Says what strikes a call; `point` is `service.operation`."""

    def at(self, point: str, /) -> Fault | None: ...


class Calm:
    """No faults."""

    def at(self, _point: str, /) -> Fault | None:
        return None


class Script:
    """Faults that are written down: (point, number of its call from 1) -> fault."""

    def __init__(self, faults: Mapping[tuple[str, int], Fault]) -> None:
        self.calls: Counter[str] = Counter()
        self._faults = faults

    def at(self, point: str, /) -> Fault | None:
        self.calls[point] += 1
        return self._faults.get((point, self.calls[point]))


class Once:
    """One fault, at the nth call of a point from now on."""

    def __init__(self) -> None:
        self.left: tuple[str, int, Fault] | None = None

    def at(self, point: str, /) -> Fault | None:
        if self.left is None or self.left[0] != point:
            return None
        _, calls, fault = self.left
        self.left = (point, calls - 1, fault) if calls > 1 else None
        return fault if calls == 1 else None


# A rate is a probability at each call. A fault's seconds are the longest; drawn evenly up to it.
Rates = Mapping[str, Mapping[Fault, float]]


class Plan:
    """Faults drawn from a seed: the same calls in the same order meet the same faults.

    `rates` maps a point, or `service.*`, to faults and their probabilities. `down` are times in
    which a service fails at every call: begin, end, service. `active` switches all of them off
    and on again; `struck` counts them by point and kind. `copy` makes what the caller works on
    visible in the queue again, `freeze` lets the caller stand still for so many seconds.
    """

    def __init__(self, seed: int, rates: Rates, clock: Callable[[], float] = lambda: 0) -> None:
        self.active = True
        self.copy: Callable[[], None] = lambda: None
        self.freeze: Callable[[float], None] = lambda _seconds: None
        self.down: list[tuple[float, float, str]] = []
        self.clock = clock
        self.struck: Counter[tuple[str, str]] = Counter()
        self._random: Final = Random(seed)  # noqa: S311 - to be repeated
        self._rates = rates
        self._tables: dict[str, tuple[list[float], list[Fault]]] = {}

    def at(self, point: str, /) -> Fault | None:
        table = self._tables.get(point) or self._table(point)
        chance = self._random.random()
        sums, faults = table
        if not self.active:
            return None
        if self.down and self.is_down(point):
            return _DOWN
        if chance >= sums[-1]:
            return None
        fault = faults[bisect_right(sums, chance)]
        self.struck[point, fault.kind] += 1
        return self._met(fault._replace(seconds=fault.seconds * self._random.random()))

    def _met(self, fault: Fault) -> Fault:
        """Do to the caller what is done before its call; the rest is done by the service."""
        if fault.kind == "frozen":
            self.freeze(fault.seconds)
        return fault

    def is_down(self, point: str) -> bool:
        """Return whether a call meets a service in a time in which it fails."""
        service, _, operation = point.partition(".")
        now = self.clock()
        return operation in _CALLS and any(
            service == each and begin <= now < end for begin, end, each in self.down
        )

    def _table(self, point: str) -> tuple[list[float], list[Fault]]:
        service = f"{point.partition('.')[0]}.*"
        rates = {**self._rates.get(service, {}), **self._rates.get(point, {})}
        table = ([*accumulate(rates.values())] or [0.0], [*rates])
        self._tables[point] = table
        return table
