"""The real handlers as a machine of hypothesis: what may be done to them, and what then holds."""

import json
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from handler.deliver import serve
from handler.ledger.pauses import PAUSES
from tests.simulation import till
from tests.simulation.braze import Braze
from tests.simulation.clock import Clock
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.environments import BRAZE_KEYS, DEAD, LOW, QUEUE, SIGNING, TABLE, Environments
from tests.simulation.faults import Fault, Once
from tests.simulation.invariants import lost
from tests.simulation.line import Died
from tests.simulation.outcome import Outcome, times_of
from tests.simulation.secrets import Secrets
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import CAMPAIGNS, SECRET, SOURCE, TILL, Webhook, id_of, webhooks
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_queue import Queue
from tests.simulation.world import BATCH, VISIBILITY, World

DAY: Final = 86_400
_OF_AWS: Final = ("error", "lost", "dies_before", "dies_after")
_OF_BRAZE: Final = (
    *("timeout", "timeout_applied", "reset", "edge_applied", "unavailable", "cut"),
    *("dies_before", "dies_after"),
)
# The nth call of a point from now on, and what happens to it.
FAULTS: Final = st.tuples(
    st.just("braze.post"), st.sampled_from((1, 1, 1, 2)), st.sampled_from(_OF_BRAZE)
) | st.tuples(
    st.sampled_from(["dynamodb.update_item", "dynamodb.get_item", "sqs.send_message"]),
    st.integers(1, 9),
    st.sampled_from(_OF_AWS),
)


SEEDS: Final = st.integers(0, 10_000)  # of webhooks
_FIRST: Final = 6  # webhooks of several rules: with none to begin with, half of the steps are empty
CONFIRM: Final = f"rule/{SOURCE}/confirm"
SCOPES: Final = ("all", f"source/{SOURCE}", CONFIRM, "workspace/default")
# By scope, the rules that it stops; all, where it is not here.
STOPPED: Final = {CONFIRM: {"confirm"}, f"source/{SOURCE}": {*CAMPAIGNS.values()} - {"thanks"}}
_SEEN: Final = 10  # seconds within which a pause holds everywhere


class Relay(RuleBasedStateMachine):
    """The real handlers, done to as hypothesis likes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.faults = Clock(), Once()
        ports: dict[str, Any] = {"clock": self.clock, "faults": self.faults}
        self.dead = Queue(DEAD, retention=14 * DAY)
        self.queue = Queue(QUEUE, visibility=VISIBILITY, dead=self.dead)
        self.low = Queue(LOW, visibility=VISIBILITY, dead=self.dead)
        self.braze = Braze(self.clock, set(), self.faults)
        self.on = Environments(
            self.clock,
            Random(1),  # noqa: S311 - to be repeated
            Sqs(**ports, queues={QUEUE: self.queue, LOW: self.low, DEAD: self.dead}),
            DynamoDB(**ports, tables={TABLE: Table()}),
            Secrets(**ports),
            self.braze,
        )
        self.on.secrets.put(SIGNING, json.dumps(dict.fromkeys((SOURCE, TILL), SECRET)))
        self.story = SimpleNamespace(accepted=list[Webhook]())
        self.known: list[Webhook] = []
        self.paused, self.paused_at = "", 0.0
        self.keys = 0
        self.rotate()
        self.ingest, self.worker = self.on.ingest(), self.on.worker()

    def strike(self, fault: tuple[str, int, str]) -> None:
        point, calls, kind = fault
        self.faults.left = (point, calls, Fault(kind, 1))

    def give(self, webhook: Webhook) -> None:
        try:
            with self.on.ports():
                answer = self.ingest.answer(webhook.request())
        except Died:
            self.ingest = self.on.ingest()
            return
        if answer["statusCode"] == 200:
            self.story.accepted.append(webhook)

    @initialize(seeds=st.lists(SEEDS, min_size=_FIRST, max_size=_FIRST))
    def begin(self, seeds: list[int]) -> None:
        for seed in seeds:
            self.publish(seed)

    @rule(seed=SEEDS)
    def publish(self, seed: int) -> None:
        number = len(self.known) + 1
        # One in four: with more of them a mistake in what is held is met late.
        make = till.webhooks if seed % 4 == 1 else webhooks
        made = [*make(Random(seed), number, self.clock(), 1_000)][-1]  # noqa: S311 - as above
        if made.answer == 200:
            self.known.append(made)
            self.give(made)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 99))
    def publish_again(self, which: int) -> None:
        self.give(self.known[which % len(self.known)])

    @rule(fault=st.none() | FAULTS, url=st.sampled_from([QUEUE, LOW]))
    def deliver(self, fault: tuple[str, int, str] | None = None, url: str = QUEUE) -> None:
        if fault is not None:
            self.strike(fault)
        records = self.on.sqs.receive(url, BATCH)
        begun, ends = len(self.braze.tried), self.clock() + 30
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: int((ends - self.clock()) * 1000)
        )
        try:
            with self.on.ports():
                answer = serve(self.worker, {"Records": records}, context)
        except Died:
            self.worker = self.on.worker()
            self.doubt(begun)
        else:
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            done = [it["receiptHandle"] for it in records if it["messageId"] not in failed]
            self.on.sqs.delete(url, done)
        finally:
            self.faults.left = None
            self.check_pauses(begun)

    def doubt(self, begun: int) -> None:
        """Of what a dead worker had sent and not recorded nobody knows what came of it."""
        for one in self.braze.tried[begun:]:
            keys = [key for key, _ in deliveries_in(one.path, one.body)]
            unsaid = {key for key in keys if not World._is_recorded(self, id_of(key))}  # type: ignore[arg-type] # noqa: SLF001 - it asks the ledger
            one.doubtful |= unsaid

    def check_pauses(self, begun: int) -> None:
        for one in self.braze.tried[begun:]:
            sent = {name for (name, _, _), _ in deliveries_in(one.path, one.body)}
            if self.paused and one.at >= self.paused_at + _SEEN:
                stopped = sent & STOPPED.get(self.paused, sent)
                assert not stopped, f"{stopped} are sent in spite of {self.paused}"

    @precondition(lambda self: not self.paused)
    @rule(scope=st.sampled_from(SCOPES))
    def pause(self, scope: str) -> None:
        self.paused, self.paused_at = scope, self.clock()
        self.write_pauses({scope: {"M": {"since": {"N": str(int(self.clock()))}}}})

    @precondition(lambda self: self.paused)
    @rule()
    def resume(self) -> None:
        self.paused = ""
        self.write_pauses({})

    def write_pauses(self, scopes: dict[str, Any]) -> None:
        item = {"pk": {"S": PAUSES}, "scopes": {"M": scopes}}
        self.on.dynamodb.put_item(TableName=TABLE, Item=item)

    @rule()
    def rotate(self) -> None:
        self.keys += 1
        self.braze.keys = {f"canary-key-{self.keys}"}
        self.on.secrets.put(BRAZE_KEYS, f'{{"default": "canary-key-{self.keys}"}}')

    @rule(seconds=st.sampled_from([1, 40, 200, 1_000, 7_200]))
    def advance(self, seconds: int) -> None:
        self.clock.sleep(seconds)

    @rule()
    def change_rules(self) -> None:
        sources = {
            name: source
            if isinstance(source, Exception)
            else replace(source, version=f"v{self.keys}")
            for name, source in self.ingest.sources.items()
        }
        self.ingest = replace(self.ingest, sources=sources)

    @rule()
    def redrive(self) -> None:
        """Do as SQS's own redrive does: what is held comes back unsent, what is dead goes again."""
        self.clock.sleep(60)
        for letter in self.on.sqs.receive(DEAD, BATCH):
            self.on.sqs.send_message(QueueUrl=QUEUE, MessageBody=letter["body"])
            self.on.sqs.delete(DEAD, [letter["receiptHandle"]])

    @invariant()
    def nothing_is_sent_in_vain(self) -> None:
        outcome = Outcome(self)  # type: ignore[arg-type] # it has what is read of a world
        for key, sends in outcome.sent.items():
            hold = outcome.wishes[key].hold if key in outcome.wishes else False
            unknown = outcome.tried[1][key] + self.on.sink.unrecorded[id_of(key)]
            assert times_of(sends) <= (1 if hold else 1 + unknown), key

    def drain(self, queue: Queue) -> None:
        for _ in range(400):
            if not queue.messages:
                break
            self.clock.sleep(max(1, (queue.next_at(self.clock()) or 0) - self.clock()))
            self.deliver(url=queue.url)

    def teardown(self) -> None:
        """Let nothing fail or be paused any more: all that was accepted has to arrive."""
        self.resume()
        for queue in (self.queue, self.low):
            self.drain(queue)
            assert not queue.messages
        self.nothing_is_sent_in_vain()
        assert [*lost(Outcome(self))] == []  # type: ignore[arg-type] # as above
