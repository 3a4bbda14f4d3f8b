"""What becomes of a message: its mark in the ledger, its dead letter, its wait, its log line.

The order of the writes is what makes them safe to repeat. What Braze has accepted is never
returned to the queue, marked or not. HELD is marked before the letter is buried, for HELD is
buried again when it comes back; DEAD after it, for DEAD may be claimed.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.aws.sqs import Cause
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import wait
from handler.core.delivery.claim_protocol import Settlement, State, policy, settlement
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.ledger.lease import Entry
from handler.worker.dependencies import Worker
from handler.worker.task import GONE, Fields, Member, Verdict, back, bury_body, log_delivery

_LEFT: Final = {
    State.ACCEPTED: "DeliveriesAccepted",
    State.HELD: "DeliveriesHeld",
    State.DEAD: "DeliveriesDead",
}

# Somebody has to act in Braze, or on a setting; until then all that goes there waits.
_NOT_READY: Final = ("target_paused", "configuration")
_MARK_PAUSE: Final = 0.2  # seconds between two tries of a mark, each of which is two of botocore's


def count_settled(
    worker: Worker, delivery: Delivery, outcome: Outcome, state: State, verdict: Verdict
) -> None:
    """Count an attempt, and its message if it has left the queue."""
    tally, source, rule = worker.tally, delivery.source, delivery.rule
    if outcome.reason == "key_refused":
        tally.count("KeyRefused")
    if outcome.reason in _NOT_READY:
        tally.count("TargetPaused", source, rule)
    if "errors" in outcome.warnings:
        tally.count("AcceptedWithErrors", source, rule)
    if verdict.wait is not None:
        tally.count("DeliveriesRetried", source, rule)
    elif outcome.reason == "expired":
        tally.count("DeliveriesExpired", source, rule)
    else:
        tally.count(_LEFT[state], source, rule)


@dataclass(frozen=True, slots=True)
class Sent:
    """How a request went: its milliseconds, how many it held, and whether `send#` records it."""

    duration_ms: int = 0
    together: int = 1
    recorded: bool = False


_UNSENT: Final = Sent()


def settle(
    member: Member, outcome: Outcome, sent: Sent = _UNSENT, *, last: str | None = None
) -> Verdict:
    """Write what an attempt came to, and return what becomes of the message.

    The outcome's `detail` has been redacted. `last` is the reason why there is no further attempt;
    the horizon is looked for here.
    """
    errand, worker = member.errand, member.errand.worker
    now = worker.clock()
    age = now - member.since
    past = "horizon" if age >= worker.timing.horizon else None
    settled = settlement(outcome, policy(errand.delivery), last or past)
    seconds = wait(worker.timing, outcome, member.claim.attempt, age, worker.random())
    if settled.state is State.DEAD:
        _log_attempt(member, outcome, settled, sent)
        verdict = _bury_dead(member, outcome, settled, seconds)
    else:
        verdict = _settle_alive(member, outcome, (settled, seconds), sent)
    _end_turn(member, settled.state, outcome)
    count_settled(worker, errand.delivery, outcome, settled.state, verdict)
    return verdict


def _settle_alive(
    member: Member, outcome: Outcome, found: tuple[Settlement, int], sent: Sent
) -> Verdict:
    settled, seconds = found
    comes_back = settled.state in (State.FAILED, State.UNKNOWN)
    # Marked first, before what a mistake of ours could stop.
    marked = _mark(member, settled.state, _entry(member, outcome), is_recorded=sent.recorded)
    _log_attempt(member, outcome, settled, sent, seconds if comes_back else None)
    if settled.state is State.HELD:
        return _hold(member, _cause(outcome, settled), seconds, marked=marked)
    return back(seconds) if comes_back else GONE


def _hold(member: Member, cause: Cause, seconds: int, *, marked: bool) -> Verdict:
    errand = member.errand
    if not marked and policy(errand.delivery) == "hold":
        return back(seconds)  # as SENDING it cannot be claimed: it comes back until it is HELD
    try:
        bury_body(errand.worker, errand.received.body, cause)
    except (ClientError, BotoCoreError) as error:
        why = error_name(error)
    else:
        return GONE
    errand.worker.log.error("not buried", extra={"id": member.claim.id, "error": why})
    return back(seconds)  # as HELD it comes back, and is buried then


def _bury_dead(member: Member, outcome: Outcome, settled: Settlement, seconds: int) -> Verdict:
    entry = _entry(member, outcome)
    try:
        body = member.errand.received.body
        bury_body(member.errand.worker, body, _cause(outcome, settled))
    except (ClientError, BotoCoreError):
        # What is known to be unsent must not look as if nobody knew, or hold would hold it.
        unsent = outcome.kind in ("rejected", "not_sent")
        _mark(member, State.FAILED if unsent else State.UNKNOWN, entry)
        return back(seconds)
    _mark(member, State.DEAD, entry)
    return GONE


def _end_turn(member: Member, state: State, outcome: Outcome) -> None:
    """Let the next delivery to the profile go; where this fails, it looks into the ledger."""
    delivery, worker = member.sent, member.errand.worker
    if delivery.event_version is None or not (delivery.recipient or {}).get("attributes"):
        return
    if member.errand.time_left() < worker.timing.margin:
        return
    with suppress(Unavailable):
        if state in (State.FAILED, State.UNKNOWN):
            worker.guard.postpone(delivery)
        else:  # what is held, or was given up unknown, may have been applied
            unsent = state is State.DEAD and outcome.kind != "unknown"
            applied = not unsent or member.claim.may_be_applied
            worker.guard.end(delivery, accepted=applied)


def _mark(member: Member, state: State, entry: Entry, *, is_recorded: bool = False) -> bool:
    """Mark while time lasts; log what then is not recorded, and return whether it is."""
    why = _try_to_mark(member, state, entry, is_recorded=is_recorded)
    if why is None:
        return True
    errand = member.errand
    # Of these the accepted ones matter: if SQS delivers one again, it is sent again.
    is_unrecorded = state is State.ACCEPTED and not is_recorded
    name = "unrecorded" if is_unrecorded else "unmarked"
    if is_unrecorded:
        errand.worker.tally.count("Unrecorded")
    extra = {"id": member.claim.id, "state": str(state), "reason": why}
    errand.worker.log.error(name, extra=extra)
    return False


def _try_to_mark(member: Member, state: State, entry: Entry, *, is_recorded: bool) -> str | None:
    worker = member.errand.worker
    until = worker.clock() + worker.timing.marking
    # The margin is what one try may take: a killed invocation gives all its messages back.
    while member.errand.time_left() >= worker.timing.margin:
        try:
            owned = worker.ledger.mark(member.claim, state, entry, worker.clock())
        except Unavailable:
            enough = member.errand.time_left() - _MARK_PAUSE >= worker.timing.margin
            if is_recorded or worker.clock() + _MARK_PAUSE > until or not enough:
                return "ledger"
            worker.sleep(_MARK_PAUSE)
        else:
            return None if owned else "lease_over"
    return "ledger"


def _cause(outcome: Outcome, settled: Settlement) -> Cause:
    reason, detail = settled.reason or outcome.reason, outcome.detail
    if reason != outcome.reason:  # a horizon says when; this says why
        detail = f"{outcome.reason}: {detail}" if detail else outcome.reason
    return Cause(reason, outcome.status, detail)


def _entry(member: Member, outcome: Outcome) -> Entry:
    return {
        "class": outcome.kind,
        "reason": outcome.reason,
        "status": outcome.status,
        "time": int(member.errand.worker.clock()),
        "dispatch_id": outcome.dispatch_id,
    }


def _log_attempt(
    member: Member, outcome: Outcome, settled: Settlement, sent: Sent, seconds: int | None = None
) -> None:
    fields: Fields = {
        "attempt": member.claim.attempt,
        "outcome": outcome.kind,
        "reason": settled.reason or outcome.reason,
        "status": outcome.status,
        "wait": seconds,
        "duration_ms": sent.duration_ms,
        "dispatch_id": outcome.dispatch_id,
        "together": sent.together,
        "warnings": outcome.warnings,
    }
    log_delivery(member.errand.worker, member.errand.delivery, fields)
