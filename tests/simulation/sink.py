"""Sink of all that the functions log and count: it is read, and dropped."""

import io
import json
from collections import Counter
from typing import Final

# Every secret, address and name of the simulation has this word in it.
CANARY: Final = "canary"


class Sink(io.StringIO):
    """A text stream. `leaks` are lines with a canary; `unrecorded` counts by delivery id.

    `warned` are the messages of warnings.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0
        self.leaks: list[str] = []
        self.bugs: Counter[str] = Counter()
        self.unrecorded: Counter[str] = Counter()
        self.warned: list[str] = []

    def write(self, text: str, /) -> int:
        if len(text) > 1:  # print writes a line's end by itself
            self.lines += 1
            if CANARY in text.lower():
                self.leaks.append(text[:300])
            if '"unrecorded"' in text:
                self.unrecorded[json.loads(text).get("id", "")] += 1
            if '"WARNING"' in text:
                self.warned.append(json.loads(text)["message"])
            if '"bug: ' in text:
                self.bugs[json.loads(text)["why"]] += 1
        return len(text)
