"""Figures of ingest and of cold starts, and the rows of their table."""

from collections.abc import Iterator
from typing import Final

from bench.deliver.packages import RELEASE
from bench.deliver.ways import TYPICAL as WORKER
from bench.ingest.bodies import FEW, LARGE, MANY, SMALL, SOME
from bench.results import OURS, Goal, Row

PLAIN: Final = "typical handler"
ONCE: Final = "typical handler, idempotent"
HAND: Final = "by hand"
LIGHT: Final = "by hand, packed at level 1"
KIT: Final = "Segment's mapping kit"
INGEST, DELIVER = "ingest", "deliver"
CROWDED: Final = f"{INGEST} of {MANY} rules"

MAPPING: Final = "CPU of a mapping"
LOGGED: Final = "bytes of log of a webhook"
UNWANTED: Final = "bytes of the log line of an event that no rule wants"


def with_bytecode(way: str) -> str:
    """Return the name of a way whose package has bytecode."""
    return f"{way}, bytecode"


def cold(function: str) -> str:
    """Return the figure of a function's CPU to its first answer: milliseconds."""
    return f"CPU of a cold start, {function}"


def beyond(function: str) -> str:
    """Return the figure of the CPU of a first invocation beyond a warm one: milliseconds."""
    return f"CPU of a first invocation beyond a warm one, {function}"


def peak(function: str) -> str:
    """Return the figure of a function's peak memory after 100 invocations: MiB."""
    return f"peak memory, {function}"


def zipped(function: str) -> str:
    """Return the figure of the size of a function's package, zipped: 10⁶ bytes."""
    return f"package, {function}"


def message(rules: int, size: str) -> str:
    """Return the figure of the CPU from a webhook's bytes to its message: microseconds."""
    return f"CPU of a message, {rules} rules, {size}"


def webhook(size: str) -> str:
    """Return the figure of the CPU of a webhook, from its event to its answer: microseconds."""
    return f"CPU of a webhook, {size}"


def _cold_rows(function: str, goal: float, *typical: str) -> Iterator[Row]:
    what, figure = f"cold {function}, CPU to the first answer", cold(function)
    holds = {"do": "imports", "function": function}
    yield Row(what, "ms", figure, (figure, RELEASE), Goal(goal), holds=holds)
    for way in typical:
        for name in (way, with_bytecode(way)):
            yield Row(what, "ms", figure, (figure, name))


def _beyond_row(function: str) -> Row:
    what, figure = f"cold {function}, first invocation beyond a warm one", beyond(function)
    holds = {"do": "first", "function": function}
    return Row(what, "ms", figure, (figure, RELEASE), Goal(15), holds=holds, counted=True)


def _message_rows(size: str, goal: float) -> Iterator[Row]:
    what, figure = f"verified bytes to message, {size}", message(FEW, size)
    holds = {"do": "message", "size": size, "seconds": 0.5}
    yield Row(what, "µs", figure, (figure, HAND), Goal(goal), holds=holds)
    yield Row(what, "µs", figure, (figure, LIGHT))


def _webhook_row(way: str, goal: float | None = None, size: str = SMALL) -> Row:
    what, figure = f"warm ingest with its call of SQS, {size}", webhook(size)
    holds = {"do": "webhook", "size": size, "seconds": 0.5}
    reached = None if goal is None else Goal(goal)
    return Row(what, "µs", figure, (figure, way), reached, holds=holds if goal else None)


def _peak_row(function: str) -> Row:
    what, figure = f"peak memory after 100 invocations, {function}", peak(function)
    return Row(what, "MiB", figure, (figure, RELEASE), Goal(1))


def _zipped_row(function: str) -> Row:
    figure = zipped(function)
    what = f"package of {function}, zipped"
    holds = {"do": "parts", "function": function}
    return Row(what, "MB", figure, (figure, RELEASE), Goal(5), holds=holds, counted=True)


_MAPPED: Final = "mapping of 15 fields"

ROWS: Final = (
    *_cold_rows(INGEST, 0.45, PLAIN, ONCE),
    *_cold_rows(DELIVER, 0.5, WORKER),
    _beyond_row(INGEST),
    _beyond_row(DELIVER),
    Row(
        f"cold ingest with {MANY} rules, CPU to the first answer",
        "ms",
        cold(CROWDED),
        (cold(INGEST), OURS),
        Goal(1.15),
        holds={"do": "whole", "function": CROWDED},
        beside=f"{FEW} rules",
    ),
    Row(
        _MAPPED,
        "µs",
        MAPPING,
        (MAPPING, KIT),
        Goal(1.5),
        holds={"do": "mapping", "seconds": 0.5},
    ),
    Row(_MAPPED, "µs", MAPPING, (MAPPING, HAND)),
    *_message_rows(SMALL, 2),
    *_message_rows(LARGE, 1.3),
    Row(
        f"verified bytes to message, {MANY} rules",
        "µs",
        message(MANY, SMALL),
        (message(SOME, SMALL), OURS),
        Goal(1.1),
        holds={"do": "message", "rules": MANY, "size": SMALL, "seconds": 0.5},
        beside=f"{SOME} rules",
    ),
    Row(
        f"log line of an event that none of {MANY} rules wants",
        "bytes",
        UNWANTED,
        (UNWANTED, RELEASE),
        Goal(1024),
        counted=True,
    ),
    _webhook_row(RELEASE, 0.6),
    _webhook_row(PLAIN, 1.1),
    _webhook_row(ONCE),
    _webhook_row(RELEASE, size=LARGE),
    _webhook_row(PLAIN, size=LARGE),
    _peak_row(INGEST),
    _peak_row(DELIVER),
    _zipped_row(INGEST),
    _zipped_row(DELIVER),
)
