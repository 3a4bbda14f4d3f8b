"""Advice for the local stack: nothing that cannot be done there, such as setting a key."""

import time

from relay.operations.clients import StackClients
from relay.operations.status_parts import ledger
from relay.rules.names import Names
from tests.relay.operations.stage import Stage


def test_a_key_that_the_simulated_braze_refuses_is_not_set_by_a_command(stage: Stage) -> None:
    now = time.time()
    stage.put("breaker#default", {"open_until": int(now) + 60, "reason": "key_refused"})
    desk = StackClients.of(
        stage.stack, Names(), ("dynamodb",)
    )  # with an endpoint, as a local one has
    (said,) = [" ".join(part.lines) for part in ledger(desk, now) if part.name == "Braze"]
    assert "Braze refuses the API key" in said
    assert "/_sim/key and /_sim/faults" in said
    assert "secrets set" not in said
