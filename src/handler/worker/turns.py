"""Turns at Canvases: which deliveries of a request may begin now, and how long the others wait."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from handler.aws.dynamodb import BATCH
from handler.core.delivery.canvas_turns import turn_of
from handler.core.errors import Unavailable
from handler.worker.failures import on_failure
from handler.worker.task import DeliveryTask, Invocation


class _Asked(NamedTuple):
    task: DeliveryTask
    turn: str


def turns_of(
    invocation: Invocation, tasks: Sequence[DeliveryTask]
) -> Iterator[tuple[DeliveryTask, int]]:
    """Yield each task with the seconds that it waits for its turn, 0 where it may begin now.

    Left out are tasks of which that cannot be known: the dispositions of these are recorded.
    """
    asked: list[_Asked] = []
    for task in tasks:
        turn = turn_of(task.delivery)
        # An unbatched one took its turn when it was dispatched.
        if turn is None or task.unbatched:
            yield task, 0
        else:
            asked.append(_Asked(task, turn))
    rest = iter(asked)
    while many := [*islice(rest, BATCH)]:
        for one, is_first in zip(many, _first(invocation, many), strict=True):
            wait = None
            with on_failure(invocation, [one.task.message]):
                wait = _wait(invocation, one, is_first=is_first)
            if wait is not None:
                yield one.task, wait


def _first(invocation: Invocation, many: Sequence[_Asked]) -> Sequence[bool | Unavailable]:
    """Take the first turns of all, many in a call; False for who may have had one kept."""
    worker, now = invocation.worker, invocation.worker.clock()
    new = [one for one in many if one.task.message.receives == 1]
    if len(new) <= 1 or not _has_time(invocation):
        return [False] * len(many)
    turns, write_all = worker.canvas_turns, worker.canvas_turns.table.write_all
    done = write_all([turns.first(one.turn, now) for one in new])
    return [next(done) if one.task.message.receives == 1 else False for one in many]


def _wait(invocation: Invocation, one: _Asked, *, is_first: bool | Unavailable) -> int:
    if isinstance(is_first, Unavailable):
        raise is_first
    if is_first:
        return 0
    if not _has_time(invocation):
        return 1
    worker, came_back = invocation.worker, one.task.message.receives > 1
    name = one.task.delivery.id
    return worker.canvas_turns.take(one.turn, name, worker.clock(), came_back=came_back)


def _has_time(invocation: Invocation) -> bool:
    """Return whether time is left for a turn, the claim, the request and the mark."""
    return invocation.has_time(3, first=invocation.worker.timing.shortest)
