"""Settling: the mark in the ledger, the dead letter, the wait and the log line of an attempt.

The order of the writes is what makes them safe to repeat. What Braze has accepted is never
returned to the queue, marked or not, but for a letter of what was refused of it (`refused`). HELD
is marked before its message is buried, because a HELD delivery is buried again when it is retried.
DEAD is marked after it, because DEAD may be claimed.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.aws.sqs import Cause
from handler.core.braze.outcome import Outcome
from handler.core.braze.profile_writes import writes_state
from handler.core.braze.refused import accepted_part
from handler.core.delivery.backoff import wait
from handler.core.delivery.claim_protocol import LedgerState, Settlement, policy, settlement
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.ledger.lease import Entry
from handler.ledger.ledger import Mark
from handler.worker.dependencies import Worker
from handler.worker.failures import on_failure
from handler.worker.refused import bury_refused, refusal_of
from handler.worker.task import (
    DELETE,
    ClaimedDelivery,
    Disposition,
    Fields,
    Invocation,
    bury_message,
    log_delivery,
    retry_in,
)

_LEFT: Final = {
    LedgerState.ACCEPTED: "DeliveriesAccepted",
    LedgerState.HELD: "DeliveriesHeld",
    LedgerState.WITHHELD: "DeliveriesWithheld",
    LedgerState.STALE: "DeliveriesStale",
    LedgerState.DEAD: "DeliveriesDead",
}
# An operator has to act in Braze, or on a setting; until then these deliveries wait.
_NOT_READY: Final = (Reason.TARGET_PAUSED, Reason.CONFIGURATION)
_MARK_PAUSE: Final = 0.2  # seconds between two tries of a mark; each is a call with its repeats


@dataclass(frozen=True, slots=True)
class Sent:
    """A request's milliseconds, its number of deliveries, and whether `send#` records its end.

    `random` is drawn once for the waits of all, so that they come back together.
    """

    duration_ms: int = 0
    together: int = 1
    recorded: bool = False
    random: float | None = None


_UNSENT: Final = Sent()


def settle(
    invocation: Invocation,
    claimed: ClaimedDelivery,
    outcome: Outcome,
    sent: Sent = _UNSENT,
    *,
    last: Reason | None = None,
) -> Disposition:
    """Write the end of an attempt, and return the message's disposition.

    The outcome's `detail` has been redacted. `last` is the reason why there is no further attempt;
    the horizon is checked here.
    """
    return _settle(_end(invocation, claimed, outcome, sent, last))


def settle_all(
    invocation: Invocation, batch: Sequence[ClaimedDelivery], outcome: Outcome, sent: Sent
) -> None:
    """Settle the deliveries of a request that came to one outcome; record their dispositions."""
    ends = [_end(invocation, claimed, outcome, sent) for claimed in batch]
    # A dead letter is buried before it is marked.
    alive = [one for one in ends if one.settled.state is not LedgerState.DEAD]
    marks = _mark_new(invocation, alive)
    for end in ends:
        message = end.claimed.task.message
        with on_failure(invocation, [message]):
            disposition = _settle(replace(end, is_owned=marks.get(end.claimed.claim.id)))
            invocation.dispositions.record(message, disposition)


def _end(
    invocation: Invocation,
    claimed: ClaimedDelivery,
    outcome: Outcome,
    sent: Sent,
    last: Reason | None = None,
) -> "_End":
    worker = invocation.worker
    task, now = claimed.task, worker.clock()
    past = Reason.HORIZON if task.is_past(worker.timing, claimed.since, now) else None
    settled = settlement(outcome, policy(task.delivery), last or past)
    random = worker.random() if sent.random is None else sent.random
    seconds = wait(worker.timing, outcome, claimed.claim.attempt, now - claimed.since, random)
    seconds = task.paced(worker.timing, seconds, now)
    return _End(invocation, claimed, outcome, settled, seconds, sent)


def _settle(end: "_End") -> Disposition:
    disposition = _bury_dead(end) if end.settled.state is LedgerState.DEAD else _settle_alive(end)
    _end_turn(end)
    delivery = end.claimed.task.delivery
    count_settled(end.worker, delivery, end.outcome, end.settled.state, disposition)
    return disposition


def _mark_new(invocation: Invocation, ends: Sequence["_End"]) -> dict[str, bool]:
    """Mark new claims, many in a call; return by id whether each was still the owner's.

    What could not be marked so, or is alone, is marked by itself.
    """
    now = invocation.worker.clock
    new = [one for one in ends if one.claimed.claim.new]
    if len(new) == 1:
        return {}
    # Taken one by one while there is time: a killed invocation returns all its messages.
    while_time = takewhile(lambda _: invocation.has_time(1), new)
    marks = (Mark(it.claimed.claim, it.settled.state, it.entry, now()) for it in while_time)
    answers = zip(new, invocation.worker.ledger.mark_new(marks), strict=False)
    return {it.claimed.claim.id: done for it, done in answers if isinstance(done, bool)}


@dataclass(frozen=True, slots=True)
class _End:
    """The end of an attempt: everything that its writes need; `seconds` is a retry's wait.

    `is_owned` is the answer to its mark, where that was made beside others.
    """

    invocation: Invocation
    claimed: ClaimedDelivery
    outcome: Outcome
    settled: Settlement
    seconds: int
    sent: Sent
    is_owned: bool | None = None

    @property
    def worker(self) -> Worker:
        """The dependencies."""
        return self.invocation.worker

    @property
    def cause(self) -> Cause:
        """The cause that a dead letter carries."""
        reason, detail = self.settled.reason or self.outcome.reason, self.outcome.detail
        if reason != self.outcome.reason:  # a horizon says when; this says why
            detail = f"{self.outcome.reason}: {detail}" if detail else self.outcome.reason
        return Cause(reason, self.outcome.status, detail)

    @property
    def entry(self) -> Entry:
        """The attempt as the ledger keeps it."""
        entry: Entry = {
            "class": self.outcome.kind,
            "reason": self.outcome.reason,
            "status": self.outcome.status,
            "time": int(self.worker.clock()),
            "dispatch_id": self.outcome.dispatch_id,
        }
        return entry if self.refusal is None else {**entry, **self.refusal}

    @property
    def refusal(self) -> Entry | None:
        """What was refused of an accepted delivery, as the ledger keeps it; None for nothing."""
        outcome = self.outcome
        is_partly = outcome.kind == "accepted" and bool(outcome.refused)
        return refusal_of(self.claimed, outcome) if is_partly else None


def count_settled(
    worker: Worker,
    delivery: Delivery,
    outcome: Outcome,
    state: LedgerState,
    disposition: Disposition,
) -> None:
    """Count an attempt, and its message if it has left the queue."""
    tally, source, rule = worker.tally, delivery.source, delivery.rule
    if outcome.reason is Reason.KEY_REFUSED:
        tally.count("KeyRefused")
    if outcome.reason in _NOT_READY:
        tally.count("TargetPaused", source, rule)
    if "errors" in outcome.warnings:
        tally.count("AcceptedWithErrors", source, rule)
    if disposition.wait is not None:
        tally.count("DeliveriesRetried", source, rule)
    elif outcome.reason is Reason.EXPIRED:
        tally.count("DeliveriesExpired", source, rule)
    else:
        tally.count(_LEFT[state], source, rule)


def _settle_alive(end: _End) -> Disposition:
    is_retried = end.settled.state in (LedgerState.FAILED, LedgerState.UNKNOWN)
    # Marked first: a bug in what follows cannot prevent it.
    is_marked = _mark(end, end.settled.state, end.entry)
    _log_attempt(end, end.seconds if is_retried else None)
    if end.settled.state is LedgerState.HELD:
        return _hold(end, is_marked=is_marked)
    if end.refusal is not None:
        return _bury_refused(end, end.refusal)
    return retry_in(end.seconds) if is_retried else DELETE


def _bury_refused(end: _End, refusal: Entry) -> Disposition:
    if not end.invocation.has_time(2):  # for the letter, and for the waits of the others
        return retry_in(end.seconds)  # as ACCEPTED it is a duplicate, whose letter is buried then
    try:
        bury_refused(end.invocation, end.claimed.sent, refusal)
    except (ClientError, BotoCoreError) as error:
        _log_unburied(end, error)
        return retry_in(end.seconds)
    return DELETE


def _hold(end: _End, *, is_marked: bool) -> Disposition:
    task = end.claimed.task
    if not is_marked and policy(task.delivery) == "hold":
        return retry_in(end.seconds)  # as SENDING it cannot be claimed: retried until it is HELD
    if not end.invocation.has_time(2):  # for the letter, and for the waits of the others
        return retry_in(end.seconds)  # as HELD it is retried, and buried then
    try:
        bury_message(end.worker, task.message.body, end.cause)
    except (ClientError, BotoCoreError) as error:
        _log_unburied(end, error)
        return retry_in(end.seconds)  # as HELD it is retried, and buried then
    return DELETE


def _log_unburied(end: _End, error: Exception) -> None:
    extra = {"id": end.claimed.claim.id, "error": error_name(error)}
    end.worker.log.error("not buried", extra=extra)


def _bury_dead(end: _End) -> Disposition:
    _log_attempt(end)
    entry = end.entry
    # A delivery known to be unsent must not be UNKNOWN, nor stay SENDING, or `hold` would hold it.
    unsent = end.outcome.kind in ("rejected", "not_sent")
    if end.invocation.has_time(2 if unsent else 1) and _is_buried(end):
        _mark(end, LedgerState.DEAD, entry)
        return DELETE
    _mark(end, LedgerState.FAILED if unsent else LedgerState.UNKNOWN, entry)
    return retry_in(end.seconds)


def _is_buried(end: _End) -> bool:
    with suppress(ClientError, BotoCoreError):
        bury_message(end.worker, end.claimed.task.message.body, end.cause)
        return True
    return False


def _end_turn(end: _End) -> None:
    """End the delivery's turn at its profile; if this fails, the next one reads the ledger."""
    if not end.claimed.takes_turn or not end.invocation.has_time(1):
        return
    versions, delivery, state = end.worker.profile_versions, end.claimed.sent, end.settled.state
    with suppress(Unavailable):
        if state in (LedgerState.FAILED, LedgerState.UNKNOWN):
            versions.postpone(delivery)
        else:  # a held or unknown delivery may have been applied
            versions.end(
                delivery, accepted=_may_be_applied(end) or end.claimed.claim.may_be_applied
            )


def _may_be_applied(end: _End) -> bool:
    """Return whether this attempt may have set what its delivery sets."""
    if end.refusal is not None:
        return writes_state(accepted_part(end.claimed.sent, end.outcome.refused))
    state = end.settled.state
    is_unsent = state is LedgerState.WITHHELD or (
        state is LedgerState.DEAD and end.outcome.kind != "unknown"
    )
    return not is_unsent


def _mark(end: _End, state: LedgerState, entry: Entry) -> bool:
    """Mark a claim, trying while time lasts; log a failure; return whether it is marked."""
    known = end.is_owned
    why = _try_to_mark(end, state, entry) if known is None else _why(is_owned=known)
    if why is None:
        return True
    # An accepted one matters: if SQS delivers its message again, it is sent again.
    is_unrecorded = state is LedgerState.ACCEPTED and not end.sent.recorded
    if is_unrecorded:
        end.worker.tally.count("Unrecorded")
    extra = {"id": end.claimed.claim.id, "state": str(state), "reason": why}
    end.worker.log.error("unrecorded" if is_unrecorded else "unmarked", extra=extra)
    return False


def _try_to_mark(end: _End, state: LedgerState, entry: Entry) -> str | None:
    """Return why a claim could not be marked; None where it could."""
    worker = end.worker
    until = worker.clock() + worker.timing.marking
    # A try may take a margin: a killed invocation returns all its messages.
    while end.invocation.has_time(1):
        with suppress(Unavailable):
            is_owned = worker.ledger.mark(end.claimed.claim, state, entry, worker.clock())
            return _why(is_owned=is_owned)
        is_late = worker.clock() + _MARK_PAUSE > until
        if end.sent.recorded or is_late or not end.invocation.has_time(1, first=_MARK_PAUSE):
            return "ledger"
        worker.sleep(_MARK_PAUSE)
    return "ledger"


def _why(*, is_owned: bool) -> str | None:
    return None if is_owned else "lease_over"


def _log_attempt(end: _End, seconds: int | None = None) -> None:
    fields: Fields = {
        "attempt": end.claimed.claim.attempt,
        "outcome": end.outcome.kind,
        "reason": end.settled.reason or end.outcome.reason,
        "status": end.outcome.status,
        "detail": end.outcome.detail or None,
        "wait": seconds,
        "duration_ms": end.sent.duration_ms,
        "dispatch_id": end.outcome.dispatch_id,
        "together": end.sent.together,
        "warnings": end.outcome.warnings,
    }
    log_delivery(end.worker, end.claimed.task.delivery, fields)
