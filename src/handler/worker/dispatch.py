"""A batch on its way: which deliveries go together, what stops them, and who goes alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handler.core.braze.outcome import Outcome
from handler.core.braze.request import audience_of
from handler.core.delivery.backoff import clamp, wait_stopped
from handler.core.delivery.batching import coalesce
from handler.core.delivery.breaker import wait_open
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.core.secret_values import Secret, api_key
from handler.ledger.rate_counters import MINUTE
from handler.worker.claim import claim
from handler.worker.dependencies import Worker
from handler.worker.failures import settling
from handler.worker.send import one_by_one, send
from handler.worker.task import Errand, Member, Verdict, Verdicts, back, wait_again


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why a delivery is not sent now, and for how many seconds it waits."""

    reason: str
    seconds: int


def requests_of(errands: Sequence[Errand]) -> list[list[Errand]]:
    """Return the errands of a batch by the requests that they make together."""
    return [[errands[at] for at in places] for places in coalesce([it.delivery for it in errands])]


def dispatch(group: Sequence[Errand], verdicts: Verdicts, *, alone: bool = False) -> list[Errand]:
    """Send what goes together in one request; return what has to be sent alone, after all others.

    Raise Unavailable, or botocore's errors, where AWS is away: whose verdict is then not written
    has to come back.
    """
    going = list(_going(group, verdicts))
    if not going:
        return []
    worker, workspace = going[0].worker, going[0].delivery.workspace
    if worker.signals.breaker(workspace).open_until is None:
        return _send(going, verdicts, alone=alone)
    return _probe(going, verdicts, alone=alone)


def _probe(going: list[Errand], verdicts: Verdicts, *, alone: bool) -> list[Errand]:
    """Send singly until one request has shown whether Braze is well again; then the others."""
    worker, workspace = going[0].worker, going[0].delivery.workspace
    until = worker.clock() + going[0].time_left() + worker.timing.margin
    left: list[Errand] = []
    rest = list(going)
    if not worker.signals.probe(workspace, until):
        breaker, now = worker.signals.breaker(workspace), worker.clock()
        if breaker.open_until is None:  # another worker's probe has just closed it
            return _send(going, verdicts, alone=alone)
        for errand in rest:
            seconds = wait_open(worker.timing, breaker, now, worker.random())
            verdicts[errand.received.id] = wait_again(errand, "breaker_open", seconds)
        return left
    while rest and _is_probing(worker, workspace):
        left += _send([rest.pop(0)], verdicts, alone=alone)
    return left + (dispatch(rest, verdicts, alone=alone) if rest else [])


def _is_probing(worker: Worker, workspace: str) -> bool:
    breaker = worker.signals.breaker(workspace)
    return breaker.open_until is not None and breaker.open_until <= worker.clock()


def _send(going: list[Errand], verdicts: Verdicts, *, alone: bool) -> list[Errand]:
    worker, delivery = going[0].worker, going[0].delivery
    # No claim for what cannot be sent: where there is no key, this is not an attempt.
    secret = _with_key(worker, worker.workspaces[delivery.workspace].key)
    if not _may_reach(worker, delivery):
        for errand in going:
            seconds = clamp(MINUTE + worker.timing.outage * worker.random())
            verdicts[errand.received.id] = _wait(errand, _Stop("rate_limited", seconds))
        return []
    owner = worker.owner()
    found = [(errand, _claimed(errand, owner, verdicts, alone=alone)) for errand in going]
    members = [member for _, member in found if member is not None]
    if together := [it for it in members if not it.claim.alone]:
        send(together, secret, verdicts)
    # Those that Braze has refused together with others.
    one_by_one([it for it in members if it.claim.alone], secret, verdicts)
    return [errand for errand, _ in found if errand.received.id not in verdicts]


def _with_key(worker: Worker, name: str) -> Secret:
    """Return the secret that holds a key of this name; raise Unavailable where there is none."""
    secret = worker.keys.current()
    try:
        api_key(secret, name)
    except Unavailable:  # perhaps set a moment ago
        secret = worker.keys.refresh()
        api_key(secret, name)
    return secret


def _may_reach(worker: Worker, delivery: Delivery) -> bool:
    """Count a request to an audience: Braze takes few of them (Braze, "API limits")."""
    audience = audience_of(delivery)
    if not audience:
        return True
    return worker.brakes.pass_broadcast(delivery.workspace, audience, worker.clock())


def _claimed(errand: Errand, owner: str, verdicts: Verdicts, *, alone: bool) -> Member | None:
    """Claim a delivery; None where it has its verdict, or none yet because it has to go alone."""
    timing = errand.worker.timing
    if errand.time_left() < timing.shortest + 2 * timing.margin:
        verdicts[errand.received.id] = back(0)  # the claim and the mark need a margin each
        return None
    with settling(errand.worker, [errand.received], errand.time_left, verdicts):
        found = claim(errand, owner, alone=alone)
        if not isinstance(found, Verdict):
            return found
        verdicts[errand.received.id] = found
    return None


def _going(group: Sequence[Errand], verdicts: Verdicts) -> Iterator[Errand]:
    """Yield what nothing stops, and write the verdicts of the others."""
    for errand in group:
        verdict = _ended(errand) or _stopped(errand)
        if verdict is None:
            yield errand
        else:
            verdicts[errand.received.id] = verdict


def _ended(errand: Errand) -> Verdict | None:
    """Return the verdict of what comes too late to be sent."""
    expires_at = errand.delivery.expires_at
    if expires_at is None or expires_at > errand.worker.clock():
        return None
    # Claimed all the same, for one that was accepted in time is no dead letter.
    return _end(errand, Outcome("rejected", "expired"))


def _stopped(errand: Errand) -> Verdict | None:
    worker = errand.worker
    now = worker.clock()
    stop = _paused(errand) or _limited(errand, now) or _open(errand, now)
    return None if stop is None else _wait(errand, stop)


def _wait(errand: Errand, stop: _Stop) -> Verdict:
    """Let a delivery wait, until its horizon."""
    worker = errand.worker
    if worker.clock() - errand.received.first_at < worker.timing.horizon:
        return wait_again(errand, stop.reason, stop.seconds)
    reason = "paused" if stop.reason == "paused" else "horizon"
    return _end(errand, Outcome("rejected", reason, detail=stop.reason))


def _end(errand: Errand, doom: Outcome) -> Verdict:
    found = claim(errand, errand.worker.owner(), doom)
    if not isinstance(found, Verdict):  # a doomed one is settled
        raise TypeError
    return found


def _paused(errand: Errand) -> _Stop | None:
    worker = errand.worker
    if not worker.pauses.stop(errand.delivery):
        return None
    return _Stop("paused", wait_stopped(worker.timing, worker.random()))


def _limited(errand: Errand, now: float) -> _Stop | None:
    """Wait for the end of a rate limit; spread over what is left of its window before it is hit."""
    worker, workspace = errand.worker, errand.delivery.workspace
    until = worker.signals.limited_until(workspace)
    if now < until:
        seconds = until - now + worker.timing.spread * worker.random()
        return _Stop("rate_limited", clamp(seconds))
    limit = worker.signals.limit(workspace)
    if limit is not None and worker.random() >= limit.share(now):
        return _Stop("rate_limited", clamp((limit.reset - now) * worker.random() + 1))
    return None


def _open(errand: Errand, now: float) -> _Stop | None:
    worker = errand.worker
    breaker = worker.signals.breaker(errand.delivery.workspace)
    if now >= breaker.closed_to(worker.signals.me):
        return None
    return _Stop("breaker_open", wait_open(worker.timing, breaker, now, worker.random()))
