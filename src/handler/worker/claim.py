"""From an errand to the right to send it: claim, surge brake, stale-write guard."""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from pydantic import JsonValue

from handler.aws.sqs import Cause
from handler.core.braze.identifiers import traced
from handler.core.braze.outcome import Outcome
from handler.core.braze.request import is_transactional, without_attributes
from handler.core.delivery.backoff import wait, wait_stopped
from handler.core.delivery.claim_protocol import MOST_LOST, Record, Refusal, policy
from handler.core.errors import Unavailable
from handler.ledger.lease import DAY, Claim, Times
from handler.ledger.occurrences import Runs
from handler.worker.settle import settle
from handler.worker.task import (
    GONE,
    Errand,
    Fields,
    Member,
    Verdict,
    back,
    bury_body,
    log_delivery,
    wait_again,
)

PASSED: Final = 0  # since when a brake stops a delivery that it has let pass


def claim(
    errand: Errand, owner: str, doom: Outcome | None = None, *, alone: bool = False
) -> Member | Verdict | None:
    """Claim a delivery; return it, or what becomes of a message that may not be sent now.

    None: its worker has vanished, so that it may go only `alone`. `doom` is what ends it, if it was
    not accepted before: what came too late, or waited too long. Raise Unavailable, or botocore's
    errors, where AWS is away: the message has to come back.
    """
    worker = errand.worker
    runs = Runs(worker.ledger.table, worker.ledger.days)
    errand = replace(errand, delivery=runs.under(errand.delivery, worker.clock()))
    # The lease outlives the invocation, so that only a dead worker's lease can be taken: the clock
    # is read beside the time left.
    now = worker.clock()
    times = Times(now, now + errand.time_left() + worker.timing.margin, errand.received.sent_at)
    claimed = _claim(errand, owner, times, take_over=alone or doom is not None)
    if not isinstance(claimed, Claim):
        refusal, record = claimed
        return None if refusal.kind == "lost" else _refused(errand, owner, refusal, record)
    if worker.clock() + errand.time_left() > times.lease_until:  # a wrong clock has written it
        worker.ledger.release(claimed.id, owner)
        return back(0)
    member = Member(errand, claimed, errand.delivery)
    if doom is not None:
        return settle(member, doom)
    if last := _lost_too_often(errand, claimed, now):
        return settle(member, Outcome("unknown", "worker_lost"), last=last)
    if _is_forgotten(member, now):
        return settle(member, Outcome("unknown", "unanswered"), last="horizon")
    try:
        return _braked(member, now) or _in_turn(member, times)
    except Unavailable:
        with suppress(Unavailable):
            worker.ledger.release(claimed.id, owner)
        raise


def _claim(
    errand: Errand, owner: str, times: Times, *, take_over: bool
) -> Claim | tuple[Refusal, Record | None]:
    ledger, delivery = errand.worker.ledger, errand.delivery
    try:
        claimed = ledger.claim(delivery.id, policy(delivery), owner, times, _tags(errand))
        if isinstance(claimed, Claim) or claimed[0].kind != "lost" or not take_over:
            return claimed
        seen = claimed[1]
        return claimed if seen is None else ledger.take_over(delivery.id, seen, owner, times)
    except Unavailable:
        # It may have been written all the same. Under hold nobody could claim after it, and what
        # was never sent would be held.
        if policy(delivery) == "hold":
            with suppress(Unavailable):
                ledger.release(delivery.id, owner)
        raise


def _tags(errand: Errand) -> dict[str, str]:
    delivery = errand.delivery
    tags = {
        "event": traced(delivery.event_id),
        "source": delivery.source,
        "rule": delivery.rule,
        "workspace": delivery.workspace,
        "message": errand.received.id,
    }
    return tags if delivery.once is None else {**tags, "once": delivery.once}


def _lost_too_often(errand: Errand, claimed: Claim, now: float) -> str | None:
    """Return why a delivery that may be what kills its workers does not get another."""
    if not claimed.lost:
        return None
    if now - claimed.since >= errand.worker.timing.horizon:
        return "horizon"
    return "worker_lost" if claimed.lost >= MOST_LOST else None


def _is_forgotten(member: Member, now: float) -> bool:
    """Return whether Braze may take a transactional delivery a second time.

    It knows one again for 24 hours (Braze, "Send transactional email via API-triggered delivery").
    """
    if not (is_transactional(member.sent) and member.claim.may_be_applied):
        return False
    return now - member.since >= DAY - member.errand.worker.timing.request


def _braked(member: Member, now: float) -> Verdict | None:
    """Return the verdict of a delivery that its rule's brake stops; None where it may pass."""
    errand, claimed = member.errand, member.claim
    worker, brake = errand.worker, errand.delivery.surge
    if brake is None:
        return None
    since = claimed.surge
    if since:
        said = worker.brakes.surge(errand.rule).of(since)
        if said == "released":
            return None
    elif (
        since == PASSED or claimed.attempt > 1 or worker.brakes.pass_surge(errand.rule, brake, now)
    ):
        return None
    if since and (said == "dropped" or now - member.since >= worker.timing.horizon):
        return settle(member, Outcome("rejected", "surge"))
    if since is None:
        worker.tally.count("DeliveriesStopped", errand.delivery.source, errand.delivery.rule)
    worker.ledger.release(claimed.id, claimed.owner, surge=since or int(now))
    return wait_again(errand, "surge", wait_stopped(worker.timing, worker.random()))


def _in_turn(member: Member, times: Times) -> Member | Verdict:
    """Return the delivery as it may be sent; its verdict while another of its profile goes."""
    errand, delivery, worker = member.errand, member.sent, member.errand.worker
    if delivery.event_version is None or not (delivery.recipient or {}).get("attributes"):
        return member
    turn = worker.guard.begin(delivery, times.now, times.lease_until)
    if turn == "go":
        return member
    if turn == "stale":
        worker.tally.count("AttributesStale", delivery.source, delivery.rule)
        return Member(errand, member.claim, without_attributes(delivery))
    outcome = Outcome("not_sent", "out_of_turn")
    age = times.now - member.since
    if age >= worker.timing.horizon:
        return settle(member, outcome)
    give_back(member)
    seconds = wait(worker.timing, outcome, errand.received.receives, age, worker.random())
    return wait_again(errand, "out_of_turn", seconds)


def give_back(member: Member, *, alone: bool = False) -> None:
    """Give a claim back of which nothing was sent, as if it had not been made.

    What has passed its brake is not counted again. Raise Unavailable: the lease then has to end.
    """
    surge = None if member.errand.delivery.surge is None else PASSED
    ledger = member.errand.worker.ledger
    ledger.release(member.claim.id, member.claim.owner, alone=alone, surge=surge)


def _refused(errand: Errand, owner: str, refusal: Refusal, record: Record | None) -> Verdict:
    worker, delivery = errand.worker, errand.delivery
    if refusal.kind == "adopted":
        log_delivery(worker, delivery, {"outcome": "accepted", "reason": "recorded"})
        worker.tally.count("DeliveriesAccepted", delivery.source, delivery.rule)
        return GONE
    if refusal.kind == "duplicate":
        repeated = record is not None and record.message == errand.received.id
        log_delivery(worker, delivery, {"outcome": "redelivered" if repeated else "duplicate"})
        name = "DeliveriesRedelivered" if repeated else "DeliveriesDuplicate"
        worker.tally.count(name, delivery.source, delivery.rule)
        return GONE
    if refusal.kind == "held" and record is not None:
        return _bury_held(errand, record)
    if refusal.kind == "hold" and record is not None:
        if worker.ledger.hold(delivery.id, record, owner, worker.clock()):
            return _bury_held(errand, record)
        return back(1)  # whoever had it has just settled it
    return wait_again(errand, "claimed", refusal.seconds)


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
