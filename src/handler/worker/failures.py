"""What becomes of messages when something fails: they wait, and at their horizon are buried."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.errors import error_name
from handler.aws.sqs import Cause
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import wait
from handler.core.errors import Unavailable, UnknownVersion, UnreadableMessage
from handler.core.message import decode
from handler.core.models import Delivery
from handler.worker.dependencies import Worker
from handler.worker.task import GONE, Received, Verdict, Verdicts, back, bury_body, log_delivery


@contextmanager
def settling(
    worker: Worker,
    batch: Iterable[Received],
    time_left: Callable[[], float],
    verdicts: Verdicts,
) -> Iterator[None]:
    """Write a verdict for each message of which a failure has left none."""
    try:
        yield
    except Unavailable as error:  # its message is made for logs
        why = f"unavailable: {error}"
    except (ClientError, BotoCoreError) as error:
        why = f"unavailable: {error_name(error)}"
    except Exception as error:  # noqa: BLE001 - one message's bug must not take the batch along
        # The error's text may hold what the message holds; its type does not.
        why = f"bug: {type(error).__name__}"
    else:
        return
    for received in batch:
        if received.id not in verdicts:
            verdicts[received.id] = _not_now(worker, received, why, time_left)


def _not_now(
    worker: Worker, received: Received, why: str, time_left: Callable[[], float]
) -> Verdict:
    """Wait for AWS, for a secret or for our mending, until the horizon; then bury the message."""
    age = worker.clock() - received.first_at
    outcome = Outcome("not_sent", "unavailable")
    seconds = wait(worker.timing, outcome, received.receives, age, worker.random())
    worker.log.error("not now", extra={"message_id": received.id, "why": why, "wait": seconds})
    if age < worker.timing.horizon or time_left() < worker.timing.margin:
        return back(seconds)
    try:
        bury_body(worker, received.body, Cause("horizon", detail=why))
    except (ClientError, BotoCoreError):
        return back(seconds)
    log_delivery(worker, None, {"outcome": "rejected", "reason": "horizon"})
    _count(worker, received.body)
    return GONE


def _count(worker: Worker, body: str) -> None:
    try:
        letter = decode(body)
    except (UnreadableMessage, UnknownVersion):
        letter = None
    if isinstance(letter, Delivery):
        worker.tally.count("DeliveriesDead", letter.source, letter.rule)
    else:
        worker.tally.count("LettersReturned")
