"""Faults by enumeration: every call of a small run, struck by every kind of fault."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final, NamedTuple

from tests.simulation import till
from tests.simulation.braze_faults import FAILURES, OF_ARRAYS
from tests.simulation.faults import Fault, Plan
from tests.simulation.invariants import breaches
from tests.simulation.partiql import CODES
from tests.simulation.shop import SOURCE as SHOP
from tests.simulation.shop import TILL
from tests.simulation.world import Setting, World

# Three confirmations, which go in one request, and four receipts of low priority and under hold,
# three of which do so too.
SETTING: Final = Setting(207, webhooks=7, rate=10, workers=2, senders=1, repeated=0)
# Three orders, refunds and changes in one request, some of whose objects Braze refuses; a refund
# after its order; and two choices of one person.
COUNTED: Final = replace(SETTING, webhooks=6, make=till.few, refuses=till.refuses)
SETTINGS: Final = {SHOP: SETTING, TILL: COUNTED}
_TIMED_OUT: Final = 40  # seconds: longer than an invocation of either function
_FROZEN: Final = 300  # seconds: until others have the messages, and find the lease over
_OF_AWS: Final = (
    Fault("error"),
    Fault("throttled"),
    Fault("lost"),
    Fault("slow", _TIMED_OUT),
    Fault("dies_before"),
    Fault("dies_after"),
    Fault("copied", 5),
    Fault("away", 20),
)
_OF_BRAZE: Final = (
    *(Fault(kind) for kind in FAILURES),
    Fault("late", 120),
    Fault("slow", _TIMED_OUT),
    Fault("dies_before"),
    Fault("dies_after"),
    Fault("copied", 5),
)
_OF_DETAILS: Final = (
    *(Fault(kind) for kind in ("timeout", "server_error", "forbidden", "page", "cut")),
    Fault("slow", _TIMED_OUT),
    Fault("dies_before"),
    Fault("dies_after"),
    Fault("copied", 5),
)
_OF_CLOCKS: Final = (Fault("ahead", 300), Fault("behind", 300))
_KINDS: Final = {
    "secretsmanager.get_secret_value": _OF_AWS,
    "sqs.send_message_batch": _OF_AWS,
    "dynamodb.get_item": _OF_AWS,
    "dynamodb.update_item": _OF_AWS,
    "dynamodb.batch_execute_statement": _OF_AWS,
    "dynamodb.entry": tuple(Fault(kind) for kind in (*CODES, "dies_before")),
    "dynamodb.request": (Fault("frozen", _FROZEN),),
    "dynamodb.answer": (Fault("short"),),
    "braze.post": _OF_BRAZE,
    "braze.get": _OF_DETAILS,
    "sqs.entry": (Fault("failed"),),
    "sqs.copy": (Fault("copy", 5),),
    "sqs.undone": (Fault("undone"),),
    "ingest.queue": (Fault("missing"),),
    "clock.ingest": _OF_CLOCKS,
    "clock.worker": _OF_CLOCKS,
}
_OF_TILL: Final = {
    **_KINDS,
    "sqs.send_message": _OF_AWS,  # of a letter
    "braze.post": (*_OF_BRAZE, *(Fault(kind) for kind in OF_ARRAYS)),
}
# Only what waits is postponed, and in a run in which nothing fails nothing waits.
_OF_WAITS: Final = {
    "sqs.change_message_visibility_batch": _OF_AWS,
    "sqs.unset": (Fault("failed"),),
}
# How look-ups fail in storms beside those above. They are few there, so that chance may leave out
# one of these.
_OF_LOOKUPS: Final = {
    "braze.get": tuple(
        Fault(kind) for kind in ("reset", "refused", "limited", "edge", "interim", "headless")
    )
}


class Cell(NamedTuple):
    """A fault at the nth call of a point, counted from 1."""

    point: str
    call: int
    fault: Fault

    def __str__(self) -> str:
        return f"{self.point}-{self.call}-{self.fault.kind}"


class Struck(Plan):
    """Strikes the calls that it is told to, and counts all of them.

    Faults of its own: `copied`, the call is slow, and meanwhile another worker gets what the caller
    works on; `away`, from this call on the service throttles all calls, longer than they are tried.
    """

    def __init__(self, *cells: Cell) -> None:
        super().__init__(0, {})
        self.calls: Counter[str] = Counter()
        self._cells = {(it.point, it.call): it.fault for it in cells}

    def at(self, point: str, /) -> Fault | None:
        self.calls[point] += 1
        fault = self._cells.get((point, self.calls[point]))
        if fault is not None and fault.kind == "away":
            now = self.clock()
            self.down.append((now, now + fault.seconds, point.partition(".")[0]))
        if self.is_down(point):
            return Fault("throttled")
        if fault is None or fault.kind != "copied":
            return fault and self._met(fault)
        self.copy()
        return Fault("slow", fault.seconds)


UNANSWERED: Final = Cell("braze.post", 1, Fault("unavailable"))  # that of three confirmations


@cache
def cells(of: str = SHOP) -> tuple[Cell, ...]:
    """Return every kind of fault at every call of a run in which nothing fails."""
    return _cells(Struck(), _OF_TILL if of == TILL else _KINDS, of)


@cache
def cells_of_waits() -> tuple[Cell, ...]:
    """Return every kind of fault at every wait that is set in a run in which one request fails."""
    return _cells(Struck(UNANSWERED), _OF_WAITS)


@cache
def cells_of_lookups() -> tuple[Cell, ...]:
    """Return the other kinds of fault at every look-up of a run in which nothing fails."""
    return _cells(Struck(), _OF_LOOKUPS)


def _cells(
    plan: Struck, kinds: Mapping[str, tuple[Fault, ...]], of: str = SHOP
) -> tuple[Cell, ...]:
    World(SETTINGS[of], plan).run()
    return tuple(
        Cell(point, call, fault)
        for point, faults in kinds.items()
        for call in range(1, plan.calls[point] + 1)
        for fault in faults
    )


def broken(*struck: Cell, of: str = SHOP) -> dict[str, list[str]]:
    """Return which invariants do not hold in a run with these faults."""
    world = World(SETTINGS[of], Struck(*struck))
    world.run()
    return {name: list(found) for name, found in breaches(world).items()}
