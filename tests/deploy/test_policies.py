"""docs/policies is enough for `sam deploy` and for the commands, as far as the emulator checks.

It checks every call of a user; what CloudFormation does in the user's name it does not, so that
part is compared with AWS's own registry elsewhere.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest

from handler.core import message
from handler.core.models import Delivery
from relay.deploy.preflight import look
from relay.paths import PROJECT
from relay.stacks.cloudformation import client
from relay.stacks.template import parse
from tests.deploy.conftest import Credentials, Sam
from tests.forked import Forked, forked

STACK = "braze-relay-policies"
RULES = ("--rules", str(PROJECT / "tests" / "rules"))

LETTER = Delivery(
    id="0" * 64,
    source="shopify",
    rule="order-confirmation",
    rules_version="v1",
    workspace="default",
    path="/campaigns/trigger/send",
    send={"campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368"},
    recipient={"external_user_id": "1"},
    event_id="1",
    event="",
    accepted_at=int(time.time()),
    expires_at=None,
    on_unknown="retry",
)
OPERATED = (
    "pause all",  # nothing that is sent again here may leave for Braze
    "erase --external-id 1 --yes",
    "status --json",
    "surge list --all",
    "held list",
    "dead-letters list --json",
    f"dead-letters show {LETTER.id[:9]}",
    "dead-letters redrive --yes --limit 1",
    f"dead-letters redrive --yes --id {'1' * 9}",
    "requeue {orphan}",
    f"trace {LETTER.id}",
    "reconcile",
    "smoke",  # no rule of theirs is in shadow
    "dead-letters drop --yes",
    "resume all",
)


def user(sam: Sam, name: str) -> Credentials:
    """Create a user who may do what the policy of that name says; return its keys."""
    iam = sam.client("iam")
    iam.create_user(UserName=name)
    policy = PROJECT / "docs" / "policies" / f"{name}.json"
    if policy.exists():
        document = policy.read_text(encoding="utf-8")
        # Where the emulator is not AWS: CloudFormation names a log group after the stack alone, and
        # who may make a call of SQS may make it for a batch (SQS guide, "Amazon SQS permissions").
        document = document.replace("log-group:", "log-group:/aws/cloudformation/")
        document = re.sub(r'"(sqs:(?:Change|Delete|Send)\w+)"', r'"\1", "\1Batch"', document)
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture(scope="module")
def command() -> Iterator[Forked]:
    with forked(PROJECT, {"PATH": os.environ["PATH"]}) as made:
        yield made


def relay(command: Forked, user: Sam, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"]} | user.aws()
    return command(*arguments, "--stack-name", STACK, env=env, answers="canary-secret\n")


def without_tls(sam: Sam) -> str:
    """Take away what denies the emulator's plain HTTP; return the template without it."""
    sam("package", "--resolve-s3", "--output-template-file", os.devnull)  # makes SAM's bucket
    storage = sam.client("s3")
    for bucket in storage.list_buckets()["Buckets"]:
        if bucket["Name"].startswith("aws-sam-cli-managed-default-"):
            storage.delete_bucket_policy(Bucket=bucket["Name"])
    built = sam.project / ".aws-sam" / "build" / "template.yaml"
    template = parse(built.read_text(encoding="utf-8"))
    del template["Resources"]["QueuesOverTlsOnly"]
    plain = built.with_name("plain.json")
    plain.write_text(json.dumps(template))
    return str(plain)


def operate(command: Forked, operator: Sam) -> None:
    """Go through a dead letter's life, and all that an operator looks at."""
    resources = operator.resources(STACK)
    low = replace(LETTER, id="1" * 64, priority="low")
    for one in (*(replace(LETTER, recipient={"external_user_id": who}) for who in "122"), low):
        operator.client("sqs").send_message(
            QueueUrl=resources["DeadLetterQueue"],
            MessageBody=message.encode(one),
            MessageAttributes={"reason": {"DataType": "String", "StringValue": "horizon"}},
        )
    name = "braze-relay-policies-LowPriorityQueue-of-an-update-that-was-rolled-back"
    orphan = operator.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    operator.client("sqs").send_message(QueueUrl=orphan, MessageBody=message.encode(low))
    for words in OPERATED:
        done = relay(command, operator, *words.format(orphan=orphan).split())
        told = done.stdout + done.stderr
        assert not re.search("AccessDenied|not authorized|Traceback|cannot|given back", told), told
        # Nothing was ever claimed, and there is nothing to try.
        assert done.returncode == words.startswith(("trace", "smoke")), told


def look_again(
    deployer: Sam, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Read what `relay deploy` reads of a stack that exists, before it builds and deploys."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name, value in deployer.aws().items():
        monkeypatch.setenv(name, value)
    seen = look("default", ["--stack-name", STACK])
    assert seen.deployed
    assert seen.topic
    assert "cannot be read" not in capsys.readouterr().err
    function = seen.deployed.resources["IngestFunction"]
    assert client("lambda").get_function(FunctionName=function)["Code"]["Location"]
    monkeypatch.undo()


def test_the_policies_suffice_and_without_them_nothing_goes(
    sam: Sam,
    command: Forked,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stranger = replace(sam, credentials=user(sam, "stranger"))
    with pytest.raises(AssertionError, match=r"AccessDenied|not authorized"):
        stranger.deploy("--stack-name", STACK)
    denied = relay(command, stranger, "doctor")
    assert "AccessDenied" in denied.stderr
    assert "Traceback" not in denied.stderr

    deployer = replace(sam, credentials=user(sam, "deployer"))
    config = str(sam.project / "samconfig.toml")
    given = ("--template-file", without_tls(sam), "--config-file", config)
    deployer.deploy("--stack-name", STACK, *given)
    look_again(deployer, monkeypatch, capsys)

    denied = relay(command, stranger, "secrets", "set", "--source", "shopify", *RULES)
    assert "AccessDenied" in denied.stderr
    operator = replace(sam, credentials=user(sam, "operator"))
    done = relay(command, operator, "secrets", "set", "--source", "shopify", *RULES)
    assert done.returncode == 0, done.stdout + done.stderr
    findings = json.loads(relay(command, operator, "doctor", "--json", *RULES).stdout)
    assert findings, "accounts has no secret yet"
    assert "cannot be checked" not in json.dumps(findings)
    operate(command, operator)
    sam("delete", "--no-prompts", "--stack-name", STACK)
