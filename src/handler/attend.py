"""One queue message, decoded: an errand, or what becomes of a message that is none."""

from collections.abc import Callable

from handler.core.braze.request import request
from handler.core.errors import UnknownVersion, UnreadableMessage
from handler.core.message import decode
from handler.core.models import Parked
from handler.dead_letters import Cause
from handler.received import GONE, Received, Verdict, back
from handler.worker.dependencies import Worker
from handler.worker.task import Errand, bury_body, log_delivery


def attend(worker: Worker, received: Received, time_left: Callable[[], float]) -> Errand | Verdict:
    """Return what a message asks for, or its verdict where that is nothing that can be sent.

    Raise botocore's errors where a letter cannot be buried: the message has to come back.
    """
    if time_left() < worker.timing.request + worker.timing.margin:
        return back(0)  # not an attempt: another invocation has the time
    try:
        letter = decode(received.body)
        if not isinstance(letter, Parked):
            request(letter)
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
    return Errand(worker, received, letter, time_left)


def _bury_unsent(worker: Worker, received: Received, cause: Cause) -> Verdict:
    bury_body(worker, received.body, cause)
    log_delivery(worker, None, {"outcome": "rejected", "reason": cause.reason})
    worker.tally.count("LettersReturned")
    return GONE
