"""Runs a command on a leash: it ends, with all that it started, when our standard input ends.

The process that holds the other end may be killed in any way: the pipe closes with it.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

_PATIENCE_SECONDS = 5
_LOOK_SECONDS = 0.2


@contextlib.contextmanager
def leashed(
    command: Sequence[str | Path], stdout: int | IO[bytes], env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in its own session, so that Ctrl-C reaches us alone; end it at the end."""
    with subprocess.Popen(
        [sys.executable, __file__, *command],
        env=env,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stdout if env is not None else None,
        start_new_session=True,
    ) as leash:
        yield leash  # leaving the block closes the pipe and waits


def main() -> None:
    """Run the given command; its whole session ends with it, or with standard input."""
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # meant for the other processes of the session
    while command.poll() is None:
        readable, _, _ = select.select([0], [], [], _LOOK_SECONDS)
        if readable and not os.read(0, 1):
            break
    os.killpg(0, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        command.wait(_PATIENCE_SECONDS)
    os.killpg(0, signal.SIGKILL)  # ourselves too


if __name__ == "__main__":
    main()
