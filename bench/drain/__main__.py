"""`python -m bench.drain`: backlogs drained at Braze's limit, and orders beside them."""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.drain import page
from bench.drain.figures import Figures, of, series
from bench.drain.scenarios import SCENARIOS, Scenario, play
from bench.page import write

_QUICK: Final = 100  # a hundredth of each backlog, with which only those of orders keep their goals


def main() -> int:
    """Run all scenarios on two processors; return 1 if a goal was not met."""
    parser = argparse.ArgumentParser(prog="python -m bench.drain", description=__doc__)
    parser.add_argument("--json", type=Path, help="a file for the figures and the series over time")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page for table and plots")
    parser.add_argument("--quick", action="store_true", help="a hundredth of each backlog")
    given = parser.parse_args()
    begun = monotonic()
    scenarios = [quick(one) for one in SCENARIOS] if given.quick else SCENARIOS
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(run, scenarios))
    about = f"Draining in virtual time, {monotonic() - begun:.0f} s."
    _show(about, scenarios, found)
    if given.json:
        rows = [{**asdict(figures), **over_time} for figures, over_time in found]
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(rows), encoding="utf-8")
    if given.write:
        block, plots = page.block(about, scenarios, found), page.plots(scenarios, found)
        write(given.write, page.NAME, block, plots)
    goals = zip(scenarios, found, strict=True)
    return int(any(not goal.is_met(figures) for one, (figures, _) in goals for goal in one.goals))


def quick(scenario: Scenario) -> Scenario:
    """Return a scenario with a hundredth of its backlog."""
    return replace(scenario, backlog=scenario.backlog // _QUICK, lasts=min(scenario.lasts, 60))


def run(scenario: Scenario) -> tuple[Figures, Any]:
    """Run a scenario; return its figures, and its series over time."""
    played = play(scenario)
    return of(played), series(played)


def _show(about: str, scenarios: Sequence[Scenario], found: page.Found) -> None:
    made = Table(*page.HEADS, title=about)
    for column in made.columns[1:-1]:
        column.justify = "right"
    for scenario, (figures, _) in zip(scenarios, found, strict=True):
        made.add_row(*page.cells(scenario, figures))
    Console(width=160).print(made)


if __name__ == "__main__":
    sys.exit(main())
