"""Braze's side sends interim answers: each order's two messages are sent once, and so recorded.

A client that takes an interim answer for the final one reads the answer to its former request at
the next one. Then the ledger says accepted of what Braze has never seen.

Each run of tests/simulation does this with some orders, all but the sockets in memory; here all is
real. `FAULTS_FULL=1` has 1,000 orders here.
"""

import json
from pathlib import Path
from typing import Any

from typer import Typer
from typer.testing import CliRunner

from handler.core.planning.delivery_id import delivery_id
from relay.reconcile.command import reconcile
from relay.stacks.ledger import Ledger
from relay.stacks.selection import LOCAL, Operated
from tests.e2e.harness import Relay, chosen, sample, until
from tests.faults.wire import FULL, customers, post_until_taken, stack, waiting

ORDERS = 1_000 if FULL else 250
RULES = Path(__file__).parent / "rules"
RULE_OF = {"/campaigns/trigger/send": "confirmation", "/canvas/trigger/send": "survey"}
PROPERTIES = {"/campaigns/trigger/send": "trigger_properties", "/canvas/trigger/send": "context"}
# A third of the requests: alone and several, at once and with pauses.
INTERIM = [
    {"kind": "interim", "interim": [103], "seconds": 0, "probability": 1 / 9},
    {"kind": "interim", "interim": [102, 103, 103], "seconds": 0, "probability": 1 / 8},
    {"kind": "interim", "interim": [103, 102], "seconds": 0.02, "probability": 1 / 7},
]
PATIENCE = 600.0

app = Typer()
app.command()(reconcile)


def of_braze(relay: Relay) -> dict[str, tuple[str, str]]:
    """Return by delivery which user Braze was asked for, and what it answered to that request."""
    found = {}
    for request in relay.posted():
        rule, properties = RULE_OF[request["path"]], PROPERTIES[request["path"]]
        for one in request["body"]["recipients"]:
            delivery = delivery_id("shopify", rule, one[properties]["order"], "")
            assert delivery not in found, "one delivery was in two requests"
            found[delivery] = (one["external_user_id"], request["dispatch_id"])
    return found


def of_the_ledger(relay: Relay) -> dict[str, str]:
    """Return by delivery the answer by which the ledger says that it was accepted."""
    local = relay.local.stack
    table = Ledger.of(Operated(LOCAL, local.outputs, local.endpoint))
    found = {}
    for item in table.beginning("delivery#"):
        assert item["state"] == "ACCEPTED"
        (attempt,) = item["last"]
        found[item["pk"].removeprefix("delivery#")] = attempt["dispatch_id"]
    return found


def reconciled(relay: Relay) -> dict[str, Any]:
    with chosen(relay.local) as options:
        result = CliRunner().invoke(app, [*options, "--json", "--rules", str(RULES)])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.output))


def test_interim_answers_shift_no_answer_and_ledger_reconcile_and_braze_agree() -> None:
    with stack(rules=RULES) as relay:
        relay.braze("POST", "/faults", INTERIM)
        post_until_taken(relay, sample("shopify-order"), ORDERS)
        until(lambda: waiting(relay), lambda left: left == 0, "empty queue", PATIENCE)
        requests, sends = relay.posted(), relay.braze("GET", "/sends")
        taken, recorded = of_braze(relay), of_the_ledger(relay)
        dead = waiting(relay, "DeadLetterQueueUrl")
        sums = reconciled(relay)

    assert (len(sends), dead) == (2 * ORDERS, 0)
    assert {user for user, _ in taken.values()} == customers(ORDERS)
    assert {delivery: answer for delivery, (_, answer) in taken.items()} == recorded
    assert len(recorded) == 2 * ORDERS
    assert sums["adds_up"] is True
    struck = sum(request["fault"] == "interim" for request in requests)
    assert 0.2 < struck / len(requests) < 0.5
