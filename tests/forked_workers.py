"""Lambda environments of local stacks as forks of a process that has their libraries.

A start takes a second of a processor, nearly all of it for libraries, boto3's above all. Amazon's
client and our own code run as they do in an environment of their own.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

import pytest

from relay.local import package
from tests import fork_asker, forked

OWN_START: Final = package._BOOTSTRAP  # noqa: SLF001 - what a user's stack has


class ForkedStart:
    """A package's start that asks for a fork; the process to fork from begins with the first."""

    def __init__(self, ending: ExitStack) -> None:
        self._ending = ending

    def format(self, python: Path) -> str:
        self._python = python
        asking = f"{sys.executable} -I -S {fork_asker.__file__} {self._process.socket}"
        return OWN_START.replace("-B ", "").format(asking)

    @cached_property
    def _process(self) -> forked.Forked:
        libraries = package._wheels(self._python)  # noqa: SLF001 - those of all packages
        return self._ending.enter_context(forked.forked_workers(self._python, libraries))


@contextmanager
def forked_starts() -> Iterator[None]:
    """Let the packages that are made within the block start their functions by forks."""
    with ExitStack() as ending, pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "_BOOTSTRAP", ForkedStart(ending))
        yield


@contextmanager
def own_starts() -> Iterator[None]:
    """Let them start as a user's do: as children of the emulator, which can be killed as such."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "_BOOTSTRAP", OWN_START)
        yield
