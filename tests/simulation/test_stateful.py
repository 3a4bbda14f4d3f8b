"""Whatever is done in whatever order, by hypothesis: nothing is lost, nothing is sent in vain."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from handler.deliver import serve
from handler.received import GONE
from tests.simulation.braze import Braze
from tests.simulation.clock import Clock
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.environments import BRAZE_KEYS, DEAD, QUEUE, SIGNING, TABLE, Environments
from tests.simulation.faults import Fault
from tests.simulation.invariants import Outcome, lost
from tests.simulation.line import Died
from tests.simulation.secrets import Secrets
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import SECRET, SOURCE, Webhook, id_of, webhooks
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_queue import Queue
from tests.simulation.world import BATCH, VISIBILITY, World

DAY: Final = 86_400
_OF_AWS: Final = ("error", "lost", "dies_before", "dies_after")
_OF_BRAZE: Final = (
    *("timeout", "timeout_applied", "reset", "edge_applied", "unavailable", "cut"),
    *("dies_before", "dies_after"),
)
LONG: Final = settings(max_examples=150, stateful_step_count=30, deadline=None)
FOUND: Final = settings(
    LONG,
    max_examples=2_000,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
# The nth call of a point from now on, and what happens to it.
FAULTS: Final = st.tuples(
    st.just("braze.post"), st.integers(1, 2), st.sampled_from(_OF_BRAZE)
) | st.tuples(
    st.sampled_from(["dynamodb.update_item", "dynamodb.get_item", "sqs.send_message"]),
    st.integers(1, 9),
    st.sampled_from(_OF_AWS),
)


class Once:
    """One fault, at the nth call of a point from now on."""

    def __init__(self) -> None:
        self.left: tuple[str, int, Fault] | None = None

    def at(self, point: str, /) -> Fault | None:
        if self.left is None or self.left[0] != point:
            return None
        _, calls, fault = self.left
        self.left = (point, calls - 1, fault) if calls > 1 else None
        return fault if calls == 1 else None


class Relay(RuleBasedStateMachine):
    """The real handlers, done to as hypothesis likes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.faults = Clock(), Once()
        ports: dict[str, Any] = {"clock": self.clock, "faults": self.faults, "tries": 2}
        self.dead = Queue(DEAD, retention=14 * DAY)
        self.queue = Queue(QUEUE, visibility=VISIBILITY, dead=self.dead)
        self.braze = Braze(self.clock, set(), self.faults)
        self.on = Environments(
            self.clock,
            Random(1),  # noqa: S311 - to be repeated
            Sqs(**ports, queues={QUEUE: self.queue, DEAD: self.dead}),
            DynamoDB(**ports, tables={TABLE: Table()}),
            Secrets(**ports),
            self.braze,
        )
        self.on.secrets.put(SIGNING, f'{{"{SOURCE}": "{SECRET}"}}')
        self.story = SimpleNamespace(accepted=list[Webhook]())
        self.known: list[Webhook] = []
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

    @rule(seed=st.integers(0, 10_000))
    def publish(self, seed: int) -> None:
        number = len(self.known) + 1
        made = [*webhooks(Random(seed), number, self.clock(), 1_000)][-1]  # noqa: S311 - as above
        if made.answer == 200:
            self.known.append(made)
            self.give(made)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 99))
    def publish_again(self, which: int) -> None:
        self.give(self.known[which % len(self.known)])

    @rule(fault=st.none() | FAULTS)
    def deliver(self, fault: tuple[str, int, str] | None = None) -> None:
        if fault is not None:
            self.strike(fault)
        records = self.on.sqs.receive(QUEUE, BATCH)
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
            self.on.sqs.delete(QUEUE, done)
        finally:
            self.faults.left = None

    def doubt(self, begun: int) -> None:
        """Of what a dead worker had sent and not recorded nobody knows what came of it."""
        for one in self.braze.tried[begun:]:
            keys = [key for key, _ in deliveries_in(one.path, one.body)]
            unsaid = {key for key in keys if not World._is_recorded(self, id_of(key))}  # type: ignore[arg-type] # noqa: SLF001 - it asks the ledger
            one.doubtful |= unsaid

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
            assert len(sends) <= (1 if hold else 1 + unknown), key

    def teardown(self) -> None:
        """Let nothing fail any more: all that was accepted has to arrive."""
        for _ in range(400):
            if not self.queue.messages:
                break
            self.clock.sleep(max(1, (self.queue.next_at(self.clock()) or 0) - self.clock()))
            self.deliver()
        self.nothing_is_sent_in_vain()
        assert not self.queue.messages
        assert [*lost(Outcome(self))] == []  # type: ignore[arg-type] # as above


def always(value: Any) -> Callable[..., Any]:
    return lambda *_given, **_named: value


MISTAKES: Final[dict[str, dict[str, Any]]] = {
    "what was accepted is not marked": {
        "handler.ledger.Ledger.mark": always(1),
        "handler.sends.Sends.mark": always(1),
    },
    "what was not sent leaves the queue": {
        "handler.settle.back": always(GONE),
        "handler.settle.count_settled": always(None),
    },
    "what is held is sent again": {
        "handler.settle.policy": always("retry"),
        "handler.claims.policy": always("retry"),
    },
}


def test_whatever_is_done_nothing_is_lost_and_nothing_is_sent_in_vain() -> None:
    run_state_machine_as_test(Relay, settings=LONG)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, instead in MISTAKES[name].items():
        monkeypatch.setattr(target, instead)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Relay, settings=FOUND)
