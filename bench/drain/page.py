"""Tables and plots of the scenarios for a page of docs: a row of each, and plots over time."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bench.drain.figures import COLUMNS, Figures
from bench.drain.scenarios import Scenario
from bench.page import table
from bench.plots import Axis, Line, Plot

NAME: Final = "drain"
HEADS: Final = ("scenario", *COLUMNS, "goals")
_TIME: Final = Axis("minutes")
_SHARE: Final = Axis("% of the backlog that Braze has taken")
_SECONDS: Final = Axis("seconds from the queue to Braze", is_logarithmic=True)
_MINUTE: Final = 60  # seconds

Found = Sequence[tuple[Figures, Mapping[str, Any]]]  # of each scenario: figures, and series


def cells(scenario: Scenario, found: Figures) -> list[str]:
    """Return a scenario's name, its figures, and what it was held to."""
    goals = [f"{goal} {'met' if goal.is_met(found) else 'not met'}" for goal in scenario.goals]
    return [found.name, *(word(found) for word in COLUMNS.values()), ", ".join(goals)]


def block(about: str, scenarios: Sequence[Scenario], found: Found) -> str:
    """Return the text of a run of scenarios."""
    rows = (cells(one, figures) for one, (figures, _) in zip(scenarios, found, strict=True))
    return f"{about}\n\n{table(HEADS, *rows)}"


def plots(scenarios: Sequence[Scenario], found: Found) -> dict[str, Plot]:
    """Return the plots of a run by name."""
    sent: dict[str, Line] = {}
    waited: dict[str, Line] = {}
    for scenario, (_, series) in zip(scenarios, found, strict=True):
        if scenario.orders:
            waited[scenario.name] = _longest(series)
        else:
            sent[scenario.name] = _sent(series, scenario.backlog)
    return {
        "drained": Plot("A backlog drains", _TIME, _SHARE, sent),
        "orders": Plot("The longest an order took, in each minute", _TIME, _SECONDS, waited),
    }


def _sent(series: Mapping[str, Any], backlog: int) -> Line:
    step = series["step_seconds"] / _MINUTE
    shares = [0, *(100 * sent / backlog for sent in series["sent"])]
    return [(number * step, share) for number, share in enumerate(shares)]


def _longest(series: Mapping[str, Any]) -> Line:
    each = _MINUTE // series["step_seconds"]
    longest = series["longest_latency"]
    minutes = (longest[begin : begin + each] for begin in range(0, len(longest), each))
    known = ([one for one in minute if one is not None] for minute in minutes)
    return [(float(number), max(minute)) for number, minute in enumerate(known) if minute]
