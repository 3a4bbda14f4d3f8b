"""A worker: the product's decisions about a batch, and the time that its steps take."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any, Final

from bench.drain.braze import Braze
from bench.drain.costs import Costs
from bench.drain.loop import Loop, Process
from bench.drain.queue import Lot, Queue
from handler.aws.clock import Clock
from handler.aws.dynamodb import Table
from handler.core.braze.outcome import Outcome, classify
from handler.core.braze.rate_limit import RESERVE, limit_of
from handler.core.delivery.backoff import Timing, clamp, wait, wait_limited, wait_stopped
from handler.core.delivery.batching import coalesce
from handler.core.delivery.breaker import is_failure, wait_open
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.ledger.breaker_state import BreakerState
from handler.ledger.pauses import Pauses
from tests.simulation import dynamodb

TABLE: Final = "ledger"
STEP: Final = 10  # seconds
_INVOCATION: Final = 30  # seconds, template.yaml
_WORKSPACE: Final = "default"


@dataclass(slots=True)
class Journal:
    """What has happened: deliveries by rule and by step of time, and how long orders took."""

    invocations: int = 0
    requests: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    by_step: Counter[int] = field(default_factory=Counter)
    latencies: list[tuple[float, float]] = field(default_factory=list)  # sent at, seconds


@dataclass(slots=True)
class Site:
    """What all workers share. `watched` is the rule whose latencies are kept."""

    loop: Loop
    braze: Braze
    costs: Costs
    random: Random
    client: Any
    journal: Journal = field(default_factory=Journal)
    timing: Timing = field(default_factory=Timing)
    low: frozenset[str] = frozenset()  # rules of low priority
    watched: str = ""


def client(loop: Loop) -> Any:
    """Return a DynamoDB client in memory, whose calls take no time: that is in `Costs`."""
    return dynamodb.DynamoDB(_Sleepless(loop), tables={TABLE: dynamodb.Table()})


@dataclass(frozen=True, slots=True)
class _Sleepless:
    """The loop's time, for calls that take none of it."""

    loop: Loop

    def __call__(self) -> float:
        return self.loop.now

    def sleep(self, _seconds: float, /) -> None:
        return None


@lru_cache(maxsize=1_000)
def delivery(rule: str, number: int = 0) -> Delivery:
    """Return one of a rule's deliveries, each to another user, of a campaign of its own."""
    name = f"{rule}-{number}"
    return Delivery(
        id=name,
        source="shop",
        rule=rule,
        rules_version="1",
        workspace=_WORKSPACE,
        path="/campaigns/trigger/send",
        send={"campaign_id": rule},
        recipient={"external_user_id": name},
        event_id=name,
        event="",
        accepted_at=0,
        expires_at=None,
        on_unknown="retry",
    )


@lru_cache(maxsize=10_000)
def requests_of(batch: tuple[tuple[str, int], ...]) -> tuple[tuple[int, ...], ...]:
    """Return for each request how many deliveries of each lot go in it, by `coalesce`."""
    places = [at for at, (_, count) in enumerate(batch) for _ in range(count)]
    made = [delivery(batch[at][0], number) for number, at in enumerate(places)]
    counts = [Counter(places[one] for one in members) for members in coalesce(made)]
    return tuple(tuple(count[at] for at in range(len(batch))) for count in counts)


class Worker:
    """One execution environment, with its own view of limits, breakers and pauses."""

    def __init__(self, site: Site, queue: Queue) -> None:
        clock = Clock(site.loop)
        table = Table(site.client, TABLE, clock)
        self._site = site
        self._queue = queue
        self._state = BreakerState(table, site.timing, clock, site.random.random, me=str(id(self)))
        self._pauses = Pauses(table, clock, site.timing.known)

    def serve(self, batch: Sequence[Lot]) -> Process:
        """Deliver a batch."""
        self._site.journal.invocations += 1
        for group in _groups(batch):
            yield from self._dispatch(group)

    def _dispatch(self, group: list[Lot]) -> Process:
        going, random = [], self._site.random.random()
        for lot in group:
            seconds = self._wait(lot, random)
            if seconds is None:
                going.append(lot)
            else:
                yield from self._hide(lot, seconds)
        scope = going and self._state.open_scope(delivery(going[0].rule))
        if scope:
            yield from self._probe(going, scope)
        elif going:
            yield from self._send(going)

    def _probe(self, going: list[Lot], scope: str) -> Process:
        """Send one delivery alone where this worker may probe, and then see about the others."""
        site = self._site
        if self._state.probe(scope, site.loop.now + _INVOCATION):
            first, *others = going
            yield from self._send([_part(first, 1)])
            rest = [_part(first, first.count - 1), *others]
            yield from self._dispatch([lot for lot in rest if lot.count])
            return
        breaker, random = self._state.breaker(scope), site.random.random()
        if breaker.open_until is None:
            yield from self._send(going)
            return
        for lot in going:
            yield from self._hide(lot, wait_open(site.timing, breaker, site.loop.now, random))

    def _hide(self, lot: Lot, seconds: int) -> Process:
        """Let messages wait equally long, each call's from its own time."""
        costs = self._site.costs
        for begun in range(0, lot.count, costs.visibilities):
            part = _part(lot, min(costs.visibilities, lot.count - begun))
            self._queue.hide(part, seconds)
            yield costs.sqs

    def _wait(self, lot: Lot, random: float) -> int | None:
        """Return the seconds that a lot waits, None where it may go: `worker/dispatch.py`."""
        site = self._site
        if self._pauses.stop(delivery(lot.rule)):
            return wait_stopped(site.timing, random)
        limited = self._wait_limited(lot, random)
        if limited is not None:
            return limited
        breaker = self._state.stopping(delivery(lot.rule))
        if breaker is None:
            return None
        return wait_open(site.timing, breaker, site.loop.now, random)

    def _wait_limited(self, lot: Lot, random: float) -> int | None:
        site, now = self._site, self._site.loop.now
        until = self._state.reserved_until(_WORKSPACE) if lot.rule in site.low else 0
        if now < until:
            return clamp(until - now + site.timing.spread * random)
        limit = self._state.limit(_WORKSPACE)
        if limit is None:
            return None
        return wait_limited(site.timing, limit, RESERVE, now, random)

    def _send(self, going: list[Lot]) -> Process:
        site, count = self._site, sum(lot.count for lot in going)
        yield site.costs.before(count) + site.costs.braze / 2
        site.journal.requests += 1
        answer = site.braze.answer(site.loop.now)
        arrived = site.loop.now
        yield site.costs.braze / 2
        now = site.loop.now
        self._state.record_limit(_WORKSPACE, limit_of(answer.headers, now))
        outcome = classify(answer, now)
        record = self._state.failed if is_failure(outcome) else self._state.succeeded
        record(delivery(going[0].rule))
        if outcome.kind == "accepted":
            self._accept(going, arrived)
            yield site.costs.after(count)
        else:
            if outcome.reason is Reason.RATE_LIMITED and outcome.wait is not None:
                self._state.limited(_WORKSPACE, int(now) + outcome.wait)
            yield site.costs.after(count)
            yield from self._postpone(going, outcome)

    def _accept(self, going: list[Lot], arrived: float) -> None:
        journal = self._site.journal
        for lot in going:
            journal.sent[lot.rule] += lot.count
            journal.by_step[int(arrived // STEP)] += lot.count
            if lot.rule == self._site.watched:
                journal.latencies += [(lot.sent_at, arrived - lot.sent_at)] * lot.count
            self._queue.delete(lot)

    def _postpone(self, going: list[Lot], outcome: Outcome) -> Process:
        """Let each delivery wait by itself, as `worker/settle.py` does."""
        site = self._site
        for at, one in enumerate(one for lot in going for one in _singles(lot)):
            if at and at % site.costs.visibilities == 0:
                yield site.costs.sqs
            one.attempts += 1
            seconds = wait(site.timing, outcome, one.attempts, 0, site.random.random())
            self._queue.hide(one, seconds)
        yield site.costs.sqs


def _groups(batch: Sequence[Lot]) -> Iterator[list[Lot]]:
    for counts in requests_of(tuple((lot.rule, lot.count) for lot in batch)):
        shares = zip(batch, counts, strict=True)
        yield [_part(lot, count) for lot, count in shares if count]


def _part(lot: Lot, count: int) -> Lot:
    return Lot(lot.rule, count, lot.sent_at, lot.receives, lot.attempts)


def _singles(lot: Lot) -> Iterator[Lot]:
    return (_part(lot, 1) for _ in range(lot.count))
