"""The letter of a delivery's refused objects: what an accepted request was not accepted for.

No crash may lose it: a lost letter is a lost order. First the delivery is marked ACCEPTED, with the
places of what was refused; in a batch, by the record of its request already. Then the letter is
buried, and only then its message leaves the queue. So a message that comes back finds a record that
owes a letter, and buries it, and sends nothing. Where neither the mark nor the letter is known to
be written, the message comes back to a claim that has lost its worker, as after any lost answer:
under `hold` it is held, whole, and under `retry` sent again. A letter may come to be there twice;
both have one id, and only one of them is sent by a redrive.
"""

from contextlib import suppress

from handler.aws.sqs import LONGEST, Cause
from handler.core.braze.outcome import Outcome
from handler.core.braze.profile_writes import without_state
from handler.core.braze.refused import Refused, places_in, places_text, remainder
from handler.core.errors import Unavailable
from handler.core.message import encode
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.ledger.lease import Entry
from handler.worker.dependencies import Worker
from handler.worker.task import (
    DELETE,
    ClaimedDelivery,
    Disposition,
    Fields,
    Invocation,
    bury_message,
    log_delivery,
)


def detail_of(refused: Refused) -> str:
    """Return Braze's redacted texts about refused objects, each once."""
    return "; ".join(dict.fromkeys(text for text in refused.values() if text))[:LONGEST]


def refusal_of(claimed: ClaimedDelivery, outcome: Outcome) -> Entry:
    """Return what the ledger keeps of refused objects, so that their letter can be made of it."""
    entry: Entry = {
        "refused": places_text(outcome.refused),
        "detail": outcome.detail or None,
        "status": outcome.status,
    }
    # The places are those of what was sent.
    return entry if claimed.sent is claimed.task.delivery else {**entry, "stale": 1}


def bury_refused(
    invocation: Invocation, delivery: Delivery, refusal: Entry, *, is_noted: bool = True
) -> None:
    """Bury the letter of a delivery's refused objects; raise botocore's errors.

    `refusal` is what `refusal_of` has returned, or an entry of the ledger with it. One that is not
    noted is still owed: the message that was sent buries it too, and is counted then.
    """
    worker = invocation.worker
    whole = without_state(delivery) if refusal.get("stale") else delivery
    part = remainder(whole, places_in(str(refusal["refused"])))
    detail, status = refusal.get("detail"), refusal.get("status")
    cause = Cause(Reason.REJECTED, status if isinstance(status, int) else None, str(detail or ""))
    bury_message(worker, encode(part), cause)
    fields: Fields = {
        "outcome": "rejected",
        "reason": cause.reason,
        "status": cause.status,
        "detail": cause.detail or None,
        "refused_of": part.refused_of,
    }
    log_delivery(worker, part, fields)
    if is_noted and invocation.has_time(1):
        with suppress(Unavailable):  # then it may be buried again
            worker.ledger.note_buried(delivery.id, worker.clock())


def recorded(worker: Worker, delivery: Delivery) -> Disposition:
    """Return the disposition of a message whose delivery is recorded as accepted, and log it."""
    log_delivery(worker, delivery, {"outcome": "accepted", "reason": Reason.RECORDED})
    worker.tally.count("DeliveriesAccepted", delivery.source, delivery.rule)
    return DELETE
