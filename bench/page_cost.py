"""CPU of a local stack with its page, which nobody has open, and without, in turn.

    .venv/bin/python -m bench.page_cost [--rounds 5] [--orders 40]

In each round orders are posted to the same stack, until all messages have arrived. The CPU of the
stack is that of all its processes; the page's own is that of its thread, which is exact where the
difference between two rounds is not. Linux alone tells both.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench.keystroke import context_of
from bench.page_list import RULES
from relay.local.stack import Local, local_stack
from relay.page.server import served_page
from tests.e2e.harness import SECRETS, WORKERS, Relay, sample, until

GOAL: Final = 0.03  # of the stack's CPU
_TICKS: Final = 100  # a second, as Linux shows CPU to programs
_PAGE: Final = "page"  # the name of its thread
_PATIENCE: Final = 600  # seconds, until the orders of a round have arrived


class Spent(NamedTuple):
    """Seconds of CPU: of all processes of a stack, and of the page among them."""

    stack: float
    page: float


def spent() -> Spent:
    """Return what this process and all that it has started have spent so far."""
    return Spent(sum(_family(dict(_processes()))), _of_threads(_PAGE))


def _processes() -> Iterator[tuple[int, tuple[int, float]]]:
    """Yield each process: its parent, and its CPU with that of its children which have ended."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        yield int(place.parent.name), (int(fields[1]), sum(map(int, fields[11:15])) / _TICKS)


def _family(processes: dict[int, tuple[int, float]]) -> Iterator[float]:
    """Yield the CPU of this process, and of what descends from it."""
    own = {os.getpid()}
    while more := {pid for pid, (parent, _) in processes.items() if parent in own} - own:
        own |= more
    yield from (processes[one][1] for one in own)


def _of_threads(name: str) -> float:
    """Return the CPU of the threads of a name that run now."""
    there = (one.ident for one in threading.enumerate() if one.name == name and one.ident)
    return sum(time.clock_gettime(time.pthread_getcpuclockid(one)) for one in there)


def taken_by(do: Callable[[], object]) -> Spent:
    """Return the CPU that something takes."""
    before = spent()
    do()
    after = spent()
    return Spent(after.stack - before.stack, after.page - before.page)


def orders(relay: Relay, count: int) -> None:
    """Post orders, and wait until their messages have arrived."""
    before = len(relay.braze("GET", "/sends"))
    for _ in range(count):
        relay.shopify("orders/create", sample("shopify-order"))
    until(
        lambda: relay.braze("GET", "/counts")["sends"],
        lambda found: found >= before + count,
        "sends",
        _PATIENCE,
    )


def report(without: list[Spent], beside: list[Spent]) -> Iterator[str]:
    """Yield lines: the CPU of both ways, and the page's share."""
    share = median(one.page / one.stack for one in beside)
    yield f"without the page  {median(one.stack for one in without):6.2f} s of CPU"
    yield f"with the page     {median(one.stack for one in beside):6.2f} s of CPU"
    verdict = "met" if share <= GOAL else "not met"
    yield f"the page's own    {share:7.2%} of it (at most {GOAL:.0%}: {verdict})"


def main() -> None:
    """Print the CPU of a round with the page and without, and the page's share."""
    parser = argparse.ArgumentParser(prog="python -m bench.page_cost", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="COUNT")
    parser.add_argument("--orders", type=int, default=40, metavar="COUNT")
    given = parser.parse_args()
    with local_stack(RULES, SECRETS, None, RulesStage="dev", **WORKERS) as local:
        orders(Relay(local), given.orders)  # the workers are warm from here on
        found: dict[bool, list[Spent]] = {False: [], True: []}
        for number in range(2 * given.rounds):
            with _page(local) if number % 2 else nullcontext():
                found[bool(number % 2)].append(taken_by(lambda: orders(Relay(local), given.orders)))
    sys.stdout.write("\n".join([*report(found[False], found[True]), ""]))


def _page(local: Local) -> AbstractContextManager[object]:
    return served_page(context_of(local, RULES, SECRETS))


if __name__ == "__main__":
    main()
