"""Orders of many rules while Braze is slow: what one worker has no time for, others take over."""

from dataclasses import replace
from typing import Final

import pytest

from handler.core.delivery.backoff import Timing
from handler.core.json_types import JsonValue
from handler.core.message import encode, group_of
from tests.simulation.backlog import WORKERS, delivery, paused, serve_batch
from tests.simulation.baton import Baton
from tests.simulation.clock import START
from tests.simulation.environments import QUEUE, Environments
from tests.simulation.faults import Fault
from tests.simulation.sqs_queue import Message
from tests.simulation.world import BATCH, DELIVER_SECONDS

_HIGH_VOLUME: Final = 50  # template.yaml: the batch size of HighVolume
_SPREAD: Final = Timing().spread


class Slow:
    """No faults, but all answers of Braze take so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def at(self, point: str, /) -> Fault | None:
        return Fault("slow", self._seconds) if point == "braze.post" else None


def order(on: Environments, rules: int, each: int = 1) -> list[Message]:
    """Enqueue orders of so many rules, each of which has a campaign of its own."""
    queue, now = on.sqs.queues[QUEUE], on.clock()
    for number in range(rules * each):
        rule = number % rules
        send: dict[str, JsonValue] = {"campaign_id": f"{rule:08x}-5a2a-b634-7f7d-9ec891532368"}
        one = replace(delivery(number, f"order{rule}"), send=send)
        queue.add(Message(one.id, encode(one), {}, now, group_of(one)), now)
    return list(queue.messages.values())


@pytest.mark.parametrize(
    "rules, batch, seconds, last, receives",
    # All back at once, the last ones took 127, 49 and 188 s, and 10, 4 and 13 receives.
    [(10, BATCH, 13, 70, 5), (10, BATCH, 5, 35, 3), (50, _HIGH_VOLUME, 5, 90, 6)],
)
def test_orders_behind_slow_answers_are_shared_by_the_workers(
    rules: int, batch: int, seconds: float, last: float, receives: int
) -> None:
    clock = Baton()
    on = paused(clock, Slow(seconds))
    messages = order(on, rules)

    def work() -> None:
        worker = on.worker()
        while on.sqs.queues[QUEUE].messages and clock() < START + 3_600:
            if not serve_batch(on, worker, batch, DELIVER_SECONDS):
                clock.sleep(0.1)

    for _ in range(WORKERS):
        clock.add(work)
    with on.ports():
        clock.run()

    assert len(on.braze.applied) == rules
    assert max(one.at for one in on.braze.applied) - START < last
    assert max(one.receives for one in messages) <= receives


def test_what_shares_a_request_comes_back_together_and_soon() -> None:
    clock = Baton()
    on = paused(clock, Slow(13))
    messages = order(on, rules=5, each=2)

    def work() -> None:
        serve_batch(on, on.worker(), BATCH, DELIVER_SECONDS)

    clock.add(work)
    with on.ports():
        clock.run()

    left = [one for one in messages if one.id in on.sqs.queues[QUEUE].messages]
    by_group: dict[str, set[float]] = {}
    for one in left:
        by_group.setdefault(one.group, set()).add(one.visible_at)
    assert len(by_group) == 4
    assert all(len(times) == 1 for times in by_group.values())
    times = {at for (at,) in by_group.values()}
    assert len(times) > 1
    assert max(times) - min(times) < _SPREAD
