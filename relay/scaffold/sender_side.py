"""Instructions for the sender's side: the row of docs/sources.md on how a preset is set up."""

import re
from collections.abc import Mapping
from typing import Final

from relay.paths import PROJECT

_PAGE: Final = PROJECT / "docs" / "sources.md"
_HEADING: Final = "## Setting a sender up"
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")


def instructions(preset: str) -> Mapping[str, str]:
    """Return what the page says of a preset, by the heads of its table, without Markdown."""
    section = _PAGE.read_text(encoding="utf-8").split(f"\n{_HEADING}\n")[1].split("\n## ")[0]
    rows = [_cells(line) for line in section.splitlines() if line.startswith("|")]
    heads = rows[0]
    return next(dict(zip(heads, row, strict=True)) for row in rows[2:] if row[0] == preset)


def _cells(line: str) -> list[str]:
    text = _LINK.sub(r"\1", line).replace("**", "").replace("`", "")
    return [cell.strip() for cell in text.strip("|").split(" | ")]
