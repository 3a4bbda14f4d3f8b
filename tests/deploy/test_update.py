"""Updates and rollbacks of a stack that works meanwhile: nothing is lost, nothing is sent twice."""

import json
import time
from collections.abc import Iterator

import pytest

from relay.stack.deploy import Stack
from relay.stack.emulator import emulator
from relay.stack.front import front_door
from relay.stack.package import package
from relay.stack.up import BRAZE_KEY, Local, simulated_braze
from tests.deploy.conftest import Sam, project_in
from tests.deploy.running import Sender, build, built, changed, deployed, roll
from tests.e2e.harness import SHOPIFY_SECRET, Relay, sample, until

OLD, NEW = "order: Order ${body.name}", "order: Your order ${body.name}"


@pytest.fixture(scope="module")
def sam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sam]:
    with emulator() as endpoint:
        yield Sam(project_in(tmp_path_factory.mktemp("running")), endpoint)


@pytest.fixture(scope="module")
def parameters() -> Iterator[str]:
    with simulated_braze() as url:
        yield f"Stage=local RulesStage=dev Architecture=arm64 BrazeEndpoint={url}"


@pytest.fixture(scope="module")
def relay(sam: Sam, parameters: str) -> Iterator[Relay]:
    build(sam)
    sam.deploy("--parameter-overrides", parameters)
    stack = deployed(sam)
    manager = stack.client("secretsmanager")
    for output, values in (
        ("SigningSecretsArn", {"shopify": SHOPIFY_SECRET}),
        ("BrazeKeysArn", {"default": BRAZE_KEY}),
    ):
        manager.put_secret_value(SecretId=stack.outputs[output], SecretString=json.dumps(values))
    with front_door(0, stack.gateway) as url:
        yield Relay(Local(url, parameters.rpartition("=")[2], stack))


def words(relay: Relay) -> list[str]:
    """Return what Braze was told to write, one for each send."""
    return [send["message"]["trigger_properties"]["order"] for send in relay.sends(0)]


def wait_until_all_are_accepted(relay: Relay, sends: int) -> None:
    """Wait for a state in which nothing more can be sent, whatever SQS may hand out again."""
    table = relay.local.stack.outputs["LedgerTable"]
    dynamodb = relay.local.stack.client("dynamodb")

    def look() -> tuple[bool, set[str]]:
        items = dynamodb.scan(TableName=table)["Items"]
        states = {it["state"]["S"] for it in items if it["pk"]["S"].startswith("delivery#")}
        return len(relay.sends(0)) >= sends, states

    # A claim whose worker the emulator stopped takes longest: its lease ends first.
    until(look, (True, {"ACCEPTED"}).__eq__, "end of all deliveries", patience=60)


def test_an_update_under_load_loses_no_order_and_sends_none_twice(
    relay: Relay, sam: Sam, parameters: str
) -> None:
    rules = sam.project / "src" / "rules" / "shopify.yaml"
    text = rules.read_text(encoding="utf-8")
    assert text.count(OLD) == 1
    sender = Sender(relay)
    with sender.posting():
        sender.wait_for_answers(5)
        rules.write_text(text.replace(OLD, NEW), encoding="utf-8")
        build(sam)
        before = time.monotonic()
        sam.deploy("--parameter-overrides", parameters)
        after = time.monotonic()
        sender.wait_for_answers(5)
        sender.repeat(5)
    until(lambda: json.dumps(relay.logs()).count("duplicate"), lambda n: n >= 5, "duplicates")
    wait_until_all_are_accepted(relay, len(sender.answered))
    assert all(500 <= status <= 599 for status in sender.refusals)
    sent = words(relay)
    assert sorted(word.split()[-1] for word in sent) == sorted(sender.answered)
    changed = {word.split()[-1] for word in sent if word.startswith("Your order")}
    assert not changed & {name for name, at in sender.answered.items() if at < before}
    assert changed >= {name for name, at in sender.posted.items() if at > after}


@pytest.fixture(scope="module")
def this(sam: Sam, relay: Relay) -> bytes:  # noqa: ARG001 - built for it
    return package(built(sam) / "rules")


@pytest.fixture(scope="module")
def later(this: bytes) -> bytes:
    """Return a release that writes messages of version 3, and reads those before it."""
    return changed(
        this,
        "handler/core/message.py",
        ("VERSIONS: Final = (1, 2)\n", "VERSIONS: Final = (1, 2, 3)\n"),
        ('{"version": 2 if given else 1,', '{"version": 3,'),
    )


@pytest.fixture
def stack(relay: Relay) -> Stack:
    """Return the stack, whose Braze forgets what was before and lets nothing in for now."""
    relay.braze("DELETE", "")
    busy = {"kind": "status", "status": 429, "headers": {"retry-after": "4"}}
    relay.braze("POST", "/faults", [busy])
    return relay.local.stack


def post_what_waits(relay: Relay, customer: int) -> None:
    """Post an order, and wait until Braze has refused it: it waits in the queue, in no hands."""
    order = sample("shopify-order")
    order["customer"]["id"] = customer
    assert relay.shopify("orders/create", order).status_code == 200
    wait_for_line(relay, id=relay.last_delivery(), reason="rate_limited")


def wait_for_line(relay: Relay, **fields: str) -> None:
    until(
        lambda: [json.loads(line) for line in relay.logs() if line.startswith("{")],
        lambda lines: any(fields.items() <= line.items() for line in lines),
        f"log line with {fields}",
    )


def users(relay: Relay) -> list[str]:
    return sorted(send["recipient"]["external_user_id"] for send in relay.sends(0))


def test_a_later_release_sends_what_this_one_enqueued_once(
    relay: Relay, stack: Stack, later: bytes
) -> None:
    post_what_waits(relay, 11)
    roll(stack, later)
    relay.braze("DELETE", "/faults")
    wait_until_all_are_accepted(relay, 1)
    assert users(relay) == ["11"]


def test_after_a_rollback_what_waits_is_sent_and_what_the_later_release_wrote_waits_for_it(
    relay: Relay, stack: Stack, this: bytes, later: bytes
) -> None:
    roll(stack, this)
    post_what_waits(relay, 21)
    roll(stack, later)
    post_what_waits(relay, 22)

    roll(stack, this)
    relay.braze("DELETE", "/faults")
    relay.sends(1)
    wait_for_line(relay, outcome="waiting", reason="unknown_version")
    assert users(relay) == ["21"]

    roll(stack, later)
    wait_until_all_are_accepted(relay, 2)
    assert users(relay) == ["21", "22"]
    sqs, dead = stack.client("sqs"), stack.outputs["DeadLetterQueueUrl"]
    assert sqs.receive_message(QueueUrl=dead).get("Messages", []) == []
