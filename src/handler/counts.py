"""What the deliver function counts: requests, attempts, and messages that leave the queue."""

from typing import Final

from handler.core.braze.outcome import Answer, Outcome
from handler.core.braze.rate_limit import number_of
from handler.core.delivery.claim_protocol import State
from handler.core.models import Delivery
from handler.received import Verdict
from handler.worker.dependencies import Worker

_LEFT: Final = {
    State.ACCEPTED: "DeliveriesAccepted",
    State.HELD: "DeliveriesHeld",
    State.DEAD: "DeliveriesDead",
}

# Somebody has to act in Braze, or on a setting; until then all that goes there waits.
_NOT_READY: Final = ("target_paused", "configuration")


def count_answer(worker: Worker, answer: Answer, milliseconds: float) -> None:
    """Count a request: how long it took, if it was made, and what Braze says is left."""
    if answer.reached != "not_connected":
        worker.tally.count("BrazeLatency", value=milliseconds)
    remaining = number_of(answer.headers, "x-ratelimit-remaining")
    if remaining is not None:
        worker.tally.count("BrazeRemaining", value=remaining)


def count_settled(
    worker: Worker, delivery: Delivery, outcome: Outcome, state: State, verdict: Verdict
) -> None:
    """Count an attempt, and its message if it has left the queue."""
    tally, source, rule = worker.tally, delivery.source, delivery.rule
    if outcome.reason == "key_refused":
        tally.count("KeyRefused")
    if outcome.reason in _NOT_READY:
        tally.count("TargetPaused", source, rule)
    if "errors" in outcome.warnings:
        tally.count("AcceptedWithErrors", source, rule)
    if verdict.wait is not None:
        tally.count("DeliveriesRetried", source, rule)
    elif outcome.reason == "expired":
        tally.count("DeliveriesExpired", source, rule)
    else:
        tally.count(_LEFT[state], source, rule)
