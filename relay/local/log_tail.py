"""Log lines of a local stack as they appear, while it serves: those of `relay tail`."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from relay.local.stack import Local
from relay.stacks.activity import Activity

_EVERY_SECONDS: Final = 0.3
_END_SECONDS: Final = 3.0  # for the last lines: a stack that answers no more has none


@contextmanager
def followed(local: Local, *, stderr: bool = False) -> Iterator[None]:
    """Print new log lines, in a thread, for as long as the context lasts."""
    screen = Console(stderr=stderr)
    with _followed(local, lambda line: screen.print(line, soft_wrap=True)):
        yield


@contextmanager
def _followed(local: Local, show: Callable[[Text], None]) -> Iterator[None]:
    ended = threading.Event()
    stack = local.stack
    activity = Activity(stack.client("logs"), stack.resources, 0, braze_url=local.braze_url)

    def follow() -> None:
        while True:
            last = ended.is_set()
            with suppress(ClientError, BotoCoreError):  # it has ended, or has no time: looked again
                for _, line in activity.look():
                    show(line)
            if last:
                return
            ended.wait(_EVERY_SECONDS)

    thread = threading.Thread(target=follow, name="activity", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_END_SECONDS)
