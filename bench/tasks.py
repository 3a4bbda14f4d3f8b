"""Tasks of standard input, a line of JSON each, that methods of an object carry out.

Each line of standard output is a task's result. What is printed meanwhile goes nowhere.
"""

import cProfile
import json
import os
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final, cast

_TOP: Final = 6  # packages, and functions, of a profile

# A function's file, line and name; its calls (two numbers), and its seconds without its callees.
_Place = tuple[str, int, str]
_Row = tuple[int, int, float, float, object]


def serve(made: Callable[[], object]) -> None:
    """Carry out tasks, until the input ends: the name of a method, and its arguments.

    The task `profile` carries out another one, and gives where its CPU goes.
    """
    results = os.fdopen(os.dup(1), "w")
    hush()
    tasks = made()
    for line in sys.stdin:
        task = json.loads(line)
        is_profile = task["do"] == "profile"
        done = partial(_carried_out, tasks, task["task"] if is_profile else task)
        value = profile(done) if is_profile else done()
        results.write(json.dumps({"value": value}) + "\n")
        results.flush()


def hush() -> None:
    """Let all that is printed go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def printed(do: Callable[[], object]) -> bytes:
    """Do something; return what it prints."""
    with TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        do()
        sys.stdout.flush()
        hush()
        file.seek(0)
        return file.read()


def microseconds(do: Callable[[], int], seconds: float) -> float:
    """Do something for so many seconds of CPU; return the microseconds of one.

    `do` returns how many it has done. It is done once before, and once at the least.
    """
    do()
    count, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds or not count:
        count += do()
    return spent * 1e6 / count


def profile(do: Callable[[], object]) -> list[str]:
    """Do something; return where its CPU goes: packages first, then functions."""
    profiled = cProfile.Profile(time.process_time)
    profiled.runcall(do)
    packages, functions = defaultdict[str, float](float), defaultdict[str, float](float)
    for place, row in cast("dict[_Place, _Row]", pstats.Stats(profiled).stats).items():  # type: ignore[attr-defined] # it is public, and has no type
        packages[_package(place)] += row[2]
        functions[f"{_package(place)}: {place[2]}"] += row[2]
    total = sum(packages.values())
    top = [*_most(packages), *_most(functions)]
    return [f"{seconds / total:.0%} {name}" for name, seconds in top]


def _carried_out(tasks: object, task: Mapping[str, Any]) -> Any:
    given = {name: value for name, value in task.items() if name != "do"}
    return getattr(tasks, task["do"])(**given)


def _most(seconds: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(seconds.items(), key=itemgetter(1), reverse=True)[:_TOP]


def _package(place: _Place) -> str:
    """Return the package of a function, or the module where it is in none."""
    file = place[0]
    if file == "~":
        return "built-in functions"
    parts = Path(file).with_suffix("").parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    return "handler" if "handler" in parts else next(it for it in reversed(parts) if it[0] != "_")
