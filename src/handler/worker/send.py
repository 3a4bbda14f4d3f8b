"""One request to Braze, of one delivery or of many: POST, classify, settle."""

from contextlib import suppress
from dataclasses import replace

from pydantic import JsonValue

from handler.core.braze.outcome import Answer, Outcome, classify
from handler.core.braze.rate_limit import limit_of, number_of
from handler.core.braze.redact import redact
from handler.core.braze.request import (
    encode_request,
    has_limit_of_its_own,
    request,
    request_of_many,
)
from handler.core.delivery.breaker import is_failure
from handler.core.delivery.claim_protocol import State
from handler.core.errors import Unavailable
from handler.core.secret_values import Secret, api_key
from handler.worker.claim import give_back
from handler.worker.dependencies import Worker
from handler.worker.failures import settling
from handler.worker.settle import Sent, settle
from handler.worker.task import GONE, Member, Verdicts, back


def count_answer(worker: Worker, answer: Answer, milliseconds: float) -> None:
    """Count a request: how long it took, if it was made, and what Braze says is left."""
    if answer.reached != "not_connected":
        worker.tally.count("BrazeLatency", value=milliseconds)
    remaining = number_of(answer.headers, "x-ratelimit-remaining")
    if remaining is not None:
        worker.tally.count("BrazeRemaining", value=remaining)


def send(members: list[Member], secret: Secret, verdicts: Verdicts) -> None:
    """Send claimed deliveries in one request, and write what becomes of each.

    Raise Unavailable where the request of many cannot be recorded before it is sent: then nothing
    was sent.
    """
    worker, workspace = members[0].errand.worker, members[0].sent.workspace
    if not _has_time(members[0], calls=1 if len(members) == 1 else 2):
        _set_free(members, verdicts, alone=False)  # what is cut short would be an unknown outcome
        return
    if len(members) > 1:
        _record(members)
    started = worker.clock()
    outcome = _attempt(members, secret)
    if outcome.kind == "accepted":  # from here on no mistake of ours may bring them back
        taken = [it for at, it in enumerate(members) if at not in outcome.refused]
        verdicts.update({it.errand.received.id: GONE for it in taken})
    outcome = _told_of_nobody(outcome, members)
    sent = Sent(round((worker.clock() - started) * 1000), len(members))
    if outcome.kind == "rejected" and len(members) > 1:
        _tell(members[0], workspace, outcome)
        one_by_one(members, secret, verdicts)
        return
    if outcome.kind == "accepted":
        _accepted(members, outcome, sent, verdicts)
    else:
        if outcome.kind == "held":
            _recorded(members, State.HELD, len(members))
        _settle(members, outcome, sent, verdicts)
    _tell(members[0], workspace, outcome)


def one_by_one(members: list[Member], secret: Secret, verdicts: Verdicts) -> None:
    """Send alone what Braze has refused together: one recipient's fault is not the others'."""
    for at, member in enumerate(members):
        worker = member.errand.worker
        stopped = worker.signals.stops(member.sent.workspace) or worker.pauses.stop(member.sent)
        if stopped or not _has_time(member):
            _set_free(members[at:], verdicts, alone=True)
            return
        send([member], secret, verdicts)


def _has_time(member: Member, *, calls: int = 1) -> bool:
    """Return whether a request may begin: each of AWS's calls beside it may take a margin."""
    timing = member.errand.worker.timing
    return member.errand.time_left() >= timing.shortest + calls * timing.margin


def _record(members: list[Member]) -> None:
    worker, first = members[0].errand.worker, members[0].claim
    try:
        worker.sends.open(first.owner, [it.claim.id for it in members], worker.clock())
    except Unavailable:
        for member in members:
            with suppress(Unavailable):  # then the lease has to end first
                give_back(member)
        raise


def _set_free(members: list[Member], verdicts: Verdicts, *, alone: bool) -> None:
    """Give claims back of which nothing was sent; whoever has the time comes at once."""
    for member in members:
        with suppress(Unavailable):  # then the lease has to end first
            give_back(member, alone=alone)
        verdicts[member.errand.received.id] = back(0)


def _told_of_nobody(outcome: Outcome, members: list[Member]) -> Outcome:
    """Return an outcome whose words hold nothing of any member: each one's letter has them."""
    known: list[JsonValue] = [
        *(request(it.sent) for it in members),
        *members[0].errand.worker.keys.known(),
    ]
    refused = {at: redact(text, known) for at, text in outcome.refused.items()}
    return replace(outcome, detail=redact(outcome.detail, known), refused=refused)


def _accepted(members: list[Member], outcome: Outcome, sent: Sent, verdicts: Verdicts) -> None:
    """Settle what Braze has accepted, but for what its answer refuses."""
    taken = [it for at, it in enumerate(members) if at not in outcome.refused]
    refused = [(it, outcome.refused[at]) for at, it in enumerate(members) if it not in taken]
    recorded = _recorded(taken, State.ACCEPTED, len(members))
    _settle(taken, outcome, replace(sent, recorded=recorded), verdicts)
    for member, text in refused:
        wrong = Outcome("rejected", "rejected", outcome.status, text, outcome.dispatch_id)
        _settle([member], wrong, sent, verdicts)


def _recorded(members: list[Member], state: State, together: int) -> bool:
    """Record what is final of a request of many by one write, before its members' marks."""
    if together == 1 or not members:
        return False
    worker, owner = members[0].errand.worker, members[0].claim.owner
    if members[0].errand.time_left() < worker.timing.margin:
        return False  # a killed invocation would bring back what Braze has taken
    with suppress(Unavailable):
        return worker.sends.mark(owner, [it.claim.id for it in members], state)
    return False


def _settle(members: list[Member], outcome: Outcome, sent: Sent, verdicts: Verdicts) -> None:
    for member in members:
        errand = member.errand
        with settling(errand.worker, [errand.received], errand.time_left, verdicts):
            verdicts[errand.received.id] = settle(member, outcome, sent)


def _attempt(members: list[Member], secret: Secret) -> Outcome:
    """POST once; once more if Braze refused a key that has been rotated meanwhile."""
    worker = members[0].errand.worker
    name = worker.workspaces[members[0].sent.workspace].key
    outcome = _post(members, api_key(secret, name))
    if outcome.reason != "key_refused":
        return outcome
    try:
        newer = worker.keys.refresh(after=0)  # the breaker bounds how often a key is refused
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
    # The marks come first.
    has_time = members[0].errand.time_left() >= 3 * worker.timing.margin
    if has_time and not has_limit_of_its_own(delivery):
        worker.signals.told(delivery.workspace, limit_of(answer.headers, now))
    return classify(answer, now)


def _tell(member: Member, workspace: str, outcome: Outcome) -> None:
    """Tell all workers what the answer says of Braze, of the key and of the rate, if time is left.

    Where the table is away the next answer tells again.
    """
    worker = member.errand.worker
    if member.errand.time_left() < worker.timing.margin:
        return
    opened = None
    with suppress(Unavailable):
        if is_failure(outcome):
            opened = worker.signals.failed(workspace)
        elif outcome.reason == "key_refused":
            opened = worker.signals.open(workspace, "key_refused")
        else:
            worker.signals.succeeded(workspace)
            if outcome.reason == "rate_limited" and not has_limit_of_its_own(member.sent):
                _limit(member, outcome.wait)
    if opened is not None:
        worker.tally.count("BreakerOpened")
        extra = {"workspace": workspace, "reason": opened.reason, "until": opened.open_until}
        worker.log.error("breaker opened", extra=extra)


def _limit(member: Member, wait: int | None) -> None:
    """Tell all workers until when Braze takes no request; raise Unavailable."""
    if wait is not None:
        worker = member.errand.worker
        worker.signals.limited(member.sent.workspace, int(worker.clock()) + wait)
