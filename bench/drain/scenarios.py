"""The scenarios: what is in the queues, what Braze has left, and what the settings are."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from bench.drain.braze import Braze
from bench.drain.costs import Costs
from bench.drain.goals import Goal
from bench.drain.loop import Loop, Process
from bench.drain.mapping import Mapping
from bench.drain.queue import Lot, Queue
from bench.drain.worker import TABLE, Site, client
from handler.core.braze.rate_limit import HOUR
from handler.ledger.pauses import PAUSES

START: Final = 1_790_002_800.0  # a full hour of the clock, as Braze's windows begin
ORDERS: Final = "order-confirmation"
WELCOMES: Final = "welcome"
# template.yaml's parameters
DEFAULT: Final = Mapping(batch=10, window=0, concurrency=32)
HIGH_VOLUME: Final = Mapping(batch=50, window=1, concurrency=32)
LOW: Final = Mapping(batch=10, window=0, concurrency=5)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run: `backlog` welcomes at its begin, `orders` a second for `lasts` seconds."""

    name: str
    backlog: int
    mapping: Mapping = DEFAULT
    low: Mapping | None = None  # of a queue of their own for welcomes
    orders: float = 0
    lasts: float = 0
    spent: int = 0
    away: tuple[float, float] = (0, 0)  # in seconds from the begin: Braze answers 503
    paused: bool = False
    fair: bool = True
    costs: Costs = field(default_factory=Costs)
    goals: tuple[Goal, ...] = ()
    seed: int = 1


_FEW_429: Final = Goal("refused", most=0.001)
_ORDERS: Final = (Goal("p99", most=10), _FEW_429)
_BESIDE: Final = Scenario("", 200_000, low=LOW, orders=5, lasts=3_000, goals=_ORDERS)
_AMONG: Final = Scenario("", 200_000, orders=5, lasts=1_800)
SCENARIOS: Final = (
    Scenario("1,000,000", 1_000_000, goals=(Goal("minutes", most=25), _FEW_429)),
    Scenario("1,000,000, Braze is away for 10 minutes", 1_000_000, away=(300, 900)),
    Scenario(
        "1,000,000, HighVolume", 1_000_000, HIGH_VOLUME, goals=(Goal("minutes", most=8), _FEW_429)
    ),
    Scenario(
        "20,000,000, HighVolume",
        20_000_000,
        HIGH_VOLUME,
        goals=(Goal("used", least=0.97), _FEW_429),
    ),
    replace(_BESIDE, name="orders while 200,000 of low priority drain"),
    replace(_BESIDE, name="orders while 200,000 of low priority are paused", paused=True),
    # Others have left the last fifth of the hour: orders alone may use it.
    replace(_BESIDE, name="orders while 200,000 of low priority wait for the hour", spent=205_000),
    replace(_AMONG, name="orders among 200,000 in one fair queue", goals=_ORDERS),
    replace(_AMONG, name="orders among 200,000 in one queue that is not fair", fair=False),
)


@dataclass(slots=True)
class Run:
    """A run of a scenario, and its parts to look at afterwards."""

    scenario: Scenario
    site: Site
    queues: list[Queue]
    ended_at: float = 0


def play(scenario: Scenario) -> Run:
    """Run a scenario to its end."""
    loop = Loop(START)
    begin, end = (START + seconds for seconds in scenario.away)
    braze = Braze(spent=scenario.spent, away=(begin, end))
    site = Site(loop, braze, scenario.costs, Random(scenario.seed), client(loop))
    site.watched = ORDERS
    site.low = frozenset({WELCOMES} if scenario.low else ())
    queue = Queue(loop, fair=scenario.fair)
    queues = [queue]
    if scenario.low:
        queues.append(Queue(loop))
        scenario.low.start(site, queues[1])
    if scenario.paused:
        scopes = {"M": {f"rule/shop/{WELCOMES}": {"S": ""}}}
        site.client.tables[TABLE].items[PAUSES] = {"pk": {"S": PAUSES}, "scopes": scopes}
    scenario.mapping.start(site, queue)
    queues[-1].add(Lot(WELCOMES, scenario.backlog, START))
    if scenario.orders:
        loop.spawn(_orders(site, queue, scenario))
    run = Run(scenario, site, queues)
    loop.run(_end(run))
    run.ended_at = loop.now
    return run


def _orders(site: Site, queue: Queue, scenario: Scenario) -> Process:
    while site.loop.now < START + scenario.lasts:
        yield site.random.expovariate(scenario.orders)
        queue.add(Lot(ORDERS, 1, site.loop.now))


def _end(run: Run) -> Callable[[], bool]:
    """Return what says that all has been sent, or, with orders, that their time is over."""
    site, scenario = run.site, run.scenario
    until = START + scenario.lasts + 2 * HOUR
    if not scenario.orders:
        return lambda: site.journal.sent[WELCOMES] >= scenario.backlog
    return lambda: (
        site.loop.now >= until
        or (site.loop.now >= START + scenario.lasts and not len(run.queues[0]))
    )
