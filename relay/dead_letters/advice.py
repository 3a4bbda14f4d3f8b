"""Advice on a reason: its cause, and what an operator does, as docs/operations.md has them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from relay.paths import PROJECT

DOCUMENT: Final = PROJECT / "docs" / "operations.md"
_TITLES: Final = ("Reasons of dead letters", "Reasons of held deliveries")
_ROW: Final = re.compile(r"^\| `(\w+)` \| (.+) \| (.+) \|$", re.MULTILINE)
_CODE: Final = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text: words, or a command or name to be shown as code."""

    text: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """The cause of a dead letter or held delivery, and the remedy, in parts."""

    cause: tuple[Part, ...] = ()
    remedy: tuple[Part, ...] = ()


@cache
def known() -> Mapping[str, Advice]:
    """Return the advice by reason; none where the documentation is not there."""
    return advice(DOCUMENT.read_text(encoding="utf-8")) if DOCUMENT.is_file() else {}


def advice(document: str) -> dict[str, Advice]:
    """Return the advice of the tables of reasons in a page of documentation."""
    sections = [document.partition(f"\n## {one}\n")[2].partition("\n## ")[0] for one in _TITLES]
    return {
        reason: Advice(tuple(_parts(cause)), tuple(_parts(remedy)))
        for section in sections
        for reason, cause, remedy in _ROW.findall(section)
    }


def _parts(text: str) -> Iterator[Part]:
    for at, one in enumerate(_CODE.split(text)):
        if one:
            yield Part(one, is_code=at % 2 == 1)
