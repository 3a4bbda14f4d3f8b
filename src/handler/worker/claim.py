"""Claims: from a task to the right to send it, past the surge limit and the profile's order."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

from handler.aws.sqs import Cause
from handler.core.braze.identifiers import traced
from handler.core.braze.outcome import Outcome
from handler.core.braze.profile_writes import without_state
from handler.core.braze.request import is_transactional
from handler.core.delivery.backoff import wait
from handler.core.delivery.claim_protocol import MOST_LOST, ClaimRefusal, Record, policy
from handler.core.delivery.withheld import is_withheld
from handler.core.errors import Unavailable
from handler.core.json_types import JsonValue
from handler.core.reasons import Reason
from handler.ledger.lease import DAY, Claim, Times
from handler.ledger.ledger import Claimed, ClaimRequest
from handler.ledger.lost_workers import LostWorkers
from handler.ledger.occurrences import Occurrences
from handler.worker.dependencies import Worker
from handler.worker.failures import on_failure
from handler.worker.refused import bury_refused, recorded
from handler.worker.settle import settle
from handler.worker.surge import PASSED, release_late, released_on_failure, within_surge
from handler.worker.task import (
    DELETE,
    ClaimedDelivery,
    DeliveryTask,
    Disposition,
    Fields,
    Invocation,
    bury_message,
    log_delivery,
    retry_in,
    wait_again,
)

WITHHELD: Final = Outcome("withheld", Reason.WITHHELD)
_STALE: Final = Outcome("stale", Reason.STALE)

# The claimed delivery; the disposition of one that is not sent now; or the task, unbatched: its
# last worker was lost, or Braze has refused it in a batch, so it is sent after all others.
ClaimResult = ClaimedDelivery | Disposition | DeliveryTask


def claim_all(
    invocation: Invocation, tasks: Sequence[DeliveryTask], owner: str
) -> list[ClaimedDelivery | DeliveryTask]:
    """Claim the deliveries of a request for `owner`, fenced where there are many.

    Return the claimed ones, and the tasks that are sent unbatched, after all others. The
    dispositions of all others are recorded.
    """
    asked: list[_Asked] = []
    claimed: list[ClaimedDelivery] = []
    unbatched: list[DeliveryTask] = []
    ledger, requests = invocation.worker.ledger, _requests(invocation, tasks, owner, asked)
    new = ledger.claim_new(requests) if len(tasks) > 1 else (None for _ in requests)
    for at, answer in enumerate(new):
        one = asked[at]
        with on_failure(invocation, [one.queued.message]):
            # What is not new is claimed by a call of its own.
            is_late = answer is None and not invocation.may_begin()
            result = retry_in(0) if is_late else _answered(invocation, one, answer)
            if isinstance(result, Disposition):
                invocation.dispositions.record(one.queued.message, result)
            elif isinstance(result, ClaimedDelivery):
                claimed.append(result)
            else:
                unbatched.append(result)
    times = {one.request.delivery_id: one.request.times for one in asked}
    return [*_that_may_be_sent(invocation, claimed, times), *unbatched]


def _that_may_be_sent(
    invocation: Invocation, claimed: Sequence[ClaimedDelivery], times: Mapping[str, Times]
) -> Iterator[ClaimedDelivery]:
    """Yield what neither a surge limit nor a newer write to the profile stops."""
    for one in within_surge(invocation, claimed):
        if one.takes_turn and not invocation.may_begin():
            release_late(invocation, one, surge=_counted(one))
            continue
        result = None
        with on_failure(invocation, [one.task.message]), released_on_failure(invocation, one.claim):
            result = _in_turn(invocation, one, times[one.claim.id])
        if isinstance(result, Disposition):
            invocation.dispositions.record(one.task.message, result)
        elif result is not None:
            yield result


class _Asked(NamedTuple):
    """A task as it was queued, and under the id of its occurrence, and how it is to be claimed."""

    queued: DeliveryTask
    task: DeliveryTask
    request: ClaimRequest


def _requests(
    invocation: Invocation, tasks: Sequence[DeliveryTask], owner: str, asked: list[_Asked]
) -> Iterator[ClaimRequest]:
    """Yield how each task is to be claimed, and add it to `asked`."""
    for task in tasks:
        if not invocation.may_begin():
            invocation.dispositions.record(task.message, retry_in(0))
            continue
        one = None
        with on_failure(invocation, [task.message]):
            one = _ask(invocation, task, owner, fenced=len(tasks) > 1)
        if one is not None:
            asked.append(one)
            yield one.request


def _ask(invocation: Invocation, queued: DeliveryTask, owner: str, *, fenced: bool) -> _Asked:
    worker = invocation.worker
    occurrences = Occurrences(worker.ledger.table, worker.ledger.days)
    task = replace(queued, delivery=occurrences.under(queued.delivery, worker.clock()))
    # The lease outlives the invocation, so that only a dead worker's lease can be taken: the clock
    # is read beside the time left.
    now = worker.clock()
    until = now + invocation.time_left() + worker.timing.margin
    times = Times(now, until, task.message.sent_at)
    delivery = task.delivery
    request = ClaimRequest(delivery.id, policy(delivery), owner, times, _tags(task), fenced=fenced)
    return _Asked(queued, task, request)


def end(invocation: Invocation, task: DeliveryTask, outcome: Outcome) -> Disposition:
    """End a delivery that was not accepted before: it is too late, or has waited too long.

    Raise Unavailable, or botocore's errors, where AWS is away: the message is retried.
    """
    worker = invocation.worker
    if not invocation.may_begin():
        return retry_in(0)
    asked = _ask(invocation, task, worker.owner(), fenced=False)
    found = _answered(invocation, asked, None, outcome)
    if not isinstance(found, Disposition):  # one with a final outcome is settled
        raise TypeError
    return found


def _answered(
    invocation: Invocation,
    asked: _Asked,
    new: Claim | Unavailable | None,
    final_outcome: Outcome | None = None,
) -> ClaimResult:
    """Return what becomes of a delivery that is claimed; None: it is claimed here, by itself."""
    worker, task, request = invocation.worker, asked.task, asked.request
    take_over = task.unbatched or bool(final_outcome)
    found = _claimed(worker, request, new, take_over=take_over)
    if not isinstance(found, Claim):
        refusal, record = found
        if refusal.kind == "lost":
            # Its id is looked up anew, as it was queued.
            return replace(asked.queued, unbatched=True)
        if record is not None and record.owes_letter:
            # Of a copy nobody knows whether the message that was sent still is in the queue.
            is_own = refusal.kind == "adopted" or record.message == task.message.id
            bury_refused(invocation, task.delivery, record.last[-1], is_noted=is_own)
            if is_own:
                return recorded(invocation.worker, task.delivery)
        return _refused(worker, task, request.owner, refusal, record)
    if worker.clock() + invocation.time_left() > request.times.lease_until:
        worker.ledger.release(found.id, request.owner)  # written by a wrong clock
        return retry_in(0)
    if found.unbatched and found.fenced:  # it joins no request: claimed again, by itself
        worker.ledger.release(found.id, request.owner)
        return replace(asked.queued, unbatched=True)
    claimed = ClaimedDelivery(task, found, task.delivery)
    return _ended(invocation, claimed, request.times, final_outcome) or claimed


def _ended(
    invocation: Invocation,
    claimed: ClaimedDelivery,
    times: Times,
    final_outcome: Outcome | None,
) -> Disposition | None:
    """Return the disposition of a claimed delivery that is not sent any more."""
    if final_outcome is not None:
        return settle(invocation, claimed, final_outcome)
    worker = invocation.worker
    if last := _lost_too_often(worker, claimed, times.now):
        outcome = Outcome("unknown", Reason.WORKER_LOST)
        return settle(invocation, claimed, outcome, last=last)
    if _is_forgotten(worker, claimed, times.now):
        outcome = Outcome("unknown", Reason.UNANSWERED)
        return settle(invocation, claimed, outcome, last=Reason.HORIZON)
    return None


def _claimed(
    worker: Worker, asked: ClaimRequest, new: Claim | Unavailable | None, *, take_over: bool
) -> Claimed:
    """Return the claim; perhaps one that takes over what a lost worker had."""
    try:
        if isinstance(new, Unavailable):
            raise new
        answer = new or worker.ledger.claim(asked)
        if isinstance(answer, Claim) or answer[0].kind != "lost" or not take_over:
            return answer
        seen = answer[1]
        return answer if seen is None else LostWorkers(worker.ledger).take_over(asked, seen)
    except Unavailable:
        # The claim may have been written all the same. Under hold, and without a fence, no worker
        # could claim after it, and a delivery that was never sent would be held.
        if asked.on_unknown == "hold" and not asked.fenced:
            with suppress(Unavailable):
                worker.ledger.release(asked.delivery_id, asked.owner)
        raise


def _tags(task: DeliveryTask) -> dict[str, str]:
    delivery = task.delivery
    tags = {
        "event": traced(delivery.event_id),
        "source": delivery.source,
        "rule": delivery.rule,
        "workspace": delivery.workspace,
        "message": task.message.id,
    }
    return tags if delivery.once is None else {**tags, "once": delivery.once}


def _lost_too_often(worker: Worker, claimed: ClaimedDelivery, now: float) -> Reason | None:
    """Return why a delivery that may be killing its workers is not sent again; None if it is."""
    claim = claimed.claim
    if not claim.lost:
        return None
    if claimed.task.is_past(worker.timing, claim.since, now):
        return Reason.HORIZON
    return Reason.WORKER_LOST if claim.lost >= MOST_LOST else None


def _is_forgotten(worker: Worker, claimed: ClaimedDelivery, now: float) -> bool:
    """Return whether Braze may accept a transactional delivery a second time.

    It knows a repeat for 24 hours (Braze, "Send transactional email via API-triggered delivery").
    """
    if not (is_transactional(claimed.sent) and claimed.claim.may_be_applied):
        return False
    return now - claimed.since >= DAY - worker.timing.request


def _in_turn(
    invocation: Invocation, claimed: ClaimedDelivery, times: Times
) -> ClaimedDelivery | Disposition:
    """Return the delivery as it may be sent; its disposition while another one has the turn."""
    worker, task, delivery = invocation.worker, claimed.task, claimed.sent
    if not claimed.takes_turn:
        return claimed
    turn = worker.profile_versions.begin(delivery, times.now, times.lease_until)
    if turn == "go":
        return claimed
    if turn == "stale":
        return _without_state(invocation, claimed)
    outcome = Outcome("not_sent", Reason.OUT_OF_TURN)
    if task.is_past(worker.timing, claimed.since, times.now):
        return settle(invocation, claimed, outcome)
    give_back(worker, claimed)
    age = times.now - claimed.since
    seconds = wait(worker.timing, outcome, task.message.receives, age, worker.random())
    seconds = task.paced(worker.timing, seconds, times.now)
    return wait_again(worker, task, Reason.OUT_OF_TURN, seconds)


def _without_state(
    invocation: Invocation, claimed: ClaimedDelivery
) -> ClaimedDelivery | Disposition:
    """Return a delivery without the state that is older than Braze's; its end if that was all."""
    worker, delivery = invocation.worker, claimed.sent
    bare = replace(claimed, sent=without_state(delivery))
    if not bare.sent.recipient:
        return settle(invocation, bare, _STALE)
    # What made the profile known may have been the address among its attributes.
    if is_withheld(bare.sent, worker.workspaces[delivery.workspace].only):
        return settle(invocation, bare, WITHHELD)
    worker.tally.count("AttributesStale", delivery.source, delivery.rule)
    return bare


def give_back(worker: Worker, claimed: ClaimedDelivery, *, unbatched: bool = False) -> None:
    """Release a claim of which nothing was sent, as if it had not been made.

    A delivery that has passed its surge limit is not counted again. Raise Unavailable: the lease
    then has to end.
    """
    claim, surge = claimed.claim, _counted(claimed)
    worker.ledger.release(claim.id, claim.owner, unbatched=unbatched, surge=surge)


def _counted(claimed: ClaimedDelivery) -> int | None:
    return None if claimed.task.delivery.surge is None else PASSED


def _refused(
    worker: Worker, task: DeliveryTask, owner: str, refusal: ClaimRefusal, record: Record | None
) -> Disposition:
    delivery = task.delivery
    if refusal.kind == "adopted":
        return recorded(worker, delivery)
    if refusal.kind == "duplicate":
        is_repeated = record is not None and record.message == task.message.id
        log_delivery(worker, delivery, {"outcome": "redelivered" if is_repeated else "duplicate"})
        name = "DeliveriesRedelivered" if is_repeated else "DeliveriesDuplicate"
        worker.tally.count(name, delivery.source, delivery.rule)
        return DELETE
    if refusal.kind == "held" and record is not None:
        return _bury_held(worker, task, record)
    if refusal.kind == "hold" and record is not None:
        if LostWorkers(worker.ledger).hold(delivery.id, record, owner, worker.clock()):
            return _bury_held(worker, task, record)
        return retry_in(1)  # its former worker has just settled it
    return wait_again(worker, task, Reason.CLAIMED, refusal.seconds)


def _bury_held(worker: Worker, task: DeliveryTask, record: Record) -> Disposition:
    """Bury a held delivery, unchanged, under the reason for which it was held."""
    last: dict[str, JsonValue] = dict(record.last[-1]) if record.last else {}
    is_notice = last.get("class") == "held"
    status = last.get("status") if is_notice else None
    cause = Cause(
        Reason.NOTICE if is_notice else Reason.UNKNOWN,
        status if isinstance(status, int) else None,
        task.message.attributes.get("detail", ""),
    )
    bury_message(worker, task.message.body, cause)
    fields: Fields = {"outcome": "held", "reason": cause.reason, "status": cause.status}
    log_delivery(worker, task.delivery, fields)
    worker.tally.count("DeliveriesHeld", task.delivery.source, task.delivery.rule)
    return DELETE
