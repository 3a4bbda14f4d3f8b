"""The place in an expression at which its reading fails, and the operands beside it."""

import re
from typing import Final

TEXT: Final = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`""", re.DOTALL)
_CALLED: Final = re.compile(r"[A-Za-z_]\w*$", re.ASCII)
# What ends an operand of arithmetic, outside of brackets.
_ENDS: Final = ",|&=<>!?:+*/%"


def extent(text: str) -> str:
    """Return the expression at the start of `text`, up to the `}` that would close it."""
    depth = 0
    for at, character in enumerate(masked(text)):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return text[:at]
    return text


class FailedPlace:
    """The place in a text at which its reading has failed; in `bare` its quoted texts are blank."""

    def __init__(self, text: str, at: int) -> None:
        self.text, self.at = text, at
        self.bare = masked(text)

    def begins(self, sign: str) -> bool:
        """Return whether the text goes on with a sign."""
        return self.bare.startswith(sign, self.at)

    def left(self, end: int) -> str:
        """Return the operand that ends before a position."""
        depth, at = 0, end
        while at > 0:
            character = self.bare[at - 1]
            depth += {")": 1, "]": 1, "}": 1, "(": -1, "[": -1, "{": -1}.get(character, 0)
            if depth < 0 or (not depth and character in _ENDS):
                break
            at -= 1
        return self.text[at:end].strip()

    def call(self) -> tuple[str, int]:
        """Return the function whose argument the place is in, and which it is; '' where none."""
        depth, argument = 0, 0
        for at in range(self.at - 1, -1, -1):
            character = self.bare[at]
            depth += {")": 1, "]": 1, "}": 1, "(": -1, "[": -1, "{": -1}.get(character, 0)
            if depth < 0:
                name = _CALLED.search(self.bare[:at]) if character == "(" else None
                return (name[0] if name else "", argument)
            argument += character == "," and not depth
        return "", 0

    def right(self, start: int, ends: str = _ENDS) -> str:
        """Return the operand that begins at a position."""
        depth = 0
        for at in range(start, len(self.text)):
            character = self.bare[at]
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
            if depth < 0 or (not depth and character in ends):
                return self.text[start:at].strip()
        return self.text[start:].strip()


def masked(text: str) -> str:
    """Return a text whose quoted parts are as long and say nothing."""
    return TEXT.sub(lambda one: "'" + "x" * (len(one[0]) - 2) + "'", text)
