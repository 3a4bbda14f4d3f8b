"""Processes that a benchmark asks for figures, each pinned to a core."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Self

SINKS, CLIENTS = 0, 1  # cores


class Missing(Exception):
    """Something that this machine does not have; its words are shown instead of its figures."""


class Program:
    """A process that answers each line of JSON with one; it ends with its input."""

    def __init__(self, core: int, command: Sequence[str], **given: Any) -> None:
        with on_core(core):
            self._process = subprocess.Popen(  # noqa: S603 - programs of this folder, and node
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **given
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def line(self) -> str:
        """Return the next line that it prints; raise where it has ended."""
        assert self._process.stdout is not None  # noqa: S101 - for the type alone
        line: str = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} has ended")
        return line

    def ask(self, do: str, **given: Any) -> Any:
        """Give a task; return the value of its result."""
        assert self._process.stdin is not None  # noqa: S101 - for the type alone
        self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self._process.stdin.flush()
        return json.loads(self.line())["value"]


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """Let what is started inherit a core; where the system cannot pin, or has one core, any."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    with suppress(OSError):  # there is no such core
        os.sched_setaffinity(0, {number})
    yield
    os.sched_setaffinity(0, before)


class Ways:
    """The ways that this machine can run, by name; `missing` are words on the others.

    `starts` has how each way is started; it raises Missing where the machine does not have it.
    """

    def __init__(self, stack: ExitStack, starts: Mapping[str, Callable[[], Program]]) -> None:
        self._stack, self._starts = stack, starts
        self.running: dict[str, Program] = {}
        self.missing: list[str] = []

    def start(self, *names: str) -> Self:
        """Start ways; one that this machine does not have is named in `missing`."""
        for name in names:
            try:
                program = self._starts[name]()
            except Missing as missing:
                self.missing.append(str(missing))
            else:
                self.running[name] = self._stack.enter_context(program)
        return self
