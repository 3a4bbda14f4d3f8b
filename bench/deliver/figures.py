"""Figures of delivering, and the rows of its table: what is shown beside what, with which goal."""

from typing import Final

from bench.deliver.packages import RELEASE
from bench.deliver.ways import SEGMENT, TYPICAL
from bench.results import OURS, Goal, Row


def cpu(rule: str, size: int) -> str:
    """Return the figure of the CPU of batches of a size: microseconds of a recipient."""
    return f"CPU, {rule}, {size}"


def logged(size: int) -> str:
    """Return the figure of what is logged of a recipient, in a batch of a size: bytes."""
    return f"bytes of log, {size}"


def wall(size: int) -> str:
    """Return the figure of the wall time of a batch of a size: milliseconds."""
    return f"wall, {size}"


CALLS: Final = "DynamoDB calls, "
WRITES: Final = "DynamoDB writes, "
REQUESTS: Final = "requests to the fewest"
PATH: Final = "path, AWS over sockets"
INSIDE: Final = "path, AWS in process"
EVENT: Final = "CPU of an event"

_CPU: Final = "µs"
_RATE: Final = "recipients/core-s"
_FIFTY: Final = {"do": "cpu", "rule": "plain", "size": 50, "seconds": 0.5}


def _cpu_row(size: int, other: str, rule: str = "plain", goal: Goal | None = None) -> Row:
    what = f"CPU of a recipient, {'' if rule == 'plain' else f'{rule} rule, '}batch of {size}"
    figure = cpu(rule, size)
    return Row(what, _CPU, figure, (figure, other), goal, holds=_FIFTY if goal else None)


def _event_row(size: int) -> Row:
    """Return the row of an event beside a campaign's recipient, which has one field more."""
    what, sent = f"CPU of an event, batch of {size}", cpu("plain", size)
    goal = Goal(1.1)
    return Row(what, _CPU, cpu("track", size), (sent, OURS), goal, beside="a recipient")


_SOCKETS: Final = "whole path, queue and ledger over sockets"
_IN_PROCESS: Final = "whole path, AWS answering in process"


def _counted_row(what: str, figure: str, goal: Goal | None = None) -> Row:
    return Row(what, "", figure, (figure, RELEASE), goal, counted=True)


def _path_row(what: str, figure: str, goal: float) -> Row:
    holds = {"do": "path", "seconds": 0.5, "inside": figure == INSIDE}
    reached = Goal(goal, at_least=True)
    return Row(what, _RATE, figure, (EVENT, SEGMENT), reached, per=1e6, holds=holds)


ROWS: Final = (
    _cpu_row(50, RELEASE, goal=Goal(0.25)),
    _cpu_row(10, RELEASE),
    _cpu_row(1, RELEASE),
    _cpu_row(50, RELEASE, "canvas"),
    _cpu_row(50, RELEASE, "hold"),
    _cpu_row(50, TYPICAL),
    _cpu_row(10, TYPICAL),
    _cpu_row(1, TYPICAL),
    Row("CPU of a recipient, batch of 50", _CPU, cpu("plain", 50), (EVENT, SEGMENT)),
    _event_row(50),
    _event_row(10),
    Row("wall time, batch of 50", "ms", wall(50), (wall(50), RELEASE), Goal(0.4)),
    Row("wall time, batch of 10", "ms", wall(10), (wall(10), RELEASE)),
    Row("wall time, batch of 1", "ms", wall(1), (wall(1), RELEASE)),
    Row("wall time, batch of 10", "ms", wall(10), (wall(10), TYPICAL)),
    _counted_row("DynamoDB calls of a recipient, batch of 50", f"{CALLS}plain", Goal(0.13)),
    _counted_row("DynamoDB calls of a recipient, Canvas", f"{CALLS}canvas", Goal(0.2)),
    _counted_row("items written of a recipient, batch of 50", f"{WRITES}plain"),
    _counted_row("items written of a recipient, Canvas", f"{WRITES}canvas"),
    _counted_row("items written of a recipient, batch of 10", f"{WRITES}plain, 10"),
    _counted_row("bytes of log of a recipient, batch of 10", logged(10)),
    _counted_row("requests to Braze / Σ⌈n/50⌉", REQUESTS, Goal(1)),
    _path_row(_SOCKETS, PATH, 0.3),
    _path_row(_IN_PROCESS, INSIDE, 1.2),
    Row(_SOCKETS, _RATE, PATH, (PATH, RELEASE), per=1e6),
)
