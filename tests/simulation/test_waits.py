"""Waits of a batch are set by one call, each message by itself; what fails has the queue's own."""

from random import Random
from types import SimpleNamespace
from typing import Any, Final

import pytest

from handler.core.message import encode
from handler.core.models import Delivery
from handler.deliver import serve
from handler.ledger.pauses import PAUSES
from tests.simulation.braze import Braze
from tests.simulation.clock import START, Clock
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.environments import BRAZE_KEYS, DEAD, QUEUE, TABLE, Environments
from tests.simulation.faults import Fault, Script
from tests.simulation.secrets import Secrets
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_queue import Queue
from tests.simulation.world import DELIVER_SECONDS, VISIBILITY

CALL: Final = "sqs.change_message_visibility_batch"
SHORTEST: Final = 450  # seconds that a paused delivery waits at least: `wait_stopped`


def delivery(number: int, rule: str) -> Delivery:
    return Delivery(
        id=f"{number:064x}",
        source="shop",
        rule=rule,
        rules_version="v1",
        workspace="default",
        path="/campaigns/trigger/send",
        send={"campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368"},
        recipient={"external_user_id": f"user-{number}"},
        event_id=f"e{number}",
        event="",
        accepted_at=int(START),
        expires_at=None,
        on_unknown="retry",
    )


class Stage:
    """One worker on services in memory, in a time of its own; the rule `paused` is paused."""

    def __init__(self, faults: dict[tuple[str, int], Fault]) -> None:
        self.clock, self.faults = Clock(), Script(faults)
        ports: dict[str, Any] = {"clock": self.clock, "faults": self.faults, "tries": 2}
        self.queue = Queue(QUEUE, visibility=VISIBILITY)
        self.sqs = Sqs(**ports, queues={QUEUE: self.queue, DEAD: Queue(DEAD)})
        self.braze = Braze(self.clock, {"key"}, self.faults)
        self.on = Environments(
            self.clock,
            Random(1),  # noqa: S311 - to be repeated
            self.sqs,
            DynamoDB(**ports, tables={TABLE: Table()}),
            Secrets(**ports),
            self.braze,
        )
        self.on.secrets.put(BRAZE_KEYS, '{"default": "key"}')
        scopes: Any = {"M": {"rule/shop/paused": {"M": {}}}}
        self.on.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": PAUSES}, "scopes": scopes})

    def deliver(self, *rules: str, left: float = DELIVER_SECONDS) -> None:
        """Let the worker have a batch of one delivery of each rule, as Lambda does."""
        for number, rule in enumerate(rules, 1):
            self.sqs.send_message(QueueUrl=QUEUE, MessageBody=encode(delivery(number, rule)))
        records, ends = self.sqs.receive(QUEUE, len(rules)), self.clock() + left
        context: Any = SimpleNamespace(
            get_remaining_time_in_millis=lambda: int((ends - self.clock()) * 1000)
        )
        with self.on.ports():
            answer = serve(self.on.worker(), {"Records": records}, context)
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        done = [it["receiptHandle"] for it in records if it["messageId"] not in failed]
        self.sqs.delete(QUEUE, done)

    def waits(self) -> list[float]:
        """Return the seconds for which each message is hidden, in their order."""
        return [one.visible_at - self.clock() for one in self.queue.messages.values()]


@pytest.mark.parametrize("count,calls", [(1, 1), (10, 1), (11, 2), (50, 5)])
def test_ten_waits_are_one_call(count: int, calls: int) -> None:
    stage = Stage({})
    stage.deliver(*["paused"] * count)

    assert stage.faults.calls[CALL] == calls
    assert len(stage.waits()) == count
    assert min(stage.waits()) > SHORTEST - 1


def test_what_was_sent_leaves_and_only_what_waits_is_postponed() -> None:
    stage = Stage({})
    stage.deliver("paused", "order", "paused")

    assert len(stage.braze.applied) == 1
    assert len(stage.waits()) == 2
    assert min(stage.waits()) > SHORTEST - 1


def test_a_message_whose_entry_fails_keeps_the_queues_timeout_and_the_others_wait() -> None:
    stage = Stage({("sqs.unset", 2): Fault("failed")})
    stage.deliver("paused", "paused", "paused")

    first, second, third = stage.waits()
    assert min(first, third) > SHORTEST - 1
    assert VISIBILITY - 1 < second < VISIBILITY
    assert stage.on.sink.warned == ["not postponed"]


def test_where_the_call_fails_all_keep_the_queues_timeout() -> None:
    stage = Stage({(CALL, 1): Fault("error"), (CALL, 2): Fault("error")})
    stage.deliver("paused", "paused")

    assert all(VISIBILITY - 2 < wait < VISIBILITY for wait in stage.waits())
    assert stage.on.sink.warned == ["not postponed"] * 2


def test_a_lost_answer_is_asked_for_again_and_changes_nothing() -> None:
    stage = Stage({(CALL, 1): Fault("lost")})
    stage.deliver("paused", "paused")

    assert min(stage.waits()) > SHORTEST - 1
    assert stage.on.sink.warned == []


def test_a_message_that_is_no_longer_in_flight_does_not_keep_the_others_from_waiting() -> None:
    stage = Stage({("sqs.copy", 1): Fault("copy", 0)})
    stage.deliver("paused", "paused")

    assert sum(wait > SHORTEST - 1 for wait in stage.waits()) == 1
    assert stage.on.sink.warned == ["not postponed"]


def test_what_no_time_is_left_for_is_visible_again_at_once() -> None:
    stage = Stage({})
    stage.deliver("paused", "order", left=16)

    assert max(stage.waits()) <= 0
