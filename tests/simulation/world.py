"""A whole relay in virtual time: senders, ingest, queue, workers, ledger, Braze, and faults."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from handler.deliver import serve
from handler.worker.dependencies import Worker
from tests.simulation import shop
from tests.simulation.baton import Baton
from tests.simulation.braze import Braze, Outage, Pause, Try
from tests.simulation.braze_objects import Refuses
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.environments import BRAZE_KEYS, DEAD, LOW, QUEUE, SIGNING, TABLE, Environments
from tests.simulation.faults import Fault, Plan, Rates
from tests.simulation.line import Died
from tests.simulation.objects import Key
from tests.simulation.secrets import Secrets
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import (
    SECRET,
    SOURCE,
    TILL,
    Making,
    Webhook,
    all_webhooks,
    id_of,
    is_bad,
    is_poison,
)
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_queue import DAY, Queue

# template.yaml: the functions' timeouts, the queue's visibility timeout, the batch.
INGEST_SECONDS: Final = 10
DELIVER_SECONDS: Final = 30
VISIBILITY: Final = 181
BATCH: Final = 10
_PAUSES: Final = (10, 30, 60, 300, 600, 1_800, 3_600)  # a sender's, between two tries
_REDRIVEN: Final = 60  # seconds after the end of a run; marks and messages have clocks of their own
_RETIRED: Final = 400  # seconds after a rotation; longer than a worker keeps a key


@dataclass(frozen=True)
class Setting:
    """What a run is: its seed, its size, its faults."""

    seed: int
    webhooks: int = 1_000
    rate: float = 10  # a second
    workers: int = 8
    senders: int = 4
    rates: Rates = field(default_factory=dict)
    outages: tuple[tuple[float, float, str], ...] = ()  # begin and end in seconds, kind of fault
    down: tuple[tuple[float, float, str], ...] = ()  # begin and end in seconds, service of AWS
    pauses: tuple[tuple[float, float, str], ...] = ()  # begin and end in seconds, campaign
    gone: tuple[float, float] | None = None  # while there is no low-priority queue, in seconds
    only: tuple[str, ...] | None = None  # patterns of the addresses that may be reached
    rotations: tuple[float, ...] = ()  # when the API key is rotated, in seconds
    repeated: float = 0.01  # of the webhooks that were answered come again
    make: Making = shop.webhooks
    refuses: Refuses = lambda _array, _object: ""  # what of a request Braze leaves out


@dataclass
class Story:
    """What has happened beside what the services keep; times are in epoch seconds."""

    accepted: list[Webhook] = field(default_factory=list)
    answers: dict[int, list[int]] = field(default_factory=dict)
    at_once: list[Key] = field(default_factory=list)
    deaths: int = 0
    numbers: dict[Key, set[int]] = field(default_factory=dict)  # webhooks that stand for each
    open_when_frozen: Counter[str] = field(default_factory=Counter)  # by delivery id
    calm_at: float = 0.0
    ended_at: float = 0.0
    trace: str = ""


class World:
    """Builds everything from a setting, runs it, and keeps what has happened."""

    def __init__(self, setting: Setting, plan: Plan | None = None) -> None:
        self.setting = setting
        self.story = Story()
        self.clock = Baton()
        self.plan = plan or Plan(setting.seed, setting.rates)
        self.plan.clock = self.clock
        self.plan.down = [
            (self.clock() + begin, self.clock() + end, service)
            for begin, end, service in setting.down
        ]
        self.plan.copy = self._copy
        self.plan.freeze = self._freeze
        self.dead = Queue(DEAD, retention=14 * DAY)
        self.queue = Queue(QUEUE, visibility=VISIBILITY, dead=self.dead)
        self.low = Queue(LOW, visibility=VISIBILITY, dead=self.dead)
        self.braze = Braze(
            self.clock,
            set(),
            self.plan,
            self._outages(),
            rejects=is_bad,
            kills=is_poison,
            begins=self._begins,
            ends=self._ends,
            pauses=self._pauses(),
            refuses=setting.refuses,
        )
        ports: dict[str, Any] = {"clock": self.clock, "faults": self.plan}
        self.on = Environments(
            self.clock,
            Random(setting.seed),  # noqa: S311 - to be repeated
            Sqs(**ports, queues={QUEUE: self.queue, LOW: self.low, DEAD: self.dead}),
            DynamoDB(**ports, tables={TABLE: Table()}),
            Secrets(**ports),
            self.braze,
        )
        self.on.only = setting.only
        self.on.secrets.put(SIGNING, json.dumps(dict.fromkeys((SOURCE, TILL), SECRET)))
        self._sending: set[Key] = set()
        self._posted: dict[int, list[Try]] = {}
        self._taken: dict[int, tuple[Queue, list[str]]] = {}  # what each worker has in its hands
        self._busy = 0
        self._turn = 0
        self._senders = setting.senders
        self._rotate()

    def run(self) -> Story:
        """Let it all happen; return the story."""
        given = self.setting
        made = all_webhooks(given.make, self.on.random, given.webhooks, self.clock(), given.rate)
        for each in made:
            for wish in each.wishes:
                self.story.numbers.setdefault(wish.key, set()).add(each.number)
        due = [(each.at, each.number, 0, each) for each in made]
        heapify(due)
        for _ in range(given.senders):
            self.clock.add(lambda: self._send(due))
        self._let_work()
        for at in given.rotations:
            self.clock.add(self._rotate, at)
        if given.gone is not None:
            self.clock.add(self._lose_low, given.gone[0])
        with self.on.ports():
            self.story.trace = self.clock.run()
        self.story.ended_at = self.clock()
        return self.story

    def mend(self) -> None:
        """After the run, let Braze refuse no object any more, and redrive what it had refused."""
        self.braze.refuses = lambda _array, _object: ""
        self.clock.add(self._redrive)
        with self.on.ports():
            self.clock.run()
        self.story.ended_at = self.clock()

    def _redrive(self) -> None:
        self.clock.sleep(_REDRIVEN)
        for letter in [*self.dead.messages.values()]:
            if letter.attributes.get("reason", {}).get("StringValue") == "rejected":
                self.on.sqs.send_message(QueueUrl=QUEUE, MessageBody=letter.body)
                del self.dead.messages[letter.id]
        self.story.calm_at = self.clock()
        self._let_work()

    def _let_work(self) -> None:
        for _ in range(self.setting.workers):
            self.clock.add(self._work)

    def _outages(self) -> list[Outage]:
        now = self.clock()
        return [Outage(now + at, now + end, Fault(kind)) for at, end, kind in self.setting.outages]

    def _pauses(self) -> list[Pause]:
        now = self.clock()
        return [Pause(now + at, now + end, campaign) for at, end, campaign in self.setting.pauses]

    def _lose_low(self) -> None:
        """Have no low-priority queue for a while; what was in it is there again afterwards."""
        begin, end = self.setting.gone or (0, 0)
        del self.on.sqs.queues[LOW]
        self.clock.sleep(end - begin)
        self.on.sqs.queues[LOW] = self.low

    def _rotate(self) -> None:
        key = f"canary-key-{len(self.on.secrets.texts.get(BRAZE_KEYS, []))}"
        old = set(self.braze.keys)
        self.braze.keys.add(key)
        self.on.secrets.put(BRAZE_KEYS, json.dumps({"default": key}))
        if old:
            self.clock.sleep(_RETIRED)
            self.braze.keys -= old

    def _begins(self, one: Try) -> None:
        keys = {key for key, _ in deliveries_in(one.path, one.body)}
        one.left = self.clock.current.deadline - self.clock()
        self._posted.setdefault(self.clock.current.number, []).append(one)
        self.story.at_once += sorted(keys & self._sending)
        self._sending |= keys

    def _ends(self, one: Try) -> None:
        self._sending -= {key for key, _ in deliveries_in(one.path, one.body)}

    def _send(self, due: list[tuple[float, int, int, Webhook]]) -> None:
        """Send webhooks until none is due; what is not answered well comes again."""
        ingest = self.on.ingest()
        while due:
            at, number, tries, webhook = heappop(due)
            if at > self.clock():
                self.clock.sleep(at - self.clock())
            answer = self._invoke(lambda: ingest.answer(webhook.request()), INGEST_SECONDS)  # noqa: B023 - it is called at once
            status = 502 if answer is None else answer["statusCode"]
            if answer is None:
                ingest = self.on.ingest()
            self.story.answers.setdefault(number, []).append(status)
            again = status >= 500
            if status == 200:
                self.story.accepted.append(webhook)
                again = self.on.random.random() < self.setting.repeated
            if again and tries < len(_PAUSES):
                heappush(due, (self.clock() + _PAUSES[tries], number, tries + 1, webhook))
        self._senders -= 1
        if not self._senders:
            self._calm()

    def _calm(self) -> None:
        """From here on nothing fails, and all that was accepted has to arrive."""
        self.plan.active = False
        self.braze.outages.clear()
        now = self.story.calm_at = self.clock()
        self.braze.pauses = [one._replace(end=min(now, one.end)) for one in self.braze.pauses]

    def _work(self) -> None:
        """Do as the event source mapping does for one of its concurrent invocations."""
        worker = self.on.worker()
        while self._senders or self._busy or self.queue.messages or self.low.messages:
            queue, records = self._received()
            if not records:
                self._idle()
                continue
            self._busy += 1
            self._posted[self.clock.current.number] = []
            taken = [it["messageId"] for it in records]
            self._taken[self.clock.current.number] = (queue, taken)
            answer = self._invoke(lambda: self._serve(worker, records), DELIVER_SECONDS)  # noqa: B023 - it is called at once
            if answer is None:
                worker = self.on.worker()
                self.story.deaths += 1
                self._doubt()
            else:
                failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
                done = [it["receiptHandle"] for it in records if it["messageId"] not in failed]
                self.on.sqs.delete(queue.url, done)
            self._busy -= 1

    def _received(self) -> tuple[Queue, list[dict[str, Any]]]:
        """Receive of either queue, as environments do that both mappings share: in turns."""
        self._turn += 1
        both = (self.queue, self.low)
        first, second = both if self._turn % 2 else reversed(both)
        there = [one for one in (first, second) if one.url in self.on.sqs.queues]
        found = ((one, self.on.sqs.receive(one.url, BATCH)) for one in there)
        return next(((one, records) for one, records in found if records), (first, []))

    def _idle(self) -> None:
        now = self.clock()
        next_at = (one.next_at(now) for one in (self.queue, self.low))
        visible_at = min((at for at in next_at if at), default=now + 1)
        longest = 0.5 if self._senders else 5 if self._busy else DAY
        self.clock.sleep(min(longest, max(0.01, visible_at - now)))

    def _serve(self, worker: Worker, records: list[dict[str, Any]]) -> dict[str, Any]:
        actor = self.clock.current

        def milliseconds() -> int:
            return int((actor.deadline - self.clock()) * 1000)

        context = SimpleNamespace(get_remaining_time_in_millis=milliseconds)
        return dict(serve(worker, {"Records": records}, context))

    def _copy(self) -> None:
        queue, names = self._taken.get(self.clock.current.number, (self.queue, []))
        for name in names:
            if message := queue.messages.get(name):
                queue.hide(message, self.clock(), flying=False)

    def _freeze(self, seconds: float) -> None:
        """Let a worker stand still: the others take it for dead, and what it has open for sent."""
        items = self.on.dynamodb.tables[TABLE].items
        queue, names = self._taken[self.clock.current.number]
        # What has left the queue was finished by another worker, which had a copy of it.
        for message in filter(None, map(queue.messages.get, names)):
            delivery = json.loads(message.body)["id"]
            item = items.get(f"delivery#{delivery}", {})
            request = items.get(f"send#{item.get('owner', {}).get('S')}", {})
            is_open = item.get("state") == request.get("state") == {"S": "SENDING"}
            self.story.open_when_frozen[delivery] += is_open
        self.clock.current.deadline += seconds
        self.clock.sleep(seconds)

    def _doubt(self) -> None:
        """Of what a dead worker had sent and not recorded nobody knows what came of it."""
        for one in self._posted[self.clock.current.number]:
            keys = [key for key, _ in deliveries_in(one.path, one.body)]
            one.doubtful |= {key for key in keys if not self._is_recorded(id_of(key))}

    def _is_recorded(self, delivery: str) -> bool:
        items = self.on.dynamodb.tables[TABLE].items
        item = items.get(f"delivery#{delivery}", {})
        together = items.get(f"send#{item.get('owner', {}).get('S')}", {})
        members = together.get("members", {}).get("SS", ())
        accepted = {"S": "ACCEPTED"}
        return accepted in (item.get("state"), delivery in members and together.get("state"))

    def _invoke(self, function: Callable[[], Any], seconds: float) -> Any:
        """Let a function run for so long; return None if it has died."""
        actor = self.clock.current
        actor.deadline = self.clock() + seconds
        try:
            return function()
        except Died:
            return None
        finally:
            actor.deadline = float("inf")
