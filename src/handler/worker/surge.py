"""Surge limits: which claimed deliveries of a request may pass, counted together for each rule."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import Final

from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import wait_stopped
from handler.core.errors import Unavailable
from handler.core.reasons import Reason
from handler.ledger.lease import Claim
from handler.worker.failures import on_failure
from handler.worker.settle import settle
from handler.worker.task import ClaimedDelivery, Disposition, Invocation, retry_in, wait_again

PASSED: Final = 0  # ledger field "surge": counted by the limit; another value: stopped then


def within_surge(
    invocation: Invocation, claimed: Sequence[ClaimedDelivery]
) -> Iterator[ClaimedDelivery]:
    """Yield the deliveries that no surge limit stops; record the dispositions of the others."""
    passed = _passed(invocation, claimed)
    # Drawn once: what is stopped together comes back together, and shares a request.
    seconds = wait_stopped(invocation.worker.timing, invocation.worker.random())
    for one in claimed:
        message = one.task.message
        if invocation.dispositions.of(message) is not None:
            continue  # it could not be counted
        if one.task.delivery.surge is not None and not invocation.has_time(3):
            release_late(invocation, one, surge=PASSED if one.claim.id in passed else None)
            continue
        with on_failure(invocation, [message]), released_on_failure(invocation, one.claim):
            disposition = _stopped(invocation, one, seconds, is_passed=one.claim.id in passed)
            if disposition is not None:
                invocation.dispositions.record(message, disposition)
        if invocation.dispositions.of(message) is None:
            yield one


@contextmanager
def released_on_failure(invocation: Invocation, *claims: Claim) -> Iterator[None]:
    """Release claims, of which nothing was sent, where the table does not answer.

    Those for which no time is left end with their lease.
    """
    try:
        yield
    except Unavailable:
        with suppress(Unavailable):
            for claim in takewhile(lambda _: invocation.has_time(2), claims):
                invocation.worker.ledger.release(claim.id, claim.owner)
        raise


def release_late(
    invocation: Invocation, claimed: ClaimedDelivery, *, surge: int | None = None
) -> None:
    """Release a claim whose delivery has no time left, and retry its message at once.

    Where there is none for that either, besides the call that sets the waits, its lease has to end.
    """
    if invocation.has_time(2):
        with suppress(Unavailable):
            invocation.worker.ledger.release(claimed.claim.id, claimed.claim.owner, surge=surge)
    invocation.dispositions.record(claimed.task.message, retry_in(0))


def _passed(invocation: Invocation, claimed: Sequence[ClaimedDelivery]) -> set[str]:
    """Count the deliveries that have not been counted; return the ids of those that may pass."""
    worker = invocation.worker
    new: defaultdict[tuple[str, tuple[int, int]], list[ClaimedDelivery]] = defaultdict(list)
    for one in claimed:
        limit, claim = one.task.delivery.surge, one.claim
        if limit is not None and claim.surge is None and claim.attempt == 1:
            new[one.task.rule, limit].append(one)
    passed: set[str] = set()
    for (rule, limit), those in new.items():
        claims = [one.claim for one in those]
        with (
            on_failure(invocation, [one.task.message for one in those]),
            released_on_failure(invocation, *claims),
        ):
            count = worker.rate_counters.pass_surge(rule, limit, worker.clock(), len(those))
            passed |= {claim.id for claim in claims[:count]}
    return passed


def _stopped(
    invocation: Invocation, claimed: ClaimedDelivery, seconds: int, *, is_passed: bool
) -> Disposition | None:
    """Return the disposition of a delivery that its surge limit stops; None where it may pass.

    It waits for so many seconds.
    """
    worker, task, claim = invocation.worker, claimed.task, claimed.claim
    since, now = claim.surge, worker.clock()
    if task.delivery.surge is None:
        return None
    if since:
        decision = worker.rate_counters.surge(task.rule).of(since)
        if decision == "released":
            return None
        if decision == "dropped" or task.is_past(worker.timing, claimed.since, now):
            return settle(invocation, claimed, Outcome("rejected", Reason.SURGE))
    elif since == PASSED or claim.attempt > 1 or is_passed:
        return None
    else:
        worker.tally.count("DeliveriesStopped", task.delivery.source, task.delivery.rule)
    worker.ledger.release(claim.id, claim.owner, surge=since or int(now))
    return wait_again(worker, task, Reason.SURGE, task.paced(worker.timing, seconds, now))
