"""Ctrl-C: a command ends after the letter in hand, and returns all that it has borrowed."""

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
    """State of an interrupt: the first signal is noted, the second one interrupts at once.

    `words` are printed at the first signal. While a question is `asked`, the first signal
    interrupts too. In `peace`, while letters are returned to the queue, no signal does.
    """

    words: bytes
    wanted: bool = False
    asked: bool = False
    peace: bool = False

    def heard(self, _signal: int = 0, _frame: object = None) -> None:
        """Note a signal; raise KeyboardInterrupt where it has to interrupt."""
        if self.peace:
            return
        if self.wanted or self.asked:
            raise KeyboardInterrupt
        self.wanted = True
        with suppress(OSError):  # unbuffered: a signal may come in the middle of a buffered write
            os.write(_STDERR, self.words)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let a signal interrupt at once while the operator is asked a question."""
        self.asked = True
        try:
            yield
        finally:
            self.asked = False


@contextmanager
def noticed(words: bytes = b"ending after the letter in hand\n") -> Iterator[Ending]:
    """Note signals for as long as the context lasts."""
    ending = Ending(words)
    if threading.current_thread() is not threading.main_thread():  # it alone may set handlers
        yield ending
        return
    before = {sign: signal.signal(sign, ending.heard) for sign in _SIGNS}
    try:
        yield ending
    finally:
        for sign, listener in before.items():
            signal.signal(sign, listener)
