"""Words of the documentation, which the page repeats where they are needed: tables and checklists.

They are read from docs/ itself, so that the page says what the documentation says.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import takewhile
from typing import Final

from relay.paths import PROJECT

_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_BOX: Final = "- [ ] "
Row = tuple[str, ...]  # the cells behind the first one


@cache
def table(page: str, heading: str, first: str) -> Mapping[str, Row]:
    """Return the rows of a table by their first cells: the one below a heading that begins so.

    `first` is the first cell of its head. Empty where the page has no such table.
    """
    lines = iter(_below(page, heading))
    for line in lines:
        if line.startswith(f"| {first} |"):
            rows = [_cells(one) for one in takewhile(lambda one: one.startswith("|"), lines)]
            return {name: tuple(rest) for name, *rest in rows[1:]}
    return {}


@cache
def checklist(page: str, heading: str) -> tuple[str, ...]:
    """Return the items of the checklist below a heading."""
    items: list[str] = []
    for line in _below(page, heading):
        if line.startswith(_BOX):
            items.append(line.removeprefix(_BOX))
        elif items and line.startswith("  "):
            items[-1] += f" {line.strip()}"
    return tuple(map(_plain, items))


def _below(page: str, heading: str) -> Iterator[str]:
    """Yield the lines below a heading, up to the next one."""
    try:
        lines = iter((PROJECT / "docs" / page).read_text(encoding="utf-8").splitlines())
    except OSError:
        return
    for line in lines:
        if line.lstrip("#").strip() == heading and line.startswith("#"):
            yield from takewhile(lambda one: not one.startswith("#"), lines)


def _cells(line: str) -> list[str]:
    return [_plain(cell) for cell in line.strip("|").split(" | ")]


def _plain(text: str) -> str:
    """Return Markdown as plain text: without marks, and links as their words."""
    return _LINK.sub(r"\1", text).replace("`", "").replace("**", "").strip()
