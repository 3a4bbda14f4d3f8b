"""An outage of Braze, over the wire, and the figures of it.

Orders are posted while Braze answers 503 to everything; then it is back for most requests.
"""

import time
from collections import Counter
from dataclasses import dataclass

from tests.e2e.harness import Relay, sample, until
from tests.faults.wire import post_orders, stack, states, waiting

ORDERS = 1_000
SMALL, SMALL_SECONDS = 100, 6.0  # what every run of the suite can afford
DOWN_SECONDS = 60.0
STILL_FAILING = 0.3  # of the requests, once Braze is back
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of an outage: `sends` by customer, `requests` by Braze's status."""

    answers: Counter[int]
    sends: Counter[str]
    requests: Counter[int]
    into_the_outage: int
    states: Counter[str]
    dead_letters: int
    seconds: float

    def __str__(self) -> str:
        """Say it for people."""
        taken = len(self.sends)
        told = {
            "answers to the sender": dict(self.answers),
            "customers reached": taken,
            "sends": self.sends.total(),
            "states in the ledger": dict(self.states),
            "dead letters": self.dead_letters,
            "requests by status": dict(self.requests),
            "requests while all of them failed": self.into_the_outage,
            "requests per delivery": round(self.requests.total() / max(1, taken), 3),
            "seconds in all": round(self.seconds, 1),
        }
        return "\n".join(f"{name:36}{value}" for name, value in told.items())


def run(orders: int, down_seconds: float) -> Figures:
    """Let Braze fail for so long while so many orders are posted, then for some; wait for all."""
    with stack() as relay:
        started = time.monotonic()
        _fail(relay, 1.0)
        answers = post_orders(relay, sample("shopify-order"), orders)
        time.sleep(max(0.0, down_seconds - (time.monotonic() - started)))
        into_the_outage = len(relay.posted())
        _fail(relay, STILL_FAILING)
        until(lambda: waiting(relay), lambda left: left == 0, "empty queue", PATIENCE)
        return Figures(
            answers,
            Counter(send["external_id"] for send in relay.braze("GET", "/sends")),
            Counter(request["status"] for request in relay.posted()),
            into_the_outage,
            states(relay),
            waiting(relay, "DeadLetterQueueUrl"),
            time.monotonic() - started,
        )


def _fail(relay: Relay, share: float) -> None:
    body = {"message": "Internal Server Error"}
    relay.braze("DELETE", "/faults")
    fault = {"kind": "status", "status": 503, "body": body, "probability": share}
    relay.braze("POST", "/faults", [fault])
