"""Everything that comes into the deployed stack is accounted for, by what its functions wrote."""

import json
import time
from collections import Counter
from typing import Any

from typer import Typer
from typer.testing import CliRunner

from relay.operations.clients import StackClients
from relay.reconcile.cloudwatch_counts import Period, written
from relay.reconcile.command import reconcile
from relay.rules.names import Names
from relay.stacks.selection import LOCAL, Operated
from tests.e2e.harness import Relay, chosen, until

app = Typer()
app.command()(reconcile)
CONFIRMATION = ("shopify", "order-confirmation")


def counted(relay: Relay) -> Counter[Any]:
    """Return what the stack has counted since it is up."""
    stack = Operated(LOCAL, relay.local.stack.outputs, relay.local.stack.endpoint)
    desk = StackClients.of(stack, Names(), ("logs", "cloudformation"))
    now = int(time.time())
    return Counter(written(desk, Period(now - 86_400, now + 60)))


def refuse_once(relay: Relay) -> None:
    fault = {"kind": "status", "status": 400, "times": 1, "body": {"message": "Invalid recipient"}}
    relay.braze("POST", "/faults", [fault])


def test_what_came_in_and_what_became_of_it_add_up(relay: Relay, order: dict[str, Any]) -> None:
    before = counted(relay)
    refuse_once(relay)
    assert relay.shopify("orders/create", order).status_code == 200
    relay.dead_letter()
    for number in range(1, 4):
        other = order | {"id": order["id"] + number}
        assert relay.shopify("orders/create", other).status_code == 200
        relay.sends(number)
    assert relay.shopify("orders/create", order | {"id": order["id"] + 1}).status_code == 200
    unrenderable = order | {"id": order["id"] + 9, "email": None}
    assert relay.shopify("orders/create", unrenderable).status_code == 200
    relay.dead_letter()
    assert relay.shopify("a/topic-of-nobody", order).status_code == 200
    assert relay.shopify("orders/create", order, secret="canary-wrong").status_code == 401

    def fresh() -> Counter[Any]:
        return counted(relay) - before

    found = until(
        fresh,
        lambda it: (
            it["WebhooksReceived", ("shopify", "")] == 8
            and sum(it[name, CONFIRMATION] for name in LEFT) == 5
        ),
        "counts",
    )
    of_source = {name: found[name, ("shopify", "")] for name in SOURCE}
    assert of_source == SOURCE
    of_rule = {name: found[name, CONFIRMATION] for name in RULE}
    assert of_rule == RULE

    relay.wait_until_idle()
    with chosen(relay.local) as options:
        result = CliRunner().invoke(app, [*options, "--json"])
        shown = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["adds_up"] is True
    assert {row["verdict"] for row in told["sums"]["webhooks"]} == {"adds up"}
    assert told["in_flight"]["end"] == 0
    assert shown.exit_code == 0
    assert "shopify/order-confirmation" in shown.output


LEFT = ("DeliveriesAccepted", "DeliveriesDuplicate", "DeliveriesDead")
SOURCE = {
    "WebhooksReceived": 8,
    "WebhooksTaken": 7,
    "WebhooksRefused": 1,
    "EventsWanted": 6,
    "EventsUnmatched": 1,
}
RULE = {
    "DeliveriesPlanned": 5,
    "EventsUnrenderable": 1,
    "DeliveriesAccepted": 3,
    "DeliveriesDuplicate": 1,
    "DeliveriesDead": 1,
}
