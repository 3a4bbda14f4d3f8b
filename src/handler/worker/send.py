"""One request to Braze, of one delivery or of a batch: POST, classify, settle."""

from contextlib import suppress
from dataclasses import replace
from itertools import islice, takewhile
from typing import Final

from handler.core.braze.endpoints import endpoint_of
from handler.core.braze.outcome import HttpResponse, Outcome, classify
from handler.core.braze.rate_limit import limit_of, number_of
from handler.core.braze.redact import redact
from handler.core.braze.refused import Refused, is_all, refused_in
from handler.core.braze.request import (
    batch_request,
    encode_request,
    has_limit_of_its_own,
    request,
)
from handler.core.delivery.breaker import Breaker, is_failure
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.errors import Unavailable
from handler.core.json_types import JsonValue
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.core.secret_values import Secret, api_key
from handler.ledger.breaker_state import rate_scope
from handler.worker.claim import give_back
from handler.worker.dependencies import Worker
from handler.worker.failures import on_failure
from handler.worker.refused import detail_of, refusal_of
from handler.worker.settle import Sent, settle_all
from handler.worker.task import DELETE, ClaimedDelivery, Invocation, retry_in

_MOST_TEXTS: Final = 10  # of an answer that are shown; Braze has some 15 for all objects
_NOT_SHOWN: Final = "refused as others were: see their letters"
_Partly = tuple[ClaimedDelivery, Outcome]  # a delivery of which something was refused


def count_answer(worker: Worker, answer: HttpResponse, milliseconds: float) -> None:
    """Count a request: how long it took, if it was made, and what Braze says is left."""
    if answer.reached != "not_connected":
        worker.tally.count("BrazeLatency", value=milliseconds)
    remaining = number_of(answer.headers, "x-ratelimit-remaining")
    if remaining is not None:
        worker.tally.count("BrazeRemaining", value=remaining)


def send(invocation: Invocation, batch: list[ClaimedDelivery], secret: Secret) -> None:
    """Send claimed deliveries in one request, and record the disposition of each.

    Raise Unavailable where the batch request cannot be recorded before it is sent: then nothing
    was sent.
    """
    worker = invocation.worker
    fenced = any(one.claim.fenced for one in batch)
    if not _has_time(invocation, calls=2 if fenced else 1):
        _release(invocation, batch, unbatched=False)  # cut short, its outcome would be unknown
        return
    # Before it is open: a delivery that cannot be encoded must not make all others unknown.
    body = encode_request(batch_request([one.sent for one in batch]))
    if fenced and not _open(invocation, batch):
        _release(invocation, batch, unbatched=True)
        return
    started = worker.clock()
    outcome = _attempt(invocation, batch[0].sent, body, secret)
    for claimed in _taken_whole(batch, outcome):  # from here on no bug may retry them
        invocation.dispositions.record(claimed.task.message, DELETE)
    outcome = _redacted(worker, outcome, batch)
    duration = round((worker.clock() - started) * 1000)
    sent = Sent(duration, len(batch), random=worker.random())
    if outcome.kind == "rejected" and len(batch) > 1:
        _publish(invocation, batch[0].sent, outcome)
        _one_by_one(invocation, [_opened(one) for one in batch], secret)
        return
    if outcome.kind == "accepted":
        _accepted(invocation, batch, outcome, sent)
    else:
        if outcome.kind == "held":
            _recorded(invocation, batch, LedgerState.HELD, len(batch), [])
        settle_all(invocation, batch, outcome, sent)
    _publish(invocation, batch[0].sent, outcome)


def _taken_whole(batch: list[ClaimedDelivery], outcome: Outcome) -> list[ClaimedDelivery]:
    """Return the deliveries of a batch that Braze has accepted, and refused nothing of."""
    if outcome.kind != "accepted":
        return []
    refused = refused_in([one.sent for one in batch], outcome.refused)
    return [claimed for claimed, its_own in zip(batch, refused, strict=True) if not its_own]


def _one_by_one(invocation: Invocation, batch: list[ClaimedDelivery], secret: Secret) -> None:
    """Send the deliveries of a refused batch unbatched: one at fault must not stop the others."""
    worker = invocation.worker
    for at, claimed in enumerate(batch):
        is_stopped = worker.breaker_state.stops(claimed.sent) or worker.pauses.stop(claimed.sent)
        if is_stopped or not _has_time(invocation):
            _release(invocation, batch[at:], unbatched=True)
            return
        with on_failure(invocation, [claimed.task.message]):
            send(invocation, [claimed], secret)


def _has_time(invocation: Invocation, *, calls: int = 1) -> bool:
    """Return whether a request may begin: each call of AWS beside it may take a margin."""
    return invocation.has_time(calls, first=invocation.worker.timing.shortest)


def _opened(claimed: ClaimedDelivery) -> ClaimedDelivery:
    """Return a delivery of a request that is open: it may go by itself, under the same item."""
    return replace(claimed, claim=replace(claimed.claim, fenced=False))


def _open(invocation: Invocation, batch: list[ClaimedDelivery]) -> bool:
    """Open the batch request; return False where others have found its claims, past their lease."""
    worker = invocation.worker
    owner, ids = batch[0].claim.owner, [one.claim.id for one in batch]
    try:
        return worker.batch_requests.open(owner, ids, worker.clock())
    except Unavailable:
        with suppress(Unavailable):  # then the lease has to end first
            for claimed in takewhile(lambda _: invocation.has_time(2), batch):
                give_back(worker, claimed)
        raise


def _release(invocation: Invocation, batch: list[ClaimedDelivery], *, unbatched: bool) -> None:
    """Release claims of which nothing was sent, and retry their messages at once."""
    for claimed in batch:
        if invocation.has_time(1):
            with suppress(Unavailable):  # then the lease has to end first
                give_back(invocation.worker, claimed, unbatched=unbatched)
        invocation.dispositions.record(claimed.task.message, retry_in(0))


def _redacted(worker: Worker, outcome: Outcome, batch: list[ClaimedDelivery]) -> Outcome:
    """Redact Braze's text against every request of the batch: each dead letter gets a copy."""
    if not outcome.detail and not outcome.refused:
        return outcome
    known: list[JsonValue] = [*(request(one.sent) for one in batch), *worker.keys.known()]
    # Each text once, and few of them: to redact takes its time, and nothing is marked yet.
    said = islice(dict.fromkeys((outcome.detail, *outcome.refused.values())), _MOST_TEXTS)
    texts = {text: redact(text, known) for text in said}
    refused = {place: texts.get(text, _NOT_SHOWN) for place, text in outcome.refused.items()}
    return replace(outcome, detail=texts[outcome.detail], refused=refused)


def _accepted(
    invocation: Invocation, batch: list[ClaimedDelivery], outcome: Outcome, sent: Sent
) -> None:
    """Settle an accepted batch, and what the answer refuses in it."""
    refused = refused_in([one.sent for one in batch], outcome.refused)
    whole = [one for one, its_own in zip(batch, refused, strict=True) if not its_own]
    parts = [
        (one, _in_part(one, outcome, its_own))
        for one, its_own in zip(batch, refused, strict=True)
        if its_own
    ]
    partly = [part for part in parts if part[1].kind == "accepted"]
    is_recorded = _recorded(invocation, whole, LedgerState.ACCEPTED, len(batch), partly)
    taken = replace(sent, recorded=is_recorded)
    settle_all(invocation, whole, replace(outcome, refused={}), taken)
    for one, its_own in parts:
        settle_all(invocation, [one], its_own, taken if its_own.kind == "accepted" else sent)


def _in_part(claimed: ClaimedDelivery, outcome: Outcome, refused: Refused) -> Outcome:
    """Return the outcome of a delivery of which an accepted request's answer refuses something."""
    text = detail_of(refused)
    if not is_all(claimed.sent, refused):
        return replace(outcome, detail=text, refused=refused)
    return Outcome("rejected", Reason.REJECTED, outcome.status, text, outcome.dispatch_id)


def _recorded(
    invocation: Invocation,
    batch: list[ClaimedDelivery],
    state: LedgerState,
    together: int,
    partly: list[_Partly],
) -> bool:
    """Record the end of a batch request by one write, before the marks of its deliveries.

    With it goes what was refused of those that were accepted `partly`: so whoever finds one of them
    without a mark of its own knows of that.
    """
    ids = [one.claim.id for one in (*batch, *(each for each, _ in partly))]
    if together == 1 or not ids:
        return False
    if not invocation.has_time(1):
        return False  # a killed invocation would retry accepted deliveries
    refused = {one.claim.id: refusal_of(one, its_own) for one, its_own in partly}
    owner = (batch or [one for one, _ in partly])[0].claim.owner
    with suppress(Unavailable):
        return invocation.worker.batch_requests.mark(owner, ids, state, refused)
    return False


def _attempt(invocation: Invocation, delivery: Delivery, body: bytes, secret: Secret) -> Outcome:
    """POST once; once more if Braze refused a key that has been rotated meanwhile."""
    worker = invocation.worker
    name = worker.workspaces[delivery.workspace].key
    outcome = _post(invocation, delivery, body, api_key(secret, name))
    if outcome.reason is not Reason.KEY_REFUSED:
        return outcome
    try:
        newer = worker.keys.refresh(after=0)  # the breaker bounds how often a key is refused
        key = api_key(newer, name)
    except Unavailable:
        return outcome
    if newer.version == secret.version or not _has_time(invocation):
        return outcome
    return _post(invocation, delivery, body, key)


def _post(invocation: Invocation, delivery: Delivery, body: bytes, key: str) -> Outcome:
    worker = invocation.worker
    seconds = min(worker.timing.request, invocation.time_left() - worker.timing.margin)
    url = worker.workspaces[delivery.workspace].endpoint + delivery.path
    started = worker.clock()
    answer = worker.post(url, body, key, seconds)
    now = worker.clock()
    count_answer(worker, answer, (now - started) * 1000)
    # Time for the marks is kept free.
    if invocation.has_time(3) and not has_limit_of_its_own(delivery):
        worker.breaker_state.record_limit(rate_scope(delivery), limit_of(answer.headers, now))
    at = endpoint_of(delivery.path)
    return classify(answer, now, at.refusing) if at else classify(answer, now)


def _publish(invocation: Invocation, delivery: Delivery, outcome: Outcome) -> None:
    """Record for all workers what an answer shows of Braze, key and rate, if time is left.

    Where the table is away the next answer does so.
    """
    worker = invocation.worker
    if not invocation.has_time(1):
        return
    opened = None
    with suppress(Unavailable):
        if is_failure(outcome):
            opened = worker.breaker_state.failed(delivery)
        else:
            if outcome.reason is Reason.KEY_REFUSED:
                opened = worker.breaker_state.refused(delivery)
            else:
                worker.breaker_state.succeeded(delivery)
            if outcome.reason is Reason.RATE_LIMITED and not has_limit_of_its_own(delivery):
                _limit(worker, delivery, outcome.wait)
    if opened is not None:
        _log_opened(worker, delivery, opened)


def _log_opened(worker: Worker, delivery: Delivery, opened: Breaker) -> None:
    worker.tally.count("BreakerOpened")
    extra: dict[str, str | int | None] = {
        "workspace": delivery.workspace,
        "reason": opened.reason,
        "until": opened.open_until,
    }
    at = endpoint_of(delivery.path)
    if opened.reason == Reason.KEY_REFUSED and at:
        extra["permission"] = at.permission
    worker.log.error("breaker opened", extra=extra)


def _limit(worker: Worker, delivery: Delivery, wait: int | None) -> None:
    """Record for all workers until when Braze takes no request; raise Unavailable."""
    if wait is not None:
        worker.breaker_state.limited(rate_scope(delivery), int(worker.clock()) + wait)
