"""Waits of a batch are set by one call, each message by itself; what fails has the queue's own."""

from dataclasses import replace
from typing import Final

import pytest

from handler.aws.retry import Retry
from handler.core.message import encode
from tests.simulation.backlog import delivery, paused, serve_batch
from tests.simulation.clock import Clock
from tests.simulation.environments import LOW, QUEUE
from tests.simulation.faults import Fault, Script
from tests.simulation.sqs_queue import Queue
from tests.simulation.world import DELIVER_SECONDS, VISIBILITY

CALL: Final = "sqs.change_message_visibility_batch"
SHORTEST: Final = 450  # seconds that a paused delivery waits at least: `wait_stopped`
FREE: Final = 2_000  # waits of one of ten workers: half of its share
SPREAD: Final = 5  # seconds, apart by request: `Timing.spread`
MARGIN: Final = 5  # seconds that are left for the answer: `Timing.margin`


class Stage:
    """One worker on services in memory, in a time of its own; the rule `paused` is paused."""

    def __init__(self, faults: dict[tuple[str, int], Fault]) -> None:
        self.clock, self.faults = Clock(), Script(faults)
        self.on = paused(self.clock, self.faults)
        self.queue = self.on.sqs.queues[QUEUE]
        self.on.sqs.queues[LOW] = Queue(LOW, visibility=VISIBILITY, dead=self.queue.dead)
        self.worker = self.on.worker()

    def deliver(self, *rules: str, left: float = DELIVER_SECONDS, queue: str = QUEUE) -> float:
        """Let the worker have a batch of one delivery of each rule; return the seconds it took."""
        for number, rule in enumerate(rules, 1):
            self.on.sqs.send_message(QueueUrl=queue, MessageBody=encode(delivery(number, rule)))
        begun = self.clock()
        with self.on.ports():
            serve_batch(self.on, self.worker, len(rules), left, queue)
        return self.clock() - begun

    def waits(self) -> list[float]:
        """Return the seconds for which each message is hidden, in their order."""
        return [one.visible_at - one.taken_at for one in self.queue.messages.values()]


@pytest.mark.parametrize("count,calls", [(1, 1), (10, 1), (11, 2), (50, 5)])
def test_ten_waits_are_one_call(count: int, calls: int) -> None:
    stage = Stage({})
    stage.deliver(*["paused"] * count)

    assert stage.faults.calls[CALL] == calls
    assert len(stage.waits()) == count
    assert min(stage.waits()) > SHORTEST


def test_what_was_sent_leaves_and_only_what_waits_is_postponed() -> None:
    stage = Stage({})
    stage.deliver("paused", "order", "paused")

    assert len(stage.on.braze.applied) == 1
    assert len(stage.waits()) == 2
    assert min(stage.waits()) > SHORTEST


def test_a_message_whose_entry_fails_keeps_the_queues_timeout_and_the_others_wait() -> None:
    stage = Stage({("sqs.unset", 2): Fault("failed")})
    stage.deliver("paused", "paused", "paused")

    first, second, third = stage.waits()
    assert min(first, third) > SHORTEST
    assert second == VISIBILITY
    assert stage.on.sink.warned == ["not postponed"]


def test_where_the_call_fails_all_keep_the_queues_timeout() -> None:
    stage = Stage({(CALL, one): Fault("error") for one in range(1, Retry().tries + 1)})
    stage.deliver("paused", "paused")

    assert stage.waits() == [VISIBILITY] * 2
    assert stage.on.sink.warned == ["not postponed"] * 2


def test_a_lost_answer_is_asked_for_again_and_changes_nothing() -> None:
    stage = Stage({(CALL, 1): Fault("lost")})
    stage.deliver("paused", "paused")

    assert min(stage.waits()) > SHORTEST
    assert stage.on.sink.warned == []


def test_a_message_that_is_no_longer_in_flight_does_not_keep_the_others_from_waiting() -> None:
    stage = Stage({("sqs.copy", 1): Fault("copy", 0)})
    stage.deliver("paused", "paused")

    assert sum(wait > SHORTEST for wait in stage.waits()) == 1
    assert stage.on.sink.warned == ["not postponed"]


def test_what_no_time_is_left_for_is_visible_again_soon() -> None:
    stage = Stage({})
    assert stage.deliver("paused", "order", left=16) < 1

    assert max(stage.waits()) < SPREAD


def test_a_worker_with_more_than_half_its_share_of_waits_rests_but_has_time_to_answer() -> None:
    within, brief, long = Stage({}), Stage({}), Stage({})
    within.worker.own_waits[QUEUE].add([900] * (FREE - 10), within.clock())
    for stage in (brief, long):
        stage.worker.own_waits[QUEUE].add([900] * FREE, stage.clock())

    assert within.deliver(*["paused"] * 10) < 0.1
    assert 1.1 < brief.deliver(*["paused"] * 10) < 2.3  # 10 * (450 to 900 s) / 4,000
    assert long.deliver(*["paused"] * 200) == pytest.approx(DELIVER_SECONDS - MARGIN, abs=0.1)


def test_the_waits_of_low_priority_let_nobody_rest_who_works_on_the_other_queue() -> None:
    stage = Stage({})
    stage.worker.own_waits[LOW].add([900] * FREE, stage.clock())

    assert stage.deliver(*["paused"] * 10) < 1


def test_a_share_of_the_waits_of_low_priority_is_by_the_workers_of_its_own_queue() -> None:
    few, many = Stage({}), Stage({})
    settings = replace(many.worker.settings, low_priority_concurrency=1_000)
    many.worker = replace(many.worker, settings=settings)
    for stage in (few, many):
        stage.worker.own_waits[LOW].add([900] * 100, stage.clock())

    assert few.deliver(*["paused"] * 10, queue=LOW) < 1
    assert many.deliver(*["paused"] * 10, queue=LOW) == pytest.approx(25, abs=0.1)
