"""What becomes of a message: its mark in the ledger, its dead letter, its wait, its log line.

The order of the writes is what makes them safe to repeat. What Braze has accepted is never
returned to the queue, marked or not. HELD is marked before the letter is buried, for HELD is
buried again when it comes back; DEAD after it, for DEAD may be claimed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import JsonValue

from handler.core.backoff import wait
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.core.outcome import Outcome
from handler.core.protocol import Settlement, State, policy, settlement
from handler.core.redact import redact
from handler.counts import count_settled
from handler.dead_letters import Cause, bury
from handler.ledger import Claim, Entry
from handler.received import GONE, Received, Verdict, back
from handler.worker import Worker

_MARK_PAUSE: Final = 0.2  # seconds between two tries of a mark, each of which is two of botocore's

Fields = dict[str, str | int | tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Errand:
    """A delivery in the worker's hands: its message, the request it makes, and the time left."""

    worker: Worker
    received: Received
    delivery: Delivery
    body: dict[str, JsonValue]
    time_left: Callable[[], float]


def settle(errand: Errand, claim: Claim, outcome: Outcome, duration_ms: int) -> Verdict:
    """Write what an attempt came to, and return what becomes of the message.

    Raise botocore's errors where a letter that is HELD cannot be buried; it comes back and is.
    """
    worker, now = errand.worker, errand.worker.clock()
    age = now - claim.since
    past = age >= worker.timing.horizon
    settled = settlement(outcome, policy(errand.delivery), past_horizon=past)
    seconds = wait(worker.timing, outcome, claim.attempt, age, worker.random())
    comes_back = settled.state in (State.FAILED, State.UNKNOWN)
    found = (settled, seconds if comes_back else None, duration_ms)
    if settled.state is State.DEAD:
        _log_attempt(errand, claim, outcome, found)
        last_rites = (_cause(errand, outcome, settled), seconds)
        verdict = _bury_dead(errand, claim, _entry(outcome, int(now)), last_rites)
    else:
        # Marked first, before what a mistake of ours could stop.
        marked = _mark(errand, claim, settled.state, _entry(outcome, int(now)))
        _log_attempt(errand, claim, outcome, found)
        verdict = back(seconds) if comes_back else GONE
        if settled.state is State.HELD:
            verdict = _hold(errand, _cause(errand, outcome, settled), seconds, marked=marked)
    count_settled(worker, errand.delivery, outcome, settled.state, verdict)
    return verdict


def _hold(errand: Errand, cause: Cause, seconds: int, *, marked: bool) -> Verdict:
    if not marked and policy(errand.delivery) == "hold":
        return back(seconds)  # as SENDING it cannot be claimed: it comes back until it is HELD
    bury_body(errand.worker, errand.received.body, cause)
    return GONE


def bury_body(worker: Worker, body: str, cause: Cause) -> None:
    """Bury a message body in the worker's dead letters."""
    bury(worker.sqs, worker.settings.dead_letter_queue_url, body, cause)


def log_delivery(worker: Worker, delivery: Delivery | None, fields: Fields) -> None:
    """Write the one log line that a received message or an attempt has.

    Its fields are a closed list, none of which holds anything of a person: id, source, rule,
    workspace, attempt, outcome, reason, status, wait, duration_ms, dispatch_id and warnings.
    Those that do not apply are left out.
    """
    if delivery is not None:
        names = ("id", "source", "rule", "workspace")
        fields = {name: getattr(delivery, name) for name in names} | fields
    worker.log.info("delivery", extra=fields)


def _bury_dead(
    errand: Errand, claim: Claim, entry: Entry, last_rites: tuple[Cause, int]
) -> Verdict:
    cause, seconds = last_rites
    try:
        bury_body(errand.worker, errand.received.body, cause)
    except (ClientError, BotoCoreError):
        # What is known to be unsent must not look as if nobody knew, or hold would hold it.
        unsent = entry["class"] in ("rejected", "not_sent")
        _mark(errand, claim, State.FAILED if unsent else State.UNKNOWN, entry)
        return back(seconds)
    _mark(errand, claim, State.DEAD, entry)
    return GONE


def _mark(errand: Errand, claim: Claim, state: State, entry: Entry) -> bool:
    """Mark while time lasts; log what then is not recorded, and return whether it is."""
    why = _try_to_mark(errand, claim, state, entry)
    if why is None:
        return True
    # Of these the accepted ones matter: if SQS delivers one again, it is sent again.
    name = "unrecorded" if state is State.ACCEPTED else "unmarked"
    if state is State.ACCEPTED:
        errand.worker.tally.count("Unrecorded")
    errand.worker.log.error(name, extra={"id": claim.id, "state": str(state), "reason": why})
    return False


def _try_to_mark(errand: Errand, claim: Claim, state: State, entry: Entry) -> str | None:
    worker = errand.worker
    until = worker.clock() + worker.timing.marking
    while True:
        try:
            owned = worker.ledger.mark(claim, state, entry, worker.clock())
        except Unavailable:
            # The margin is what one more try may take: a killed invocation gives all messages back.
            enough = errand.time_left() - _MARK_PAUSE >= worker.timing.margin
            if worker.clock() + _MARK_PAUSE > until or not enough:
                return "ledger"
            worker.sleep(_MARK_PAUSE)
        else:
            return None if owned else "lease_over"


def _cause(errand: Errand, outcome: Outcome, settled: Settlement) -> Cause:
    reason = settled.reason or outcome.reason
    detail = redact(outcome.detail, [errand.body, *errand.worker.keys.known()])
    if reason != outcome.reason:  # a horizon says when; this says why
        detail = f"{outcome.reason}: {detail}" if detail else outcome.reason
    return Cause(reason, outcome.status, detail)


def _entry(outcome: Outcome, now: int) -> Entry:
    return {
        "class": outcome.kind,
        "reason": outcome.reason,
        "status": outcome.status,
        "time": now,
        "dispatch_id": outcome.dispatch_id,
    }


def _log_attempt(
    errand: Errand, claim: Claim, outcome: Outcome, found: tuple[Settlement, int | None, int]
) -> None:
    settled, seconds, duration_ms = found
    fields: Fields = {
        "attempt": claim.attempt,
        "outcome": outcome.kind,
        "reason": settled.reason or outcome.reason,
        "status": outcome.status,
        "wait": seconds,
        "duration_ms": duration_ms,
        "dispatch_id": outcome.dispatch_id,
        "warnings": outcome.warnings,
    }
    log_delivery(errand.worker, errand.delivery, fields)
