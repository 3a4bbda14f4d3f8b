"""Orders while many welcomes lie paused in the second queue: none of them is in an order's way.

`FAULTS_FULL=1 .venv/bin/pytest -s tests/faults/test_priority.py` runs it at full size.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

from handler.core.message import encode, pack
from handler.core.models import Delivery
from relay.operations.pause import stop
from relay.stacks.ledger import Ledger
from tests.e2e.harness import Relay, sample, until
from tests.faults.wire import (
    FIRST_CUSTOMER,
    FULL,
    customers,
    post_order,
    stack,
    states,
    waiting,
)

ORDERS, WELCOMES = (1_000, 20_000) if FULL else (60, 300)
STARTING: Final = 10
LATEST: Final = 10.0  # seconds from an order's 200 until Braze has it
# The emulator starts an environment for each webhook at a time: more of them only contend.
POSTING_AT_ONCE: Final = 2
LOW: Final = "LowPriorityQueueUrl"
_AT_ONCE: Final = 10  # SQS, "Amazon SQS message quotas"


def welcome(number: int) -> Delivery:
    return Delivery(
        id=f"{number:064x}",
        source="shopify",
        rule="welcome",
        rules_version="v1",
        workspace="default",
        path="/canvas/trigger/send",
        send={"canvas_id": "5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24"},
        recipient={"external_user_id": f"new-{number}"},
        event_id=str(number),
        event=pack({}),
        accepted_at=int(time.time()),
        expires_at=None,
        on_unknown="retry",
        priority="low",
    )


def put_welcomes(relay: Relay, welcomes: int) -> None:
    """Pause the welcomes, put so many into their queue, and wait until workers have seen some."""
    outputs, client = relay.local.stack.outputs, relay.local.stack.client
    stop(Ledger(client("dynamodb"), outputs["LedgerTable"]), "rule/shopify/welcome", 0, "a test")
    bodies = (encode(welcome(number)) for number in range(welcomes))
    while some := [*islice(bodies, _AT_ONCE)]:
        entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(some)]
        client("sqs").send_message_batch(QueueUrl=outputs[LOW], Entries=entries)
    seen = '"reason":"paused"'
    until(lambda: "".join(relay.logs()).count(seen), lambda found: found > 0, "paused welcomes")


def post_timed(relay: Relay, orders: range) -> dict[str, float]:
    """Post so many orders, as senders do; return when each customer's was answered 200."""
    template = sample("shopify-order")

    def post(at: int) -> tuple[str, float]:
        until(lambda: post_order(relay, template, at), lambda status: status == 200, "a 200")
        return str(FIRST_CUSTOMER + at), time.time()

    with ThreadPoolExecutor(POSTING_AT_ONCE) as pool:
        return dict(pool.map(post, orders))


def test_each_order_is_at_braze_in_ten_seconds_while_welcomes_lie_paused_in_the_second_queue() -> (
    None
):
    with stack() as relay:
        put_welcomes(relay, WELCOMES)
        # Environments start, which on a busy machine takes the emulator longer than all else.
        before = post_timed(relay, range(ORDERS, ORDERS + STARTING))
        relay.sends(STARTING)

        answered = post_timed(relay, range(ORDERS))
        until(lambda: waiting(relay), lambda left: left == 0, "an empty first queue", 60)

        found = relay.braze("GET", "/sends")
        assert len(found) == ORDERS + STARTING
        sends = [one for one in found if one["external_id"] not in before]
        late = sorted(one["time"] - answered[one["external_id"]] for one in sends)
        assert {one["external_id"] for one in sends} == customers(ORDERS)
        assert waiting(relay, LOW) == WELCOMES
        assert waiting(relay, "DeadLetterQueueUrl") == 0
        assert states(relay) == {"ACCEPTED": ORDERS + STARTING}
        told = f"p50 {late[len(late) // 2]:.2f} s, p99 {late[int(len(late) * 0.99)]:.2f} s"
        sys.stdout.write(f"{ORDERS:,} orders beside {WELCOMES:,}: {told}, {late[-1]:.2f} s\n")
        assert late[-1] < LATEST
