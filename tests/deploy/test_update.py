"""Updates and rollbacks of a stack that works meanwhile: nothing is lost, nothing is sent twice."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from builder.package import FUNCTIONS
from handler.core.message import VERSIONS
from handler.core.rules.load import load
from relay.cli import app
from relay.local.emulator import emulator, listening
from relay.local.http_gateway import front_door
from relay.local.package import package
from relay.local.processes import BRAZE_KEY, simulated_braze
from relay.local.stack import Local
from relay.paths import PROJECT
from relay.stacks.local import Stack
from relay.stacks.template import parse
from relay.webhooks.signer import SignedRequest, sign
from tests.deploy.conftest import STACK, Sam, project_in, with_code_alone
from tests.deploy.running import (
    ANSWERED,
    COMES_AGAIN,
    LEASE,
    Release,
    Sender,
    build,
    changed,
    deployed,
    roll,
)
from tests.e2e.harness import (
    ACCOUNTS_SECRET,
    PATIENCE,
    SHOPIFY_SECRET,
    Relay,
    sample,
    until,
)

WAITING = PROJECT / "tests" / "golden" / "waiting"
RECEIVED_AT = 1_763_672_400  # of all messages there
SECRETS = {"shopify": SHOPIFY_SECRET, "accounts": ACCOUNTS_SECRET}
# An update can stop a worker that has begun: its claim ends, its message comes again, and to an
# environment that has yet to start.
AGAIN = LEASE + COMES_AGAIN + ANSWERED + PATIENCE  # seconds
OLD, NEW = "order: Order ${body.name}", "order: Your order ${body.name}"


@pytest.fixture(scope="module")
def sam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sam]:
    project = project_in(tmp_path_factory.mktemp("running"))
    with_code_alone(project)  # `build` replaces what SAM installs
    with emulator() as endpoint:
        yield Sam(project, endpoint)


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
        ("SigningSecretsArn", SECRETS),
        ("BrazeKeysArn", {"default": BRAZE_KEY}),
    ):
        manager.put_secret_value(SecretId=stack.outputs[output], SecretString=json.dumps(values))
    with front_door(listening(0), stack.gateway) as url:
        yield Relay(Local(url, parameters.rpartition("=")[2], stack))


def words(relay: Relay) -> list[str]:
    """Return what Braze was told to write, one for each send."""
    return [send["message"]["trigger_properties"]["order"] for send in relay.sends(0)]


def wait_until_braze_has(relay: Relay, orders: list[dict[str, Any]]) -> None:
    names = {order["name"] for order in orders}
    until(
        lambda: {word.split()[-1] for word in words(relay)},
        names.issubset,
        "first orders at Braze",
        AGAIN,
    )


def wait_until_all_are_accepted(relay: Relay, sends: int) -> None:
    """Wait for a state in which nothing more can be sent, whatever SQS may hand out again."""
    table = relay.local.stack.outputs["LedgerTable"]
    dynamodb = relay.local.stack.client("dynamodb")

    def look() -> tuple[bool, set[str]]:
        items = dynamodb.scan(TableName=table)["Items"]
        states = {it["state"]["S"] for it in items if it["pk"]["S"].startswith("delivery#")}
        return len(relay.sends(0)) >= sends, states

    until(look, (True, {"ACCEPTED"}).__eq__, "end of all deliveries", AGAIN)


def test_an_update_under_load_loses_no_order_and_sends_none_twice(
    relay: Relay, sam: Sam, parameters: str
) -> None:
    rules = sam.project / "src" / "rules" / "shopify.yaml"
    text = rules.read_text(encoding="utf-8")
    assert text.count(OLD) == 1
    rules.write_text(text.replace(OLD, NEW), encoding="utf-8")
    build(sam)  # before there is load: a build changes nothing of the stack
    sender = Sender(relay)
    with sender.posting():
        sender.wait_for_answers(5)
        before = time.monotonic()
        sam.deploy("--parameter-overrides", parameters)
        after = time.monotonic()
        sender.wait_for_answers(5)
        # Before that a repeated order may be sent in the place of its first copy.
        wait_until_braze_has(relay, sender.orders[:5])
        sender.repeat(5)
    until(
        lambda: json.dumps(relay.logs()).count("duplicate"), lambda n: n >= 5, "duplicates", AGAIN
    )
    wait_until_all_are_accepted(relay, len(sender.answered))
    assert all(500 <= status <= 599 for status in sender.refusals)
    sent = words(relay)
    assert sorted(word.split()[-1] for word in sent) == sorted(sender.answered)
    changed = {word.split()[-1] for word in sent if word.startswith("Your order")}
    assert not changed & {name for name, at in sender.answered.items() if at < before}
    assert changed >= {name for name, at in sender.posted.items() if at > after}


def release(rules: Path) -> Release:
    """Return this checkout's release with these rules: our code, and libraries by links."""
    return {name: package(name, rules) for name in FUNCTIONS}


@pytest.fixture(scope="module")
def this(sam: Sam, relay: Relay) -> Release:  # noqa: ARG001 - built for it
    return release(sam.project / "src" / "rules")


@pytest.fixture(scope="module")
def later(this: Release) -> Release:
    """Return a release that writes messages of the next version, and reads those before it."""
    latest = VERSIONS[-1] + 1
    return changed(
        this,
        "handler/core/message.py",
        (f"VERSIONS: Final = {VERSIONS}\n", f"VERSIONS: Final = {(*VERSIONS, latest)}\n"),
        ('{"version": version, "kind"', f'{{"version": {latest}, "kind"'),
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
        AGAIN,
    )


def users(relay: Relay) -> list[str]:
    return sorted(send["recipient"]["external_user_id"] for send in relay.sends(0))


def test_a_later_release_sends_what_this_one_enqueued_once(
    relay: Relay, stack: Stack, later: Release
) -> None:
    post_what_waits(relay, 11)
    roll(stack, later)
    relay.braze("DELETE", "/faults")
    wait_until_all_are_accepted(relay, 1)
    assert users(relay) == ["11"]


def test_after_a_rollback_what_waits_is_sent_and_what_the_later_release_wrote_waits_for_it(
    relay: Relay, stack: Stack, this: Release, later: Release
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


def waiting() -> list[dict[str, Any]]:
    """Return messages of an earlier release as if it had written them just now."""
    bodies = json.loads((WAITING / "messages.json").read_text(encoding="utf-8"))
    return [{**json.loads(body), "accepted_at": int(time.time())} for body in bodies]


def wait_until_each_waits(relay: Relay, ids: set[str]) -> None:
    """Wait until a worker has had each in its hands, and Braze has let none of them in."""

    def waits() -> set[str]:
        lines = [json.loads(line) for line in relay.logs() if line.startswith("{")]
        return {it.get("id", "") for it in lines if it.get("outcome") in ("not_sent", "waiting")}

    until(waits, ids.issubset, "deliveries that wait", AGAIN)


def post_again(relay: Relay) -> None:
    """Post the webhooks that the waiting messages were made of."""
    sender = replace(relay, patience=ANSWERED)
    for sent in json.loads((WAITING / "webhooks.json").read_text(encoding="utf-8")):
        name = sent["source"]
        text = (WAITING / "rules" / f"{name}.yaml").read_text(encoding="utf-8")
        source = load(name, text, name, "dev")
        letter = SignedRequest("", sent["headers"], sent["body"].encode())
        signed = sign(letter, source.scheme, SECRETS[source.secret], int(time.time()))
        answer = until(
            partial(sender.post, name, signed.body, signed.headers),
            lambda answer: answer.status_code < 500,  # an update may stop what begins to answer
            f"answer of {name}",
            2 * ANSWERED,
        )
        assert answer.status_code == 200


def test_what_an_earlier_release_has_left_in_the_queue_is_sent_once_over_an_update(
    relay: Relay, stack: Stack
) -> None:
    messages = waiting()
    for message in messages:
        body = json.dumps(message, separators=(",", ":"))
        stack.client("sqs").send_message(QueueUrl=stack.outputs["QueueUrl"], MessageBody=body)
    wait_until_each_waits(relay, {message["id"] for message in messages})
    roll(stack, release(WAITING / "rules"))
    post_again(relay)

    relay.braze("DELETE", "/faults")
    wait_until_all_are_accepted(relay, len(messages))
    post_again(relay)
    until(relay.is_idle, bool, "an empty queue", AGAIN)

    assert users(relay) == sorted(it["recipient"]["external_user_id"] for it in messages)
    for message in messages:
        wait_for_line(relay, id=message["id"], outcome="duplicate")


def former_release(sam: Sam) -> Path:
    """Make of what is built a release without the low-priority queue, which reads no version 4."""
    folder = sam.project / "former"
    shutil.copytree(sam.project / ".aws-sam" / "build", folder)
    file = folder / "template.yaml"
    template = parse(file.read_text(encoding="utf-8"))
    take_low_priority_away(template)
    file.write_text(json.dumps(template), encoding="utf-8")
    for function in FUNCTIONS:
        replace_in(
            folder / function / "handler" / "core" / "message.py", f"{VERSIONS}", "(1, 2, 3)"
        )
    rules = folder / "IngestFunction" / "rules" / "shopify.yaml"
    replace_in(rules, "    priority: low", "    #")
    return file


def take_low_priority_away(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    for name in [name for name in resources if name.startswith("LowPriorityQueue")]:
        del resources[name]
    del resources["Dashboard"], template["Outputs"]["DashboardUrl"]  # its text names the queue
    del template["Outputs"]["LowPriorityQueueUrl"]
    del template["Globals"]["Function"]["Environment"]["Variables"]["LOW_PRIORITY_QUEUE_URL"]
    del resources["DeliverFunction"]["Properties"]["Events"]["LowPriorityDelivery"]
    arn = {"Fn::GetAtt": ["LowPriorityQueue", "Arn"]}
    for role in ("IngestRole", "DeliverRole"):
        for policy in resources[role]["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if isinstance(statement.get("Resource"), list) and arn in statement["Resource"]:
                    statement["Resource"].remove(arn)


def replace_in(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def post_welcome(relay: Relay, customer: int) -> None:
    body = sample("shopify-customer") | {"id": customer}
    post = partial(replace(relay, patience=ANSWERED).shopify, "customers/create", body)
    until(post, lambda answer: answer.status_code == 200, "a 200", 2 * ANSWERED)


def test_a_rollback_keeps_the_low_priority_queue_and_requeue_has_what_waits_there_sent_once(
    relay: Relay, sam: Sam, parameters: str, stack: Stack, this: Release
) -> None:
    roll(stack, this)
    post_welcome(relay, 31)
    wait_for_line(relay, source="shopify", rule="welcome", reason="rate_limited")
    left = stack.outputs["LowPriorityQueueUrl"]

    config = str(sam.project / "samconfig.toml")
    given = ("--parameter-overrides", parameters)
    sam.deploy("--template-file", str(former_release(sam)), "--config-file", config, *given)
    relay.braze("DELETE", "/faults")
    assert "LowPriorityQueueUrl" not in deployed(sam).outputs
    post_welcome(relay, 32)
    until(lambda: users(relay), ["32"].__eq__, "what the former release itself enqueued", AGAIN)

    words = ["requeue", left, "--stack-name", STACK]
    move = partial(CliRunner().invoke, app, words, env=sam.aws())
    until(move, lambda done: done.exit_code == 0, "an empty queue", AGAIN)
    until(lambda: users(relay), ["31", "32"].__eq__, "what was left", AGAIN)

    sam.deploy(*given)  # what was built before
    deployed(sam)
    for customer in (31, 33):
        post_welcome(relay, customer)
    wait_until_all_are_accepted(relay, 3)
    assert users(relay) == ["31", "32", "33"]
