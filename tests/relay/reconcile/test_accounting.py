"""The sums hold for the real functions: whatever comes in, by what they write for CloudWatch."""

import io
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.reconcile.accounting import AT_ONCE, DELIVERIES, Depth, adds_up, at_once, deliveries
from relay.reconcile.cloudwatch_counts import counts_of
from tests.simulation.world import Setting, World


class Lines(io.StringIO):
    """Standard output, of which the lines of metrics are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: Counter[Any] = Counter()

    def write(self, text: str, /) -> int:
        if text.startswith('{"_aws"'):
            for asked, count in counts_of(json.loads(text)):
                self.figures[asked] += count
        return len(text)


def ended(setting: Setting) -> tuple[World, Counter[Any]]:
    """Let a whole relay run until nothing is in flight; return it, and what it has counted."""
    world, lines = World(setting), Lines()
    world.on.sink = lines  # type: ignore[assignment] # standard output is all that goes there
    world.run()
    assert not world.queue.messages
    return world, lines.figures


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 10_000), st.integers(1, 150), st.floats(0, 0.5))
def test_whatever_comes_in_the_sums_hold(seed: int, webhooks: int, repeated: float) -> None:
    world, figures = ended(Setting(seed, webhooks, repeated=repeated))
    answers = [status for found in world.story.answers.values() for status in found]
    assert figures["WebhooksReceived", ("shop", "")] == len(answers)
    assert figures["WebhooksTaken", ("shop", "")] == answers.count(200)
    wishes = sum(len(webhook.wishes) for webhook in world.story.accepted)
    planned = sum(count for (name, _), count in figures.items() if name == DELIVERIES.left)
    assert planned == wishes
    for asked in AT_ONCE:
        assert adds_up(at_once(asked, figures)), asked.name
    rows = deliveries(figures, Depth(0, 0))
    if world.story.deaths == 0:  # a killed worker's counts are lost
        assert {row.verdict for row in rows} == {"adds up"}


def test_what_a_killed_worker_has_not_counted_is_found_missing() -> None:
    figures = Counter(
        {
            (DELIVERIES.left, ("shop", "confirm")): 3,
            ("DeliveriesAccepted", ("shop", "confirm")): 2,
            ("DeliveriesRedelivered", ("shop", "confirm")): 1,
        }
    )
    rows = deliveries(figures, Depth(0, 0))
    assert [row.verdict for row in rows] == ["wrong", "wrong"]
    assert "a worker that was killed" in rows[0].why


@pytest.mark.parametrize(
    "planned, left, start, end, verdict",
    [
        (5, 5, 0, 0, "adds up"),
        (5, 3, 0, 2, "adds up"),
        (1, 4, 3, 0, "adds up"),
        (1, 4, None, 0, "open"),
        (5, 3, 1, 2, "open"),  # SQS's numbers of a moving queue are approximate
        (5, 3, 0, None, "open"),
        (1, 9, 0, 0, "open"),  # redriven
        (9, 1, 0, 2, "wrong"),
        (9, 8, None, 0, "wrong"),
    ],
)
def test_the_stack_is_judged_by_both_ends_of_the_queue(
    planned: int, left: int, start: int | None, end: int | None, verdict: str
) -> None:
    place = ("shop", "confirm")
    figures = {(DELIVERIES.left, place): planned, ("DeliveriesAccepted", place): left}
    assert deliveries(figures, Depth(start, end))[-1].verdict == verdict
