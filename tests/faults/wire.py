"""Orders by the hundred through a local stack, and what its queues and ledger hold of them."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from handler.core.planning.delivery_id import delivery_id
from relay.local.stack import local_stack
from relay.paths import PROJECT
from tests.e2e.harness import ACCOUNTS_SECRET, SHOPIFY_SECRET, Relay

FULL: Final = "FAULTS_FULL" in os.environ  # else a size that every run of the suite can afford
FIRST_CUSTOMER: Final = 9_000_000_000
# The emulator starts an environment for each webhook at a time.
POSTING_AT_ONCE: Final = 8 if FULL else 3
_OK: Final = 200
_TRIES: Final = 5
# More of them only contend for the machine's processors.
WORKERS: Final = {"DeliverConcurrency": "4", "LowPriorityConcurrency": "2"}


@contextmanager
def stack(
    braze_url: str | None = None, rules: Path = PROJECT / "tests" / "rules"
) -> Iterator[Relay]:
    """Serve the project's own rules, or others; without a URL beside a simulated Braze."""
    secrets = {"shopify": SHOPIFY_SECRET, "accounts": ACCOUNTS_SECRET}
    with local_stack(rules, secrets, braze_url, RulesStage="dev", **WORKERS) as local:
        yield Relay(local)


def customers(count: int) -> set[str]:
    """Return the customers of so many orders, one each."""
    return {str(FIRST_CUSTOMER + at) for at in range(count)}


def recorded(relay: Relay, template: dict[str, Any], customer: str) -> bool:
    """Tell whether the ledger knows that a customer's order was accepted, alone or with others."""
    number = template["id"] + int(customer) - FIRST_CUSTOMER
    delivery = delivery_id("shopify", "order-confirmation", str(number), "")
    item = _item(relay, f"delivery#{delivery}")
    if item.get("state") != {"S": "SENDING"}:
        return item.get("state") == {"S": "ACCEPTED"}
    request = _item(relay, f"send#{item['owner']['S']}")
    return request.get("state") == {"S": "ACCEPTED"} and delivery in request["members"]["SS"]


def _item(relay: Relay, key: str) -> dict[str, Any]:
    table = relay.local.stack.outputs["LedgerTable"]
    found = relay.local.stack.client("dynamodb").get_item(
        TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True
    )
    return dict(found.get("Item", {}))


def post_orders(relay: Relay, template: dict[str, Any], count: int) -> Counter[int]:
    """Post so many signed orders, several at once; return how often each status was answered."""
    with ThreadPoolExecutor(POSTING_AT_ONCE) as pool:
        answers = pool.map(lambda at: post_order(relay, template, at), range(count))
        return Counter(answers)


def post_until_taken(relay: Relay, template: dict[str, Any], count: int) -> None:
    """Post so many signed orders, and again what is not answered 200, as senders do."""
    left = list(range(count))
    with ThreadPoolExecutor(POSTING_AT_ONCE) as pool:
        for _ in range(_TRIES):
            statuses = pool.map(lambda at: post_order(relay, template, at), left)
            left = [at for at, status in zip(left, statuses, strict=True) if status != _OK]
    assert not left


def post_order(relay: Relay, template: dict[str, Any], at: int) -> int:
    """Post one signed order; return the status of the answer."""
    number = 10_000 + at
    email = f"customer-{at}@example.com"
    order = template | {
        "id": template["id"] + at,
        "name": f"#{number}",
        "email": email,
        "total_price": f"{at % 300}.90",
        "customer": template["customer"] | {"id": FIRST_CUSTOMER + at, "email": email},
    }
    return relay.shopify("orders/create", order).status_code


def states(relay: Relay) -> Counter[str]:
    """Return how many deliveries of the ledger are in each state."""
    table, client = relay.local.stack.outputs["LedgerTable"], relay.local.stack.client("dynamodb")
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = [item for page in pages for item in page["Items"]]
    return Counter(item["state"]["S"] for item in items if item["pk"]["S"].startswith("delivery#"))


def waiting(relay: Relay, output: str = "QueueUrl") -> int:
    """Return how many messages a queue holds, seen or unseen."""
    sqs, url = relay.local.stack.client("sqs"), relay.local.stack.outputs[output]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(count) for count in found.values())
