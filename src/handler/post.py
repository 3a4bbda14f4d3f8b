"""One request to Braze, of one delivery or of many: POST, classify, settle."""

from contextlib import suppress

from handler.core.breaker import is_failure
from handler.core.errors import Unavailable
from handler.core.limit import limit_of
from handler.core.outcome import Outcome, classify
from handler.core.request import encode_request, request_of_many
from handler.counts import count_answer
from handler.errand import Member, Verdicts
from handler.received import GONE, back
from handler.secrets import Secret, api_key
from handler.settle import Sent, settle
from handler.worker import Worker


def send(members: list[Member], secret: Secret, verdicts: Verdicts) -> None:
    """Send claimed deliveries in one request, and write what becomes of each.

    Raise Unavailable where the request of many cannot be recorded before it is sent: then nothing
    was sent.
    """
    worker = members[0].errand.worker
    if not _has_time(members[0]):
        _set_free(members, verdicts, alone=False)  # what is cut short would be an unknown outcome
        return
    if len(members) > 1:
        _record(members, verdicts)
    started = worker.clock()
    outcome = _attempt(members, secret)
    sent = Sent(round((worker.clock() - started) * 1000), len(members))
    if outcome.kind == "rejected" and len(members) > 1:
        _one_by_one(members, secret, verdicts)
    elif outcome.kind == "accepted":
        _accepted(members, outcome, sent, verdicts)
    else:
        _settle(members, outcome, sent, verdicts)
    with suppress(Unavailable):  # the deliveries are settled, and the next failure tells again
        _tell(worker, members[0].sent.workspace, outcome)


def _has_time(member: Member) -> bool:
    timing = member.errand.worker.timing
    return member.errand.time_left() >= timing.shortest + timing.margin


def _record(members: list[Member], verdicts: Verdicts) -> None:
    worker, first = members[0].errand.worker, members[0].claim
    try:
        worker.ledger.open_send(first.owner, [it.claim.id for it in members], worker.clock())
    except Unavailable:
        _set_free(members, verdicts, alone=False)
        raise


def _set_free(members: list[Member], verdicts: Verdicts, *, alone: bool) -> None:
    """Give claims back of which nothing was sent, as if they had not been made."""
    for member in members:
        with suppress(Unavailable):  # then the lease has to end first
            member.errand.worker.ledger.release(member.claim.id, member.claim.owner, alone=alone)
        verdicts[member.errand.received.id] = back(0)


def _one_by_one(members: list[Member], secret: Secret, verdicts: Verdicts) -> None:
    """Send alone what Braze has refused together: one recipient's fault is not the others'."""
    for at, member in enumerate(members):
        if not _has_time(member):
            _set_free(members[at:], verdicts, alone=True)
            return
        send([member], secret, verdicts)


def _accepted(members: list[Member], outcome: Outcome, sent: Sent, verdicts: Verdicts) -> None:
    """Settle what Braze has accepted, but for what its answer refuses; never return any of it."""
    verdicts.update({it.errand.received.id: GONE for it in members})
    worker, owner = members[0].errand.worker, members[0].claim.owner
    taken = [it for at, it in enumerate(members) if at not in outcome.refused]
    refused = [(it, outcome.refused[at]) for at, it in enumerate(members) if it not in taken]
    recorded = False
    if len(members) > 1 and taken:
        with suppress(Unavailable):
            recorded = worker.ledger.mark_send(owner, [it.claim.id for it in taken])
    _settle(taken, outcome, Sent(sent.duration_ms, sent.together, recorded), verdicts)
    for member, text in refused:
        wrong = Outcome("rejected", "rejected", outcome.status, text, outcome.dispatch_id)
        verdicts[member.errand.received.id] = settle(member, wrong, sent)


def _settle(members: list[Member], outcome: Outcome, sent: Sent, verdicts: Verdicts) -> None:
    for member in members:
        verdicts[member.errand.received.id] = settle(member, outcome, sent)


def _attempt(members: list[Member], secret: Secret) -> Outcome:
    """POST once; once more if Braze refused a key that has been rotated meanwhile."""
    worker = members[0].errand.worker
    name = worker.workspaces[members[0].sent.workspace].key
    outcome = _post(members, api_key(secret, name))
    if outcome.reason != "key_refused":
        return outcome
    try:
        newer = worker.keys.refresh()
        key = api_key(newer, name)
    except Unavailable:
        return outcome
    if newer.version == secret.version or not _has_time(members[0]):
        return outcome
    return _post(members, key)


def _post(members: list[Member], key: str) -> Outcome:
    worker, delivery = members[0].errand.worker, members[0].sent
    seconds = min(worker.timing.request, members[0].errand.time_left() - worker.timing.margin)
    body = encode_request(request_of_many([it.sent for it in members]))
    url = worker.workspaces[delivery.workspace].endpoint + delivery.path
    started = worker.clock()
    answer = worker.post(url, body, key, seconds)
    now = worker.clock()
    count_answer(worker, answer, (now - started) * 1000)
    worker.signals.told(delivery.workspace, limit_of(answer.headers, now))
    return classify(answer, now)


def _tell(worker: Worker, workspace: str, outcome: Outcome) -> None:
    """Tell all workers what the answer says of Braze: of its health, of the key, of the rate."""
    signals = worker.signals
    if is_failure(outcome):
        opened = signals.failed(workspace)
    elif outcome.reason == "key_refused":
        opened = signals.open(workspace, "key_refused")
    else:
        opened = None
        signals.succeeded(workspace)
        if outcome.reason == "rate_limited" and outcome.wait is not None:
            signals.limited(workspace, int(worker.clock()) + outcome.wait)
    if opened is not None:
        worker.tally.count("BreakerOpened")
        extra = {"workspace": workspace, "reason": opened.reason, "until": opened.open_until}
        worker.log.error("breaker opened", extra=extra)
