"""Sends letters on their way again: to the queue first, then out of the dead letters.

If it ends in between, the next run sends a second copy, of which the ledger lets one through.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

from botocore.exceptions import ClientError

from handler.aws.sqs import enqueue
from handler.core import message
from handler.core.models import Delivery
from relay.ledger_desk import LedgerDesk
from relay.letters.deciding import Decision
from relay.letters.letter import Letter
from relay.letters.tray import Tray
from relay.stacks.selection import operator

_CHANGED: Final = "the ledger has changed meanwhile: run this again"


@dataclass(slots=True)
class Redrive:
    """The way back to the queue; in a rehearsal nothing is changed.

    `done` are the deliveries of this command: what the worker gives up at once comes into the dead
    letters again, and must not go round for ever.
    """

    tray: Tray
    sqs: Any
    queue_url: str
    ledger: LedgerDesk
    by: Callable[[], str]
    rehearsal: bool
    done: set[str] = field(default_factory=set)

    def send(self, letter: Letter, decision: Decision) -> str:
        """Do what was decided for a delivery's letter; return why it was not done, or nothing."""
        if decision.delivery is None:
            return decision.words
        body = _body(letter, decision.delivery)
        if self.rehearsal:
            return ""
        free = decision.frees
        delivery = self.ledger.under(decision.delivery)
        if free and not self.ledger.free(delivery.id, free, self.by(), time.time()):
            return _CHANGED
        try:
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)
        except ClientError as error:  # of this message; of all of them, the next one tells it too
            return f"SQS did not take it: {error.response['Error']['Code']}"
        return self.delete(letter)

    def send_all(self, deliveries: Sequence[Delivery]) -> str:
        """Send the deliveries that an event's letter makes; return why not, or nothing.

        Raise Unavailable where SQS is away.
        """
        if self.rehearsal:
            return ""
        refused = enqueue(self.sqs, self.queue_url, [message.encode(it) for it in deliveries])
        return f"SQS did not take {len(refused)} of them" if refused else ""

    def delete(self, letter: Letter) -> str:
        """Take a letter that is on its way out of the dead letters."""
        if self.rehearsal or self.tray.delete([letter]):
            return ""
        return "it is sent, but its letter is still here: drop that"


def redrive_into(tray: Tray, *, rehearsal: bool) -> Redrive:
    """Return the way from a tray of letters back to its stack's queue."""
    stack = tray.chosen.stack
    return Redrive(
        tray=tray,
        sqs=stack.client("sqs"),
        queue_url=stack.outputs["QueueUrl"],
        ledger=tray.chosen.ledger,
        by=cache(partial(operator, stack)),
        rehearsal=rehearsal,
    )


def _body(letter: Letter, delivery: Delivery) -> str:
    """Return the message of a delivery: the letter's own, unchanged, where it says the same."""
    return letter.body if letter.content == delivery else message.encode(delivery)
