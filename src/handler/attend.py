"""One queue message from its decoding to its verdict: claim, POST, classify, settle."""

from collections.abc import Callable
from contextlib import suppress

from pydantic import JsonValue

from handler.braze import post
from handler.core.errors import Unavailable, UnknownVersion, UnreadableMessage
from handler.core.message import decode
from handler.core.models import Delivery, Parked
from handler.core.outcome import Outcome, classify
from handler.core.protocol import Record, Refusal, policy
from handler.core.request import encode_request, request
from handler.counts import count_answer
from handler.dead_letters import Cause
from handler.ledger import Claim, Times
from handler.received import GONE, Received, Verdict, back
from handler.secrets import Secret, api_key
from handler.settle import Errand, Fields, bury_body, log_delivery, settle
from handler.worker import Worker


def attend(worker: Worker, received: Received, time_left: Callable[[], float]) -> Verdict:
    """Do what can be done for a message now; `time_left` returns the invocation's seconds.

    Raise Unavailable, or botocore's errors, where AWS is away: the message has to come back.
    """
    if time_left() < worker.timing.request + worker.timing.margin:
        return back(0)  # not an attempt: another invocation has the time
    try:
        letter = decode(received.body)
        body = request(letter) if isinstance(letter, Delivery) else {}
    except UnreadableMessage as error:
        return _bury_unsent(worker, received, Cause("malformed", detail=str(error)))
    except UnknownVersion:
        log_delivery(worker, None, {"outcome": "waiting", "reason": "unknown_version"})
        return back(round(worker.timing.unknown_version))
    if isinstance(letter, Parked):  # a redrive by SQS itself: it was never a delivery
        return _bury_unsent(worker, received, Cause(letter.reason, detail=letter.detail))
    if letter.workspace not in worker.workspaces:  # a newer package knows it
        log_delivery(worker, letter, {"outcome": "waiting", "reason": "unknown_workspace"})
        return back(round(worker.timing.unknown_version))
    return _claim(Errand(worker, received, letter, body, time_left))


def _bury_unsent(worker: Worker, received: Received, cause: Cause) -> Verdict:
    bury_body(worker, received.body, cause)
    log_delivery(worker, None, {"outcome": "rejected", "reason": cause.reason})
    worker.tally.count("DeliveriesDead")
    return GONE


def _claim(errand: Errand) -> Verdict:
    worker, delivery = errand.worker, errand.delivery
    now = worker.clock()
    expired = delivery.expires_at is not None and delivery.expires_at <= now
    # No claim for what cannot be sent: there is no key, so this is not an attempt.
    secret = None if expired else _usable_secret(worker, delivery)
    if errand.time_left() < worker.timing.shortest + 2 * worker.timing.margin:
        return back(0)  # the secret took too long: the claim and the mark need a margin each
    # The lease outlives the invocation, so that only a dead worker's lease can be taken: the clock
    # is read beside the time left, for the secret may have taken seconds.
    now = worker.clock()
    lease_until = now + errand.time_left() + worker.timing.margin
    times = Times(now, lease_until, errand.received.sent_at)
    owner = worker.owner()
    claim = _try_to_claim(errand, owner, times)
    if not isinstance(claim, Claim):
        return _refused(errand, owner, *claim)
    if secret is None:  # claimed all the same, for one that was accepted in time is no dead letter
        return settle(errand, claim, Outcome("rejected", "expired"), 0)
    if claim.after_loss and now - claim.since >= worker.timing.horizon:
        # It may be what kills its workers: past the horizon it does not get another.
        return settle(errand, claim, Outcome("unknown", "worker_lost"), 0)
    started = worker.clock()
    outcome = _send(errand, secret)
    return settle(errand, claim, outcome, round((worker.clock() - started) * 1000))


def _try_to_claim(
    errand: Errand, owner: str, times: Times
) -> Claim | tuple[Refusal, Record | None]:
    ledger, delivery = errand.worker.ledger, errand.delivery
    try:
        return ledger.claim(delivery.id, policy(delivery), owner, times)
    except Unavailable:
        # It may have been written all the same. Under hold nobody could claim after it, and what
        # was never sent would be held.
        if policy(delivery) == "hold":
            with suppress(Unavailable):
                ledger.release(delivery.id, owner)
        raise


def _usable_secret(worker: Worker, delivery: Delivery) -> Secret:
    secret = worker.keys.current()
    api_key(secret, worker.workspaces[delivery.workspace].key)
    return secret


def _send(errand: Errand, secret: Secret) -> Outcome:
    """POST once; once more if Braze refused a key that has been rotated meanwhile."""
    name = errand.worker.workspaces[errand.delivery.workspace].key
    outcome = _post(errand, api_key(secret, name))
    if outcome.reason != "key_refused":
        return outcome
    try:
        newer = errand.worker.keys.refresh()
        key = api_key(newer, name)
    except Unavailable:
        return outcome
    return outcome if newer.version == secret.version else _post(errand, key)


def _post(errand: Errand, key: str) -> Outcome:
    worker = errand.worker
    seconds = min(worker.timing.request, errand.time_left() - worker.timing.margin)
    if seconds < worker.timing.shortest:
        seconds = 0  # what is cut short while Braze works on it is an unknown outcome
    url = worker.workspaces[errand.delivery.workspace].endpoint + errand.delivery.path
    started = worker.clock()
    answer = post(worker.session, url, encode_request(errand.body), key, seconds)
    count_answer(worker, answer, (worker.clock() - started) * 1000)
    return classify(answer, worker.clock())


def _refused(errand: Errand, owner: str, refusal: Refusal, record: Record | None) -> Verdict:
    worker = errand.worker
    if refusal.kind == "duplicate":
        log_delivery(worker, errand.delivery, {"outcome": "duplicate"})
        worker.tally.count("DeliveriesDuplicate", errand.delivery.source, errand.delivery.rule)
        return GONE
    if refusal.kind == "held" and record is not None:
        return _bury_held(errand, record)
    if refusal.kind == "hold" and record is not None:
        if worker.ledger.hold(errand.delivery.id, record, owner, worker.clock()):
            return _bury_held(errand, record)
        return back(1)  # whoever had it has just settled it
    fields: Fields = {"outcome": "waiting", "reason": "claimed", "wait": refusal.seconds}
    log_delivery(worker, errand.delivery, fields)
    return back(refusal.seconds)


def _bury_held(errand: Errand, record: Record) -> Verdict:
    """Bury a held delivery, unchanged, under the reason for which it was held."""
    last: dict[str, JsonValue] = dict(record.last[-1]) if record.last else {}
    notice = last.get("class") == "held"
    status = last.get("status") if notice else None
    cause = Cause(
        "notice" if notice else "unknown",
        status if isinstance(status, int) else None,
        errand.received.attributes.get("detail", ""),
    )
    bury_body(errand.worker, errand.received.body, cause)
    fields: Fields = {"outcome": "held", "reason": cause.reason, "status": cause.status}
    log_delivery(errand.worker, errand.delivery, fields)
    errand.worker.tally.count("DeliveriesHeld", errand.delivery.source, errand.delivery.rule)
    return GONE
