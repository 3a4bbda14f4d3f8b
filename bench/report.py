"""Result of a benchmark's run: a table with its goals, kept as JSON, written to a page."""

import json
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from bench.page import table
from bench.paths import PROJECT
from bench.results import OURS, Figures, Result

HEADS: Final = ("what", OURS, "beside", "ratio [p10 to p90]", "goal", "")


class Run(NamedTuple):
    """What came of a run; `missing` are words on ways that this machine does not have.

    `missed` has an excerpt of a profile, or calls, for each goal that was not met.
    """

    about: str
    results: list[Result]
    missed: Mapping[str, Sequence[str]]
    missing: Sequence[str]
    figures: Figures

    def show(self, console: Console) -> None:
        """Print the table, what was left out, and what holds each goal that was not met."""
        made = Table(*HEADS, title=self.about)
        for result in self.results:
            made.add_row(*result.cells())
        console.print(made)
        for words in self.missing:
            console.print(f"left out: {words}")
        for what, lines in self.missed.items():
            console.print(f"\nnot met: {what}", *lines, sep="\n  ")

    def keep(self, file: Path) -> None:
        """Write all figures of all rounds, and what came of them, as JSON."""
        document = {
            "about": self.about,
            "rows": [one.document() for one in self.results],
            "not met": self.missed,
            "figures": self.figures,
        }
        file.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")

    def block(self) -> str:
        """Return the text of the run for a page of docs."""
        rows = table(HEADS, *(result.cells() for result in self.results))
        held = [f"- Not met: {what}. {_code(lines)}." for what, lines in self.missed.items()]
        return "\n".join([self.about, "", rows, *([""] if held else []), *held])


def _code(lines: Sequence[str]) -> str:
    return ", ".join(f"`{line}`" for line in lines)


def about(begun: float) -> str:
    """Return what was measured, where, and how long it took since `begun`, a monotonic time."""
    command = ("git", "describe", "--always", "--dirty")
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603 - git alone
    return (
        f"Commit {found.stdout.strip() or 'unknown'}, {time.strftime('%Y-%m-%d', time.gmtime())}, "
        f"Python {platform.python_version()}, boto3 {version('boto3')}, {platform.machine()}. "
        f"{time.monotonic() - begun:.0f} s."
    )
