"""Braze that never answers, secrets that cannot be read, rules that do not load."""

import json
import time
import uuid
from collections import Counter
from typing import Any

import pytest

from handler.aws.secrets import REFRESH_AFTER
from relay.local.stack import Local
from tests.e2e.harness import Relay, sample, until
from tests.e2e.test_refusals import forbidden, restart

DEADLINE = 15_000  # milliseconds for one request to Braze


@pytest.fixture(scope="module", autouse=True)
def read_at(local: Local) -> float:
    """Return when the signing secrets had been read: they are not read again at once."""
    assert Relay(local).shopify("orders/fulfilled", sample("shopify-order")).status_code == 200
    return time.monotonic()


def lines(relay: Relay, message: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in relay.logs() if line.startswith("{")]
    return [line for line in found if line.get("message") == message]


def attempts(relay: Relay, delivery: str) -> list[dict[str, Any]]:
    return [line for line in lines(relay, "delivery") if line.get("id") == delivery]


def test_a_braze_that_hangs_is_asked_again_under_retry_and_never_again_under_hold(
    relay: Relay, order: dict[str, Any]
) -> None:
    faults = [{"kind": "hang", "times": 1}, {"kind": "hang", "times": 1, "after": True}]
    relay.braze("POST", "/faults", faults)
    relay.shopify("orders/create", order)
    retried = relay.last_delivery()
    relay.requests(1)
    signup, message_id = sample("accounts-signup"), f"msg_{uuid.uuid4().hex}"
    signup["data"]["id"] = message_id
    relay.accounts(signup, message_id)
    held = relay.last_delivery()

    letter = relay.dead_letter()  # before it is in the dead letters, the deadline has to pass
    assert json.loads(letter["Body"])["id"] == held
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "unknown"
    assert relay.ledger(held)["state"]["S"] == "HELD"

    relay.sends(2)  # the held one, which arrived, and the order, in the end
    until(lambda: relay.ledger(retried)["state"]["S"], "ACCEPTED".__eq__, "mark")
    (unknown, accepted) = relay.ledger(retried)["last"]["L"]
    assert (unknown["M"]["class"]["S"], accepted["M"]["class"]["S"]) == ("unknown", "accepted")
    for delivery in (retried, held):
        assert DEADLINE <= attempts(relay, delivery)[0]["duration_ms"] < DEADLINE + 2_000

    relay.accounts(signup, message_id)  # its sender has not heard of us, either
    assert json.loads(relay.dead_letter()["Body"])["id"] == held
    relay.wait_until_idle()
    assert [one["status"] for one in relay.requests(3)] == [None, None, 201]
    assert len(relay.sends(2)) == 2


def test_a_braze_key_that_cannot_be_read_is_kept_or_waited_for_and_no_order_is_lost(
    relay: Relay, order: dict[str, Any]
) -> None:
    relay.shopify("orders/create", order)
    relay.sends(1)
    with forbidden(relay, "DeliverRole", "secretsmanager:GetSecretValue"):
        relay.shopify("orders/create", sample("shopify-order"))
        relay.sends(2)  # with the key that was read before
        restart(relay, "DeliverFunction")
        before = len(lines(relay, "not now"))
        assert relay.shopify("orders/create", sample("shopify-order")).status_code == 200
        until(lambda: len(lines(relay, "not now")), lambda now: now > before, "wait for the key")
    relay.sends(3)
    relay.wait_until_idle()
    assert [one["status"] for one in relay.requests(3)] == [201, 201, 201]


def test_rules_that_do_not_load_are_503_to_come_again_and_one_line_says_what_to_mend(
    relay: Relay,
) -> None:
    before = Counter(relay.logs())
    answer = relay.post("broken", b"{}", {"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")

    def new() -> list[dict[str, Any]]:  # the emulator writes them a moment after the answer
        told = (Counter(relay.logs()) - before).elements()
        found = [json.loads(line) for line in told if line.startswith("{")]
        return [one for one in found if "_aws" not in one]

    (line,) = until(new, bool, "log line")
    assert (line["level"], line["source"], line["status"]) == ("ERROR", "broken", 503)
    assert line["reason"].startswith("rules/broken.yaml:2:")
    assert "rulez" in line["reason"]


def test_signing_secrets_that_cannot_be_read_again_serve_on_after_a_forgery(
    relay: Relay, order: dict[str, Any], read_at: float
) -> None:
    until(time.monotonic, lambda now: now > read_at + REFRESH_AFTER, "read", REFRESH_AFTER + 5)
    with forbidden(relay, "IngestRole", "secretsmanager:GetSecretValue"):
        # A signature that does not fit may be one of a newer secret: it is read again.
        assert relay.shopify("orders/create", order, secret="another-secret").status_code == 401
        assert relay.shopify("orders/create", order).status_code == 200
    relay.sends(1)
