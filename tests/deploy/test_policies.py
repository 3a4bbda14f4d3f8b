"""docs/policies is enough for `sam deploy` and for the commands, as far as the emulator checks.

It checks every call of a user; what CloudFormation does in the user's name it does not, so that
part is compared with AWS's own registry elsewhere.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from relay.paths import PROJECT
from tests.deploy.conftest import Credentials, Sam

STACK = "braze-relay-policies"
RULES = ("--rules", str(PROJECT / "tests" / "rules"))


def user(sam: Sam, name: str) -> Credentials:
    """Create a user who may do what the policy of that name says; return its keys."""
    iam = sam.client("iam")
    iam.create_user(UserName=name)
    policy = PROJECT / "docs" / "policies" / f"{name}.json"
    if policy.exists():
        document = policy.read_text(encoding="utf-8")
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def relay(sam: Sam, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("relay"), *arguments, "--stack-name", STACK],
        env={"PATH": os.environ["PATH"]} | sam.aws(),
        input="canary-secret\n",
        capture_output=True,
        text=True,
        check=False,
    )


def without_tls(sam: Sam) -> str:
    """Take away what denies the emulator's plain HTTP; return the template without it."""
    sam("package", "--resolve-s3", "--output-template-file", os.devnull)  # makes SAM's bucket
    storage = sam.client("s3")
    for bucket in storage.list_buckets()["Buckets"]:
        if bucket["Name"].startswith("aws-sam-cli-managed-default-"):
            storage.delete_bucket_policy(Bucket=bucket["Name"])
    built = sam.project / ".aws-sam" / "build" / "template.yaml"
    template = yaml_parse(built.read_text(encoding="utf-8"))
    del template["Resources"]["QueuesOverTlsOnly"]
    plain = built.with_name("plain.json")
    plain.write_text(json.dumps(template))
    return str(plain)


def test_the_policies_suffice_and_without_them_nothing_goes(sam: Sam) -> None:
    stranger = replace(sam, credentials=user(sam, "stranger"))
    with pytest.raises(AssertionError, match=r"AccessDenied|not authorized"):
        stranger.deploy("--stack-name", STACK)
    denied = relay(stranger, "doctor")
    assert "AccessDenied" in denied.stderr
    assert "Traceback" not in denied.stderr

    deployer = replace(sam, credentials=user(sam, "deployer"))
    config = str(sam.project / "samconfig.toml")
    given = ("--template-file", without_tls(sam), "--config-file", config)
    deployer.deploy("--stack-name", STACK, *given)

    denied = relay(stranger, "secrets", "set", "--source", "shopify", *RULES)
    assert "AccessDenied" in denied.stderr
    operator = replace(sam, credentials=user(sam, "operator"))
    done = relay(operator, "secrets", "set", "--source", "shopify", *RULES)
    assert done.returncode == 0, done.stdout + done.stderr
    findings = json.loads(relay(operator, "doctor", "--json", *RULES).stdout)
    assert findings, "accounts has no secret yet"
    assert "cannot be checked" not in json.dumps(findings)
    sam("delete", "--no-prompts", "--stack-name", STACK)
