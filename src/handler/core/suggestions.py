"""Suggestions: the known name that a wrong one was probably meant to be."""

from collections.abc import Iterable
from typing import Final

ALIKE: Final = 0.6  # difflib's own measure, from 0 to 1: two letters in five may differ


def closest(name: str, known: Iterable[str], alike: float = ALIKE) -> str | None:
    """Return the known name that is most like another one; None where none is alike enough."""
    from difflib import get_close_matches  # noqa: PLC0415 - 1 ms of each cold start, for mistakes

    return next(iter(get_close_matches(name, list(known), n=1, cutoff=alike)), None)


def unknown_key(key: str, known: Iterable[str], told: str = "") -> str:
    """Return the message for a key that does not exist, with the one that was probably meant.

    Where `told` says what it is, nothing is guessed.
    """
    if told:
        return f"unknown key {key} ({told})"
    if key in (known := list(known)):
        return f"unknown key {key} here"  # of another kind of block
    near = closest(key, known)
    return f"unknown key {key}" + (f"; did you mean {near}?" if near else "")
