"""A run's figures on a page of docs: text between two marks, plots in the folder of its name."""

import re
from collections.abc import Mapping
from pathlib import Path

from bench.plots import Bars, Plot, svg


def marks(name: str) -> tuple[str, str]:
    """Return the lines before and after a benchmark's text."""
    return f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"


def write(page: Path, name: str, block: str, plots: Mapping[str, Plot | Bars]) -> None:
    """Replace a benchmark's text and plots; raise ValueError where the page has no marks."""
    text, (begin, end) = page.read_text(encoding="utf-8"), marks(name)
    if begin not in text or end not in text:
        raise ValueError(f"{page.name} has no {begin} with {end} after it")
    inside = f"{begin}\n{block}\n{end}"
    text = re.sub(f"{begin}.*{end}", lambda _: inside, text, flags=re.DOTALL)
    page.write_text(text, encoding="utf-8")
    folder = page.with_suffix("")
    if plots:
        folder.mkdir(exist_ok=True)
    for plot, drawn in plots.items():
        (folder / f"{plot}.svg").write_text(svg(drawn), encoding="utf-8")


def table(*rows: tuple[str, ...] | list[str]) -> str:
    """Return a table of Markdown; the first row are its heads."""
    heads, *others = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *others))
