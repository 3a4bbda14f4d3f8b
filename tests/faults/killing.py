"""Workers killed and Braze restarted while orders are on their way, over the wire."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from tests.e2e.harness import Relay, sample, until
from tests.faults.recorder import Recorder, recorder
from tests.faults.wire import post_orders, recorded, stack, states, waiting
from tests.faults.workers import deliver_workers, last_moment, ports
from tests.forked_stacks import own_starts

CUTS: Final = 0.05  # of the answers
RESTART_EVERY: Final = 4  # kills
RESTART_SECONDS: Final = 1.0
# The template's 181 s would make a killed worker's messages wait for longer than its lease, which
# is what is to be seen here: 35 s at most, the function's timeout and a margin.
VISIBILITY_SECONDS: Final = 15
PATIENCE: Final = 600.0
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """How many orders are posted, how many workers killed, and the longest pause between kills."""

    orders: int
    kills: int
    pause: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it: `sends` and `lost` by customer, `lost` being sends of unknown outcome."""

    answers: Counter[int]
    sends: Counter[str]
    lost: Counter[str]
    letters: Counter[str]
    states: Counter[str]
    requests: int
    kills: int
    kills_in_flight: int
    restarts: int
    seconds: float

    @property
    def unexplained(self) -> dict[str, tuple[int, int]]:
        """Customers reached more often than unknown outcomes allow: sends, unknown outcomes."""
        return {
            user: (count, self.lost[user])
            for user, count in self.sends.items()
            if count > 1 + self.lost[user]
        }

    def __str__(self) -> str:
        """Say it for people."""
        told = {
            "answers to the sender": dict(self.answers),
            "workers killed": self.kills,
            "of them with a request in flight": self.kills_in_flight,
            "restarts of Braze": self.restarts,
            "customers reached": len(self.sends),
            "requests taken": self.requests,
            "sends of unknown outcome": self.lost.total(),
            "sends beyond the first": self.sends.total() - len(self.sends),
            "sends that nothing explains": self.unexplained,
            "dead letters": len(self.letters),
            "states in the ledger": dict(self.states),
            "requests per delivery": round(self.requests / max(1, len(self.sends)), 3),
            "seconds in all": round(self.seconds, 1),
        }
        return "\n".join(f"{name:36}{value}" for name, value in told.items())


def run(plan: Plan) -> Figures:
    """Post orders, kill workers and restart Braze meanwhile; wait until the queue is empty."""
    with (
        own_starts(),
        recorder() as braze,
        stack(braze.url) as relay,
        ThreadPoolExecutor(1) as poster,
    ):
        started = time.monotonic()
        _shorten_visibility(relay)
        template = sample("shopify-order")
        braze.cuts = CUTS
        posted = poster.submit(post_orders, relay, template, plan.orders)
        killer = _Killer(relay, braze, template, posted)
        struck = [killer.strike(plan.pause, at) for at in range(plan.kills)]
        answers = posted.result()
        braze.cuts = 0.0
        until(lambda: waiting(relay), lambda left: left == 0, "empty queue", PATIENCE)
        return Figures(
            answers,
            braze.sends(),
            braze.lost(),
            _letters(relay),
            states(relay),
            len(braze.taken),
            len([one for one in struck if one is not None]),
            len([one for one in struck if one]),
            braze.starts - 1,
            time.monotonic() - started,
        )


@dataclass(frozen=True, slots=True)
class _Killer:
    """Kills the stack's workers while orders are on their way."""

    relay: Relay
    braze: Recorder
    template: dict[str, Any]
    posted: Future[Counter[int]]

    def strike(self, pause: float, number: int) -> bool | None:
        """Kill a worker, each other time one that waits for Braze; tell whether one did, if any."""
        time.sleep(pause * random.random())  # noqa: S311 - no secret
        if number % 2:
            is_in_flight = self._kill(self._found(deliver_workers))
        else:
            with self.braze.silence():
                is_in_flight = self._kill(self._found(self._sending))
        if number % RESTART_EVERY == RESTART_EVERY - 1:
            self.braze.stop()
            time.sleep(RESTART_SECONDS)
            self.braze.start()
        return is_in_flight

    def _kill(self, victim: int | None) -> bool | None:
        if victim is None:
            return None
        with last_moment(victim, self.braze.port) as held:
            in_flight = bool(held & self.braze.open_ports())
            request = self.braze.bury(held)
            if request is not None:  # it may have been answered, and marked in part
                request.forgotten = {
                    user for user in request.users if not recorded(self.relay, self.template, user)
                }
        return in_flight

    def _found(self, look: Callable[[], list[int]]) -> int | None:
        """Return one of the workers looked for, or None where all orders are through without."""
        while not (found := look()):
            if self.posted.done() and waiting(self.relay) == 0:
                return None
            time.sleep(_LOOK_SECONDS)
        return random.choice(found)  # noqa: S311 - no secret

    def _sending(self) -> list[int]:
        """Return the workers that have a request in flight."""
        sending = self.braze.open_ports()
        return [pid for pid in deliver_workers() if sending & ports(pid, self.braze.port)]


def _shorten_visibility(relay: Relay) -> None:
    relay.local.stack.client("sqs").set_queue_attributes(
        QueueUrl=relay.local.stack.outputs["QueueUrl"],
        Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)},
    )


def _letters(relay: Relay) -> Counter[str]:
    """Take all dead letters; return how often each customer's is among them."""
    sqs, url = relay.local.stack.client("sqs"), relay.local.stack.outputs["DeadLetterQueueUrl"]
    found: Counter[str] = Counter()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found[json.loads(message["Body"])["recipient"]["external_user_id"]] += 1
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
