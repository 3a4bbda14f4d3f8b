"""Workers killed and Braze restarted while orders are on their way, over the wire."""

import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from tests.e2e.harness import Relay, sample, until
from tests.faults.recorder import Recorder, recorder
from tests.faults.wire import post_orders, recorded, stack, states, waiting
from tests.faults.workers import deliver_workers, last_moment, ports

CUTS: Final = 0.05  # of the answers
RESTART_EVERY: Final = 4  # kills
RESTART_SECONDS: Final = 1.0
# The template's 181 s would make a killed worker's messages wait for longer than its lease, which
# is what is to be seen here: 35 s at most, the function's timeout and a margin.
VISIBILITY_SECONDS: Final = 15
PATIENCE: Final = 600.0
AIMING_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.01


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
    with recorder() as braze, stack(braze.url) as relay, ThreadPoolExecutor(1) as poster:
        started = time.monotonic()
        _shorten_visibility(relay)
        template = sample("shopify-order")
        braze.cuts = CUTS
        posted = poster.submit(post_orders, relay, template, plan.orders)
        struck = [_strike(relay, braze, template, plan, at) for at in range(plan.kills)]
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


def _strike(
    relay: Relay, braze: Recorder, template: dict[str, Any], plan: Plan, number: int
) -> bool | None:
    """Kill a worker, every other time one that waits for Braze; tell whether one did, if any."""
    time.sleep(plan.pause * random.random())  # noqa: S311 - no secret
    if number % 2:
        is_in_flight = _kill(relay, braze, template, _anyone())
    else:
        with braze.silence():
            is_in_flight = _kill(relay, braze, template, _sending(braze))
    if number % RESTART_EVERY == RESTART_EVERY - 1:
        braze.stop()
        time.sleep(RESTART_SECONDS)
        braze.start()
    return is_in_flight


def _kill(
    relay: Relay, braze: Recorder, template: dict[str, Any], victim: int | None
) -> bool | None:
    if victim is None:
        return None
    with last_moment(victim, braze.port) as held:
        in_flight = bool(held & braze.open_ports())
        request = braze.bury(held)
        if request is not None:  # it may have been answered, and marked in part
            request.forgotten = {
                user for user in request.users if not recorded(relay, template, user)
            }
    return in_flight


def _anyone() -> int | None:
    workers = deliver_workers()
    return random.choice(workers) if workers else None  # noqa: S311 - no secret


def _sending(braze: Recorder) -> int | None:
    """Return a worker that has a request in flight; any other if none comes to have one soon."""
    deadline = time.monotonic() + AIMING_SECONDS
    while time.monotonic() < deadline:
        sending = braze.open_ports()
        found = [pid for pid in deliver_workers() if sending & ports(pid, braze.port)]
        if found:
            return random.choice(found)  # noqa: S311 - no secret
        time.sleep(_LOOK_SECONDS)
    return _anyone()


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
