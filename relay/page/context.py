"""Context of the page: the stack that it shows, and what it remembers of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from relay.local.live_rules import LiveRules
from relay.local.stack import Local
from relay.page.bench.workbench import Workbench
from relay.page.braze.side import Side
from relay.page.changes import Changes
from relay.page.charts.samples import Samples
from relay.page.journal import Arrival, Journal
from relay.page.reading import Reading, Readings
from relay.page.way.explanations import Explanations
from relay.page.webhooks.delivery_states import DeliveryStates
from relay.page.webhooks.row_texts import RowTexts
from relay.page.webhooks.summaries import Summaries
from relay.paths import EVENTS, PROJECT
from relay.rules.case_file import CASES


@dataclass(frozen=True, slots=True)
class PageFolders:
    """The folders that the page reads, and writes *.yaml, cases and samples to."""

    rules: Path
    events: Path = EVENTS
    cases: Path = CASES
    project: Path = PROJECT


@dataclass(slots=True)
class Away:
    """The words on processes of the stack that answer no more; empty where all do."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class PageContext:
    """A local stack, the rules that it serves, and what the page remembers of both.

    `is_simulated` says whether its Braze is the simulated one.
    """

    live: LiveRules
    folders: PageFolders
    is_simulated: bool = True
    away: Away = field(default_factory=Away)
    journal: Journal = field(default_factory=Journal)
    changes: Changes = field(default_factory=Changes)
    samples: Samples = field(default_factory=Samples)
    side: Side = field(default_factory=Side)
    readings: Readings = field(default_factory=Readings)
    summaries: Summaries = field(default_factory=Summaries)
    delivery_states: DeliveryStates = field(default_factory=DeliveryStates)
    workbench: Workbench = field(default_factory=Workbench)
    row_texts: RowTexts = field(default_factory=RowTexts)
    explanations: Explanations = field(default_factory=Explanations)

    @property
    def local(self) -> Local:
        """The stack."""
        return self.live.stack

    def reading(self, arrival: Arrival) -> Reading:
        """Return what a webhook is for people, and its verdict."""
        self.readings.forget(self.journal.left_out)
        return self.readings.of(arrival, self.live.secrets)


CONTEXT: Final = web.AppKey("context", PageContext)
