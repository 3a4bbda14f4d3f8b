"""A workspace that may reach only some: whatever fails, nobody else is in a request to Braze."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from relay.reconcile.accounting import LEFT, PLANNED
from tests.simulation.invariants import breaches
from tests.simulation.outcome import Outcome
from tests.simulation.sink import Sink
from tests.simulation.storms import stormy
from tests.simulation.world import Setting, World

ONLY = tuple(f"*{digit}@canary.example.org" for digit in range(5))


class Counts(Sink):
    """A sink that adds the metrics up."""

    def __init__(self) -> None:
        super().__init__()
        self.sums: Counter[str] = Counter()

    def write(self, text: str, /) -> int:
        if '"_aws"' in text:
            document = json.loads(text)
            for one in document["_aws"]["CloudWatchMetrics"]:
                for name in (each["Name"] for each in one["Metrics"]):
                    self.sums[name] += round(sum(document[name]))
        return super().write(text)


def test_where_nothing_fails_half_is_withheld_and_the_sum_of_deliveries_adds_up() -> None:
    world = World(Setting(1, 300, repeated=0.2, only=ONLY))
    world.on.sink = counts = Counts()
    world.run()

    assert breaches(world) == {}
    assert counts.sums[PLANNED] == sum(counts.sums[name] for name in LEFT)
    outcome = Outcome(world)
    assert 0.4 < len(outcome.withheld) / len(outcome.wishes) < 0.6
    assert counts.sums["DeliveriesWithheld"] == len(outcome.withheld)
    assert len({*outcome.sent, *outcome.letters, *outcome.withheld}) == len(outcome.wishes)


def test_whatever_fails_nobody_is_reached_who_is_not_listed() -> None:
    world = World(replace(stormy(3, 400), only=ONLY))
    world.run()

    assert breaches(world) == {}
    assert len(Outcome(world).withheld) > 100


@pytest.mark.parametrize(
    "place", ["handler.worker.dispatch.is_withheld", "handler.worker.claim.is_withheld"]
)
def test_a_comparison_that_is_left_out_is_seen(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, lambda *_: False)
    world = World(Setting(2, 300, only=ONLY))
    world.run()

    assert "unlisted" in breaches(world)
