"""Ctrl-C: a command ends after the letter in hand, and leaves none where nobody sees it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

_STDERR: Final = 2
_SIGNS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Ending:
    """Whether the command is to end. A first signal is noted; a second one interrupts at once.

    `words` tell of the first. While somebody is `asked` a question, it interrupts too; while
    letters are given back, in `peace`, none does.
    """

    words: bytes
    wanted: bool = False
    asked: bool = False
    peace: bool = False

    def heard(self, _signal: int = 0, _frame: object = None) -> None:
        """Take a signal; raise KeyboardInterrupt where it is to interrupt."""
        if self.peace:
            return
        if self.wanted or self.asked:
            raise KeyboardInterrupt
        self.wanted = True
        with suppress(OSError):  # past Python's buffers, in the middle of which a signal may come
            os.write(_STDERR, self.words)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let a signal interrupt at once: somebody is asked."""
        self.asked = True
        try:
            yield
        finally:
            self.asked = False


@contextmanager
def noticed(words: bytes = b"ending after the letter in hand\n") -> Iterator[Ending]:
    """Note signals to end for as long as the context lasts."""
    ending = Ending(words)
    if threading.current_thread() is not threading.main_thread():  # only that one may listen
        yield ending
        return
    before = {sign: signal.signal(sign, ending.heard) for sign in _SIGNS}
    try:
        yield ending
    finally:
        for sign, listener in before.items():
            signal.signal(sign, listener)
