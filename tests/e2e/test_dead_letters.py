"""A dead letter from its burial to its acceptance, through the deployed stack and the commands."""

import json
import subprocess
from typing import Any

import pytest

from relay.cli import app
from relay.paths import PROJECT
from relay.stacks.local import NAME
from tests.e2e.harness import Relay, invoke, until

GROUPS = {"dead": "dead-letters", "held": "held"}
RULES = ("--rules", str(PROJECT / "tests" / "rules"))


def run(relay: Relay, group: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, for it takes two seconds to start."""
    command = [GROUPS[group], *arguments, "--stack-name", NAME]
    result = invoke(app, relay.local, *command)
    return subprocess.CompletedProcess(command, result.exit_code, result.stdout, result.stderr)


def listed(relay: Relay, group: str = "dead") -> list[dict[str, Any]]:
    """Wait for a letter, and return what the list says of all of them."""

    def look() -> list[dict[str, Any]]:
        done = run(relay, group, "list", "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return until(look, bool, f"{group} letter")


@pytest.fixture
def refused(relay: Relay, order: dict[str, Any]) -> dict[str, Any]:
    """Let Braze refuse an order once; return what the list says of its letter."""
    fault = {"kind": "status", "status": 400, "times": 1, "body": {"message": "Invalid recipient"}}
    relay.braze("POST", "/faults", [fault])
    assert relay.shopify("orders/create", order).status_code == 200
    (row,) = listed(relay)
    until(lambda: relay.ledger(row["id"]), lambda it: it["state"]["S"] == "DEAD", "DEAD")
    return row


def test_an_order_that_braze_refused_is_listed_redriven_and_accepted_once(
    relay: Relay, order: dict[str, Any], refused: dict[str, Any]
) -> None:
    assert (refused["reason"], refused["status"]) == ("rejected", 400)
    assert refused["rule"] == "order-confirmation"
    assert order["email"] not in json.dumps(refused)
    shown = run(relay, "dead", "show", refused["id"][:12])
    assert order["email"] in shown.stdout
    done = run(relay, "dead", "redrive", "--id", refused["id"])
    assert done.returncode == 0, done.stderr
    (send,) = relay.sends(1)
    assert send["profile_after"]["email"] == order["email"]
    relay.wait_until_idle()
    assert relay.ledger(refused["id"])["state"]["S"] == "ACCEPTED"
    assert [it["status"] for it in relay.requests(2)] == [400, 201]
    assert relay.is_idle()


def test_a_second_copy_of_a_redriven_letter_is_sent_by_nobody(
    relay: Relay, refused: dict[str, Any], tmp_path: Any
) -> None:
    file = tmp_path / "letters.jsonl"
    assert run(relay, "dead", "export", "--output", str(file)).returncode == 0
    assert run(relay, "dead", "redrive", "--yes").returncode == 0
    relay.sends(1)
    relay.wait_until_idle()
    sqs, letter = relay.local.stack.client("sqs"), json.loads(file.read_text())
    for output in ("QueueUrl", "DeadLetterQueueUrl"):  # as a crash after the send leaves them
        sqs.send_message(
            QueueUrl=relay.local.stack.outputs[output],
            MessageBody=letter["body"],
            MessageAttributes=letter["attributes"],
        )
    again = run(relay, "dead", "redrive", "--yes")
    assert again.returncode == 1
    assert "Braze has accepted it" in again.stderr
    assert run(relay, "dead", "drop", "--id", refused["id"], "--yes").returncode == 0
    relay.wait_until_idle()
    assert len(relay.requests(2)) == 2
    assert len(relay.sends(1)) == 1


def test_an_accepted_order_is_sent_again_only_when_somebody_says_so(
    relay: Relay, refused: dict[str, Any], tmp_path: Any
) -> None:
    file = tmp_path / "letters.jsonl"
    run(relay, "dead", "export", "--output", str(file))
    assert run(relay, "dead", "redrive", "--yes").returncode == 0
    relay.sends(1)
    relay.wait_until_idle()
    letter = json.loads(file.read_text())
    relay.local.stack.client("sqs").send_message(
        QueueUrl=relay.local.stack.outputs["DeadLetterQueueUrl"],
        MessageBody=letter["body"],
        MessageAttributes=letter["attributes"],
    )
    assert run(relay, "dead", "redrive", "--again", "--yes").returncode == 0
    assert len(relay.sends(2)) == 2
    relay.wait_until_idle()
    record = relay.ledger(refused["id"])
    assert record["state"]["S"] == "ACCEPTED"
    assert record["freed"]["M"]["was"]["S"] == "ACCEPTED"


def test_an_order_without_an_address_stays_until_it_can_be_rendered(
    relay: Relay, order: dict[str, Any]
) -> None:
    relay.shopify("orders/create", order | {"email": None, "customer": None})
    (row,) = listed(relay)
    assert row["reason"] == "unrenderable"
    done = run(relay, "dead", "redrive", "--rendered", "--yes", *RULES)
    assert done.returncode == 1
    assert "external_user_id" in done.stderr
    assert run(relay, "dead", "drop", "--yes").returncode == 0
    assert relay.is_idle()


def test_an_order_is_rendered_anew_with_the_rules_of_a_folder(
    relay: Relay, order: dict[str, Any], refused: dict[str, Any], tmp_path: Any
) -> None:
    mended = (PROJECT / "tests" / "rules" / "shopify.yaml").read_text(encoding="utf-8")
    (tmp_path / "shopify.yaml").write_text(mended.replace("Order ${body.name}", "${body.name}"))
    given = ("--rendered", "--yes", "--rules", str(tmp_path))
    done = run(relay, "dead", "redrive", *given)
    assert done.returncode == 0, done.stderr
    (send,) = relay.sends(1)
    assert send["message"]["trigger_properties"]["order"] == order["name"]
    relay.wait_until_idle()
    assert relay.ledger(refused["id"])["state"]["S"] == "ACCEPTED"


def test_a_held_order_is_released_once_and_then_accepted(
    relay: Relay, order: dict[str, Any]
) -> None:
    notice = {"kind": "notice", "times": 1, "body": "something that nobody knows"}
    relay.braze("POST", "/faults", [notice])
    relay.shopify("orders/create", order)
    (row,) = listed(relay, "held")
    assert (row["reason"], row["state"]) == ("notice", "HELD")
    done = run(relay, "held", "release", "--id", row["id"], "--yes")
    assert done.returncode == 0, done.stderr
    assert "yes: Braze answered 2xx, with a notice" in done.stdout
    relay.sends(1)
    relay.wait_until_idle()
    record = relay.ledger(row["id"])
    assert record["state"]["S"] == "ACCEPTED"
    assert record["freed"]["M"]["was"]["S"] == "HELD"
