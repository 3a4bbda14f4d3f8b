"""Lines for people: blocks of names and values, and text that breaks between words."""

import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import Final

_UNDER: Final = 2  # columns that the lines of a block stand under its head
_DEEPER: Final = 4  # columns that the rest of a broken line stands under its beginning


def block(head: str, facts: Iterable[tuple[str, str]]) -> str:
    """Return a head, and under it names with their values, of any number of lines.

    No line is broken: what one copies is whole, and a terminal shows a long line in two.
    """
    found = list(facts)
    width = max((len(name) for name, _ in found), default=0) + _UNDER
    lines = [head]
    for name, value in found:
        for at, line in enumerate(value.split("\n")):
            lines.append(f"{'':{_UNDER}}{'' if at else name:<{width}}{line}".rstrip())
    return "\n".join(lines)


def broken(line: str) -> str:
    """Return a line as a terminal is to show it: broken between words, the rest set deeper.

    What is no terminal gets the line as it is. A word that is longer than the terminal stays whole.
    """
    if not sys.stdout.isatty():
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line,
        shutil.get_terminal_size().columns,
        subsequent_indent=indent + " " * _DEEPER,
        break_long_words=False,
        break_on_hyphens=False,
    )
