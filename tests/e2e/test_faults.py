"""Braze slow, down, limiting or refusing: nothing is lost, and nothing is sent twice."""

import json
from typing import Any

from tests.e2e.harness import Relay

NOTHING_OF_THE_REQUEST = "Invalid recipient ..."


def test_503_twice_is_accepted_on_the_third_attempt_with_one_send(
    relay: Relay, order: dict[str, Any]
) -> None:
    relay.braze("POST", "/faults", [{"kind": "status", "status": 503, "times": 2}])
    relay.shopify("orders/create", order)
    relay.sends(1)
    relay.wait_until_idle()
    assert [request["status"] for request in relay.requests(3)] == [503, 503, 201]
    assert len(relay.sends(1)) == 1
    record = relay.ledger()
    assert (record["state"]["S"], record["attempts"]["N"]) == ("ACCEPTED", "3")


def test_400_is_a_dead_letter_at_once_with_its_reason_and_never_tried_again(
    relay: Relay, order: dict[str, Any]
) -> None:
    fault = {
        "kind": "status",
        "status": 400,
        "times": 1,
        "body": {"message": f"Invalid recipient {order['email']}"},
    }
    relay.braze("POST", "/faults", [fault])
    relay.shopify("orders/create", order)
    letter = relay.dead_letter()
    told = {name: one["StringValue"] for name, one in letter["MessageAttributes"].items()}
    assert told == {"reason": "rejected", "status": "400", "detail": NOTHING_OF_THE_REQUEST}
    assert json.loads(letter["Body"])["rule"] == "order-confirmation"
    relay.wait_until_idle()
    assert relay.ledger()["state"]["S"] == "DEAD"
    assert len(relay.requests(1)) == 1
    assert relay.sends(0) == []


def test_a_rate_limit_is_waited_for(relay: Relay, order: dict[str, Any]) -> None:
    fault = {"kind": "status", "status": 429, "times": 1, "headers": {"retry-after": "1"}}
    relay.braze("POST", "/faults", [fault])
    relay.shopify("orders/create", order)
    relay.sends(1)
    assert [request["status"] for request in relay.requests(2)] == [429, 201]


def test_a_connection_that_breaks_is_tried_again_under_retry(
    relay: Relay, order: dict[str, Any]
) -> None:
    relay.braze("POST", "/faults", [{"kind": "reset", "times": 1}])
    relay.shopify("orders/create", order)
    assert len(relay.sends(1)) == 1
    assert len(relay.requests(2)) == 2


def test_an_answer_cut_after_its_201_is_never_sent_again(
    relay: Relay, order: dict[str, Any]
) -> None:
    relay.braze("POST", "/faults", [{"kind": "cut", "times": 1, "after": True}])
    relay.shopify("orders/create", order)
    relay.sends(1)
    relay.wait_until_idle()
    assert len(relay.requests(1)) == 1
