"""A rule that is paused with a large backlog, and the orders of another rule in the same queue.

At full size the constants are the relay's and SQS's own. A size of 100 has a hundredth of the
messages, of what may be in flight and of the waits: workers then set as many waits in a second, and
rest as long, but a run is a hundredth as long.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from handler.core.delivery.backoff import Timing
from handler.core.message import encode, group_of
from handler.core.models import Delivery
from handler.deliver import serve
from handler.ledger.pauses import PAUSES
from handler.worker.dependencies import Worker
from tests.simulation.baton import Baton
from tests.simulation.braze import Braze
from tests.simulation.clock import START, Time
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.environments import BRAZE_KEYS, DEAD, QUEUE, TABLE, Environments
from tests.simulation.faults import Calm, Faults
from tests.simulation.secrets import Secrets
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_queue import MAX_IN_FLIGHT, Message, Queue
from tests.simulation.world import BATCH, DELIVER_SECONDS, VISIBILITY

WORKERS: Final = 10  # template.yaml: DeliverConcurrency
PAUSED: Final = 200_000
RULE: Final = "paused"
RENAMED: Final = "paused-too"
_SOON: Final = 10  # seconds


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


def paused(
    clock: Time, faults: Faults, ceiling: int = MAX_IN_FLIGHT, timing: Timing | None = None
) -> Environments:
    """Return environments with an empty queue, in which RULE and RENAMED are paused."""
    ports: dict[str, Any] = {"clock": clock, "faults": faults}
    dead = Queue(DEAD)
    queue = Queue(QUEUE, visibility=VISIBILITY, dead=dead, ceiling=ceiling)
    made = Environments(
        clock,
        Random(1),  # noqa: S311 - to be repeated
        Sqs(**ports, queues={QUEUE: queue, DEAD: dead}),
        DynamoDB(**ports, tables={TABLE: Table()}),
        Secrets(**ports),
        Braze(clock, {"key"}, faults),
        timing=timing or Timing(),
    )
    made.secrets.put(BRAZE_KEYS, '{"default": "key"}')
    scopes: Any = {"M": {f"rule/shop/{one}": {"M": {}} for one in (RULE, RENAMED)}}
    made.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": PAUSES}, "scopes": scopes})
    return made


def serve_batch(
    on: Environments, worker: Worker, most: int, left: float, queue: str = QUEUE
) -> int:
    """Do as Lambda does for an invocation that has `left` seconds; return how many it received."""
    records, ends = on.sqs.receive(queue, most), on.clock() + left
    context: Any = SimpleNamespace(
        get_remaining_time_in_millis=lambda: int((ends - on.clock()) * 1000)
    )
    if records:
        answer = serve(worker, {"Records": records}, context)
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        done = [it["receiptHandle"] for it in records if it["messageId"] not in failed]
        on.sqs.delete(queue, done)
    return len(records)


@dataclass
class Seen:
    """What a run has shown; `delays` are seconds from an order's enqueueing to Braze."""

    delays: list[float]
    most_in_flight: int
    most_receives: int
    dead: int

    def delay(self, share: float) -> float:
        """Return the delay that so many of the orders do not exceed."""
        return sorted(self.delays)[int(share * (len(self.delays) - 1))]


class Backlog:
    """Runs the relay over the backlog for `lasts` seconds, with an order every second.

    The backlog is of `rules`, one after the other, each with an equal share of it.
    """

    def __init__(
        self, size: int, lasts: float, *, grouped: bool = True, rules: Sequence[str] = (RULE,)
    ) -> None:
        self.clock = Baton()
        self.ends = START + lasts
        self.is_grouped = grouped
        known = Timing()
        timing = replace(
            known, stopped=known.stopped / size, most_waiting=known.most_waiting // size
        )
        self.on = paused(self.clock, Calm(), MAX_IN_FLIGHT // size, timing)
        self.queue, self.dead = self.on.sqs.queues[QUEUE], self.on.sqs.queues[DEAD]
        self._most_in_flight = 0
        self._ordered: dict[str, float] = {}
        for number in range(PAUSED // size):
            self._put(delivery(number, rules[number * size * len(rules) // PAUSED]))

    def run(self) -> Seen:
        """Let it all happen; return what was seen."""
        for _ in range(WORKERS):
            self.clock.add(self._work)
        self.clock.add(self._order)
        with self.on.ports():
            self.clock.run()
        sent = {
            each["external_user_id"]: one.at
            for one in self.on.braze.applied
            for each in one.body["recipients"]
        }
        return Seen(
            [sent.get(user, float("inf")) - at for user, at in self._ordered.items()],
            self._most_in_flight,
            max(one.receives for one in self.queue.messages.values()),
            len(self.dead.messages),
        )

    def _put(self, one: Delivery) -> None:
        group = group_of(one) if self.is_grouped else ""
        self.queue.add(Message(one.id, encode(one), {}, self.clock(), group), self.clock())

    def _order(self) -> None:
        while self.clock() < self.ends - _SOON:  # the last one has time, too
            self.clock.sleep(1)
            one = delivery(PAUSED + len(self._ordered), "order")
            self._ordered[f"user-{PAUSED + len(self._ordered)}"] = self.clock()
            self._put(one)

    def _work(self) -> None:
        """Do as the event source mapping does for one of its concurrent invocations."""
        worker = self.on.worker()
        while self.clock() < self.ends:
            if not serve_batch(self.on, worker, BATCH, DELIVER_SECONDS):
                self.clock.sleep(0.1)
            flying = self.queue.counts(self.clock())[1]
            self._most_in_flight = max(self._most_in_flight, flying)
