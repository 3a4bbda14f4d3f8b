"""Processes of a local stack: the emulator and the simulated Braze.

The emulator is started before this command loads its own modules, the simulated Braze while the
emulator deploys: each takes a second of a processor to load.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from relay.console.progress import step
from relay.local.emulator import HOST, free_port, starting_emulator
from relay.local.watchdog import leashed

BRAZE_KEY: Final = "local-braze-key"
Starting = tuple[str, Callable[[], None]]  # the URL of a process, and what waits until it is up


@dataclass(frozen=True, slots=True)
class Begun:
    """Processes that have begun.

    `endpoint` waits until the emulator is up, and returns its URL. `braze` starts a simulated
    Braze, unless there is one; it returns its URL at once, and what waits until it is up.
    """

    endpoint: Callable[[], str]
    braze: Callable[[], Starting]


@contextmanager
def begun(braze_url: str | None) -> Iterator[Begun]:
    """Start the emulator; end it, and the simulated Braze, at the end."""
    with ExitStack() as ending:
        endpoint = ending.enter_context(starting_emulator())
        step("starting the AWS emulator")
        if braze_url is None:
            yield Begun(endpoint, lambda: ending.enter_context(_starting_braze()))
        else:
            yield Begun(endpoint, lambda: (braze_url, lambda: None))


@contextmanager
def simulated_braze() -> Iterator[str]:
    """Run the simulated Braze in a process of its own; give its URL."""
    with _starting_braze() as (url, wait):
        wait()
        yield url


@contextmanager
def _starting_braze() -> Iterator[Starting]:
    step("starting a simulated Braze")
    port = str(free_port())
    command = [sys.executable, "-m", "relay.simulated_braze", "--port", port, "--key", BRAZE_KEY]
    with leashed(command, subprocess.PIPE) as server:

        def wait() -> None:
            if server.stdout is None or not server.stdout.readline().startswith(b"ready "):
                raise RuntimeError("the simulated Braze did not start")

        yield f"http://{HOST}:{port}", wait
