"""Dispatch of a batch: which deliveries are sent together, which unbatched, which wait."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

from handler.core.braze.outcome import Outcome
from handler.core.braze.rate_limit import RESERVE
from handler.core.braze.request import audience_of
from handler.core.delivery.backoff import clamp, wait_limited, wait_stopped
from handler.core.delivery.batching import coalesce
from handler.core.delivery.breaker import wait_open
from handler.core.delivery.withheld import is_withheld
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.core.secret_values import Secret, api_key
from handler.ledger.breaker_state import rate_scope
from handler.ledger.rate_counters import MINUTE
from handler.worker.campaign import campaign_stop
from handler.worker.claim import WITHHELD, claim_all, end
from handler.worker.dependencies import Worker
from handler.worker.failures import on_failure
from handler.worker.send import send
from handler.worker.task import (
    ClaimedDelivery,
    DeliveryTask,
    Disposition,
    Invocation,
    retry_in,
    wait_again,
)
from handler.worker.turns import turns_of


@dataclass(frozen=True, slots=True)
class _Stop:
    """The reason why a delivery is not sent now, and its wait in seconds."""

    reason: Reason
    seconds: int


def requests_of(tasks: Sequence[DeliveryTask]) -> list[list[DeliveryTask]]:
    """Return the tasks of a batch, grouped by the requests that they are sent in."""
    return [[tasks[at] for at in places] for places in coalesce([task.delivery for task in tasks])]


def dispatch(invocation: Invocation, group: Sequence[DeliveryTask]) -> list[DeliveryTask]:
    """Send a group in one request; return the tasks that are sent unbatched, after all others.

    Raise Unavailable, or botocore's errors, where AWS is away: a message without a disposition is
    then retried.
    """
    if not invocation.may_begin():  # a silent table takes time too, of each group
        # All groups together would be one batch again, and most of them short of time again.
        soon = retry_in(int(invocation.worker.timing.spread * invocation.worker.random()))
        for task in group:
            invocation.dispositions.record(task.message, soon)
        return []
    going = list(_going(invocation, group))
    if not going:
        return []
    scope = invocation.worker.breaker_state.open_scope(going[0].delivery)
    return _send(invocation, going) if scope is None else _probe(invocation, going, scope)


def _probe(invocation: Invocation, going: list[DeliveryTask], scope: str) -> list[DeliveryTask]:
    """Send one by one until a request shows whether Braze works again; then the others."""
    worker = invocation.worker
    until = worker.clock() + invocation.time_left() + worker.timing.margin
    left: list[DeliveryTask] = []
    rest = list(going)
    if not worker.breaker_state.probe(scope, until):
        breaker, now = worker.breaker_state.breaker(scope), worker.clock()
        if breaker.open_until is None:  # another worker's probe has just closed it
            return _send(invocation, going)
        seconds = wait_open(worker.timing, breaker, now, worker.random())
        for task in rest:
            disposition = wait_again(worker, task, Reason.BREAKER_OPEN, seconds)
            invocation.dispositions.record(task.message, disposition)
        return left
    while rest and _is_probing(worker, scope):
        left += _send(invocation, [rest.pop(0)])
    return left + (dispatch(invocation, rest) if rest else [])


def _is_probing(worker: Worker, scope: str) -> bool:
    breaker = worker.breaker_state.breaker(scope)
    return breaker.open_until is not None and breaker.open_until <= worker.clock()


def _send(invocation: Invocation, going: list[DeliveryTask]) -> list[DeliveryTask]:
    worker, delivery = invocation.worker, going[0].delivery
    # Before any claim: without a key nothing can be sent, and this is not an attempt.
    secret = _with_key(worker, worker.workspaces[delivery.workspace].key)
    if not _may_reach(worker, delivery):
        for task in going:
            seconds = clamp(MINUTE + worker.timing.outage * worker.random())
            disposition = _wait(invocation, task, _Stop(Reason.RATE_LIMITED, seconds))
            invocation.dispositions.record(task.message, disposition)
        return []
    found = claim_all(invocation, _in_turn(invocation, going), worker.owner())
    claimed = [one for one in found if isinstance(one, ClaimedDelivery)]
    if claimed:
        with on_failure(invocation, [one.task.message for one in claimed]):
            send(invocation, claimed, secret)
    return [one for one in found if isinstance(one, DeliveryTask)]


def _in_turn(invocation: Invocation, going: list[DeliveryTask]) -> list[DeliveryTask]:
    """Return the tasks whose turn it is, and record the dispositions of the others."""
    at_turn: list[DeliveryTask] = []
    for task, wait in turns_of(invocation, going):
        if wait == 0:
            at_turn.append(task)
        else:
            disposition = _wait(invocation, task, _Stop(Reason.OUT_OF_TURN, clamp(wait)))
            invocation.dispositions.record(task.message, disposition)
    return at_turn


def _with_key(worker: Worker, name: str) -> Secret:
    """Return the secret that holds a key of this name; raise Unavailable where there is none."""
    secret = worker.keys.current()
    try:
        api_key(secret, name)
    except Unavailable:  # the key may have been set a moment ago
        secret = worker.keys.refresh()
        api_key(secret, name)
    return secret


def _may_reach(worker: Worker, delivery: Delivery) -> bool:
    """Count a request to an audience: Braze takes few of them (Braze, "API limits")."""
    audience = audience_of(delivery)
    if not audience:
        return True
    return worker.rate_counters.pass_broadcast(delivery.workspace, audience, worker.clock())


def _going(invocation: Invocation, group: Sequence[DeliveryTask]) -> Iterator[DeliveryTask]:
    """Yield the tasks that nothing stops, and record the dispositions of the others.

    What waits for one reason waits equally long: it comes back together, and shares a request.
    """
    random = invocation.worker.random()
    # Known once for the whole group, also while another worker asks for it.
    at_campaign = cache(partial(campaign_stop, invocation, group[0].delivery, random))
    for task in group:
        disposition = _ended(invocation, task) or _stopped(invocation, task, random, at_campaign)
        if disposition is None:
            yield task
        else:
            invocation.dispositions.record(task.message, disposition)


def _ended(invocation: Invocation, task: DeliveryTask) -> Disposition | None:
    """Return the disposition of a delivery that is not sent any more; None if it is.

    It is claimed all the same: one that was accepted before is a duplicate.
    """
    worker, delivery = invocation.worker, task.delivery
    if is_withheld(delivery, worker.workspaces[delivery.workspace].only):
        return _end(invocation, task, WITHHELD)
    if delivery.expires_at is not None and delivery.expires_at <= worker.clock():
        return _end(invocation, task, Outcome("rejected", Reason.EXPIRED))
    return None


def _end(invocation: Invocation, task: DeliveryTask, outcome: Outcome) -> Disposition:
    """Return the disposition of a delivery that ends; one that cannot be ended stops no other."""
    with on_failure(invocation, [task.message]):
        invocation.dispositions.record(task.message, end(invocation, task, outcome))
    return invocation.dispositions.of(task.message) or retry_in(0)


def _stopped(
    invocation: Invocation,
    task: DeliveryTask,
    random: float,
    at_campaign: Callable[[], tuple[Reason, int] | None],
) -> Disposition | None:
    worker = invocation.worker
    stop = (
        _paused(worker, task, random)
        or _limited(worker, task, random)
        or _open(worker, task, random)
    )
    # Last: while nothing is sent, Braze is not asked for campaigns either.
    stop = stop or _at_its_campaign(worker, task, at_campaign())
    return None if stop is None else _wait(invocation, task, stop)


def _wait(invocation: Invocation, task: DeliveryTask, stop: _Stop) -> Disposition:
    """Return the disposition of a delivery that waits; past its horizon it ends."""
    worker = invocation.worker
    now = worker.clock()
    if not task.is_past(worker.timing, task.message.first_at, now):
        seconds = task.paced(worker.timing, stop.seconds, now)
        return wait_again(worker, task, stop.reason, seconds)
    reason = Reason.PAUSED if stop.reason is Reason.PAUSED else Reason.HORIZON
    return _end(invocation, task, Outcome("rejected", reason, detail=stop.reason))


def _paused(worker: Worker, task: DeliveryTask, random: float) -> _Stop | None:
    if not worker.pauses.stop(task.delivery):
        return None
    return _Stop(Reason.PAUSED, wait_stopped(worker.timing, random))


def _limited(worker: Worker, task: DeliveryTask, random: float) -> _Stop | None:
    scope, now = rate_scope(task.delivery), worker.clock()
    # Only of the sends' hour something is kept: other limits last for seconds, or a minute.
    if task.delivery.priority == "low" and scope == task.delivery.workspace:
        until = worker.breaker_state.reserved_until(scope)
        if now < until:
            seconds = until - now + worker.timing.spread * random
            return _Stop(Reason.RATE_LIMITED, clamp(seconds))
    limit = worker.breaker_state.limit(scope)
    if limit is None:
        return None
    wait = wait_limited(worker.timing, limit, RESERVE, now, random)
    return None if wait is None else _Stop(Reason.RATE_LIMITED, wait)


def _open(worker: Worker, task: DeliveryTask, random: float) -> _Stop | None:
    breaker = worker.breaker_state.stopping(task.delivery)
    if breaker is None:
        return None
    seconds = wait_open(worker.timing, breaker, worker.clock(), random)
    return _Stop(Reason.BREAKER_OPEN, seconds)


def _at_its_campaign(
    worker: Worker, task: DeliveryTask, stop: tuple[Reason, int] | None
) -> _Stop | None:
    if stop is None:
        return None
    if stop[0] is Reason.TARGET_PAUSED:
        worker.tally.count("TargetPaused", task.delivery.source, task.delivery.rule)
    return _Stop(*stop)
