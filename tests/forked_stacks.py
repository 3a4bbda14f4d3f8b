"""Processes of local stacks as forks of processes that have their libraries: Lambda environments,
the emulator and the simulated Braze.

A start of each takes a second of a processor, nearly all of it for libraries. The emulator,
Amazon's client, the simulated Braze and our own code run as in processes of their own.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import IO, Final

import pytest

from relay.local import emulator, package, processes
from relay.local.watchdog import leashed
from relay.paths import PROJECT
from tests import fork_asker
from tests.forked import Forked, forking

OWN_BOOTSTRAP: Final = package.bootstrap  # what a user's stack has


class Forks:
    """What is started in the place of programs; a process to fork from begins with the first."""

    def __init__(self, ending: ExitStack) -> None:
        self._ending = ending
        self._begun: dict[str, Forked] = {}

    def bootstrap(self, python: str) -> str:
        """Return the program that starts a Lambda environment."""
        libraries = package._wheels(Path(python))  # noqa: SLF001 - those of all packages
        asking = self._asking("worker", python, libraries, {"PYTHONPATH": str(libraries)})
        return OWN_BOOTSTRAP(" ".join(asking)).replace(" -B ", " ")

    def leashed(
        self,
        command: Sequence[str | Path],
        stdout: int | IO[bytes],
        env: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Popen[bytes]]:
        """Start the emulator or the simulated Braze."""
        python, option, *rest = command
        name = "emulator" if option == "-c" else "braze"
        return leashed([*self._asking(name, python, PROJECT, {}), option, *rest], stdout, env)

    def _asking(
        self, name: str, python: str | Path, cwd: Path, env: Mapping[str, str]
    ) -> list[str]:
        if name not in self._begun:
            self._begun[name] = self._ending.enter_context(forking(name, python, cwd, env))
        return [sys.executable, "-I", "-S", fork_asker.__file__, str(self._begun[name].socket)]


@contextmanager
def forked_starts() -> Iterator[None]:
    """Let the stacks that start within the block do so by forks."""
    with ExitStack() as ending, pytest.MonkeyPatch.context() as patch:
        forks = Forks(ending)
        patch.setattr(package, "bootstrap", forks.bootstrap)
        for module in (emulator, processes):
            patch.setattr(module, "leashed", forks.leashed)
        yield


@contextmanager
def own_starts() -> Iterator[None]:
    """Let them start as a user's do: programs that are seen, and killed, as what they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "bootstrap", OWN_BOOTSTRAP)
        for module in (emulator, processes):
            patch.setattr(module, "leashed", leashed)
        yield
