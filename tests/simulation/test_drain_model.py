"""The model of `bench/drain` beside the real handlers, and its decisions beside the product's."""

import json
from collections import Counter
from random import Random
from typing import Any, NamedTuple

import pytest
from samtranslator.yaml_helper import yaml_parse

from bench.drain import worker as modelled
from bench.drain.__main__ import quick, run
from bench.drain.braze import LIMIT, Braze
from bench.drain.costs import Costs
from bench.drain.loop import Loop
from bench.drain.mapping import Mapping
from bench.drain.queue import Lot, Queue
from bench.drain.scenarios import DEFAULT, HIGH_VOLUME, LOW, SCENARIOS, WELCOMES, Scenario
from bench.drain.worker import Site, client
from handler.core.braze.rate_limit import HOUR, Limit
from relay.paths import TEMPLATE
from tests.docs_pages import page
from tests.simulation import world as worlds
from tests.simulation.clock import START
from tests.simulation.line import LATENCY
from tests.simulation.test_drain import backlog, now_calm
from tests.simulation.world import Setting, World

_BACKLOG = 1_000
_WORKERS = 4
# What takes time in the world: its calls, and nothing else.
_COSTS = Costs(
    memory=1_769, dynamodb=LATENCY, sqs=LATENCY, receive=0, invoke=LATENCY, cold=0,
    cpu_request=0, cpu_recipient=0,
)  # fmt: skip


class Drained(NamedTuple):
    """What a drain comes to: the hours' requests, those that were answered 429, its seconds."""

    hours: Counter[int]
    refused: int
    seconds: float


def by_the_handlers(batch: int, limit: int, monkeypatch: pytest.MonkeyPatch) -> Drained:
    monkeypatch.setattr(worlds, "BATCH", batch)
    monkeypatch.setattr(World, "_calm", now_calm)
    world = World(Setting(3, webhooks=0, workers=_WORKERS))
    world.braze.limit = limit
    with world.on.ports():
        backlog(world, _BACKLOG)
    begun = world.clock()
    world.run()
    ended = max(one.at for one in world.braze.tried)
    hours = Counter(int(one.at // HOUR) for one in world.braze.tried)
    refused = sum(hours.values()) - len(world.braze.applied)
    return Drained(hours, refused, ended - begun)


def by_the_model(batch: int, limit: int, low: frozenset[str] = frozenset()) -> Drained:
    loop = Loop(START)
    site = Site(loop, Braze(limit), _COSTS, Random(3), client(loop), low=low)  # noqa: S311 - to be repeated
    queue = Queue(loop)
    Mapping(batch, 0, _WORKERS).start(site, queue)
    queue.add(Lot(WELCOMES, _BACKLOG, START))
    loop.run(lambda: not len(queue))
    refused = site.braze.refused
    return Drained(site.braze.taken + refused, refused.total(), loop.now - START)


@pytest.mark.parametrize("batch,limit", [(50, 250_000), (10, 50)])
def test_the_model_agrees_with_the_real_handlers(
    batch: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, found = by_the_handlers(batch, limit, monkeypatch), by_the_model(batch, limit)

    assert found.hours.keys() == ours.hours.keys()
    assert found.hours.total() == pytest.approx(ours.hours.total(), rel=0.1)
    assert found.refused == pytest.approx(ours.refused, abs=2 * _WORKERS)
    # The handlers ask once whether the campaign is active, and the model settles the last request.
    assert found.seconds == pytest.approx(ours.seconds, rel=0.05, abs=0.5)


@pytest.mark.parametrize("name", ["wait_limited", "wait", "coalesce", "classify", "BreakerState"])
def test_the_model_decides_by_the_functions_of_the_product(name: str) -> None:
    assert getattr(modelled, name).__module__.startswith("handler.")


def test_a_limit_that_nobody_waits_for_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limit, "opens_at", lambda *_given: 0.0)

    assert by_the_model(10, 50).refused > 3 * _WORKERS


def test_low_priority_leaves_the_last_fifth_of_each_hour() -> None:
    limit = 50
    hours = by_the_model(10, limit, low=frozenset({WELCOMES})).hours

    full = [count for _, count in sorted(hours.items())][:-1]
    assert full
    # With a fifth left one more may go, and each worker learns of it by its own next answer.
    assert all(0.8 * limit < count <= 0.8 * limit + 1 + _WORKERS for count in full)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_hundredth_of_each_scenario_sends_all_and_its_orders_in_time(scenario: Scenario) -> None:
    small = quick(scenario)

    figures, over_time = run(small)

    orders = small.orders * small.lasts
    assert orders or over_time["sent"][-1] == small.backlog
    assert figures.refused <= 0.001
    assert not orders or (figures.p99 or 0) <= 10
    assert json.loads(json.dumps(over_time)) == over_time


@pytest.mark.parametrize("mapping,workers", [(DEFAULT, 19), (HIGH_VOLUME, 23)])
def test_the_page_on_deployment_says_how_many_workers_use_braze_up(
    mapping: Mapping, workers: int
) -> None:
    def requests(workers: int, braze: float) -> float:
        costs, count = Costs(braze=braze), mapping.batch
        return workers / (costs.received(count) + costs.before(count) + braze + costs.after(count))

    allowed = LIMIT / HOUR
    assert requests(workers - 1, 0.2) < allowed <= requests(workers, 0.2)
    assert requests(mapping.concurrency, 0.33) >= allowed
    assert f"{workers}" in page("deploy").split("## How fast a backlog drains")[1].split("##")[0]


def test_the_scenarios_have_the_settings_of_the_template() -> None:
    template = yaml_parse(TEMPLATE.read_text())

    assert _mapping(template, "Delivery", high_volume=True) == HIGH_VOLUME
    assert _mapping(template, "Delivery", high_volume=False) == DEFAULT
    assert _mapping(template, "LowPriorityDelivery", high_volume=False) == LOW
    assert template["Globals"]["Function"]["MemorySize"] == Costs().memory


def _mapping(template: dict[str, Any], event: str, *, high_volume: bool) -> Mapping:
    """Return the settings of an event source mapping, as the parameters' defaults have them."""
    found = template["Resources"]["DeliverFunction"]["Properties"]["Events"][event]["Properties"]
    place = 1 if high_volume else 2
    concurrency = found["ScalingConfig"]["MaximumConcurrency"]["Ref"]
    return Mapping(
        found["BatchSize"]["Fn::If"][2]["Fn::If"][place],  # without `events`, for messages alone
        found["MaximumBatchingWindowInSeconds"]["Fn::If"][place],
        template["Parameters"][concurrency]["Default"],
    )
