"""Processes of a local stack: the emulator and the simulated Braze.

They are started before this command loads its own modules, and asked for when they are needed:
each takes a second to load its own.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from relay.console.progress import step
from relay.local.emulator import starting_emulator
from relay.local.watchdog import leashed

BRAZE_KEY: Final = "local-braze-key"


@dataclass(frozen=True, slots=True)
class Begun:
    """Processes that have begun; each of these waits until one is up, and returns its URL."""

    endpoint: Callable[[], str]
    braze_url: Callable[[], str]


@contextmanager
def begun(braze_url: str | None) -> Iterator[Begun]:
    """Start the emulator, and without `braze_url` a simulated Braze; end both at the end."""
    with ExitStack() as ending:
        endpoint = ending.enter_context(starting_emulator())
        if braze_url is not None:
            step("starting the AWS emulator")
            yield Begun(endpoint, lambda: braze_url)
            return
        step("starting the AWS emulator and a simulated Braze")
        yield Begun(endpoint, ending.enter_context(_starting_braze()))


@contextmanager
def simulated_braze() -> Iterator[str]:
    """Run the simulated Braze in a process of its own; give its URL."""
    with _starting_braze() as url:
        yield url()


@contextmanager
def _starting_braze() -> Iterator[Callable[[], str]]:
    command = [sys.executable, "-m", "relay.simulated_braze", "--port", "0", "--key", BRAZE_KEY]
    with leashed(command, subprocess.PIPE) as server:

        def url() -> str:
            line = server.stdout.readline().decode() if server.stdout else ""
            if not line.startswith("ready "):
                raise RuntimeError("the simulated Braze did not start")
            return line.removeprefix("ready ").strip()

        yield url
