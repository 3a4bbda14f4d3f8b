"""docs/policies: what whoever deploys needs, by AWS's own account of each resource type.

CloudFormation's registry says which permissions each type of resource takes to be created, read,
updated and deleted; cfn-lint carries a copy of it.
"""

import json
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from relay.paths import PROJECT
from tests.translated import translated

SPEC = find_spec("cfnlint")  # found and not imported: that takes a second
assert SPEC is not None
assert SPEC.origin is not None
SCHEMAS = Path(SPEC.origin).parent / "data" / "schemas"
POLICIES = PROJECT / "docs" / "policies"
MANAGED_POLICY_CHARACTERS = 6_144  # IAM user guide, "IAM and AWS STS quotas"; blanks do not count

# What a type of resource may take, and this template never asks of it.
UNASKED = {
    "a table in many regions, imported, or streamed": (
        *("dynamodb:*Replica", "dynamodb:*Import*", "dynamodb:*KinesisStreamingDestination"),
        *("dynamodb:*Item", "dynamodb:Scan", "dynamodb:Query", "kinesis:*"),
        "iam:CreateServiceLinkedRole",
    ),
    "a policy of the table's own": ("dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy"),
    "a function in a VPC, with a file system": ("ec2:*", "elasticfilesystem:*", "s3files:*"),
    "code signing, layers, versions, capacity": (
        *("lambda:*CodeSigningConfig", "lambda:GetLayerVersion", "lambda:PublishVersion"),
        *("lambda:PassCapacityProvider", "lambda:AssociateRuntimeAlias"),
    ),
    "managed policies and boundaries": ("iam:*Attach*", "iam:Detach*", "iam:*Boundary"),
    "a generated or replicated secret": ("secretsmanager:GetRandom*", "secretsmanager:*Region*"),
    "logs that are masked, indexed or sent elsewhere": (
        *("logs:*DataProtectionPolicy", "logs:PutIndexPolicy", "logs:DeleteIndexPolicy"),
        *("logs:*DeletionProtection", "logs:*BearerToken*", "logs:DeleteResourcePolicy"),
        *("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
        *("firehose:*", "s3:REST.PUT.OBJECT"),
    ),
    "a topic's data protection": ("sns:PutDataProtectionPolicy",),
    "a key by its alias": ("kms:ListAliases",),
    "an import from S3 that is not our package": ("s3:GetObjectMetadata",),
}
# What no type of resource takes, and SAM or AWS does; each with its page.
BESIDES = {
    # AWS SAM developer guide, "sam deploy": change sets, and a stack for the bucket it manages.
    "cloudformation:*": "sam deploy",
    "s3:*": "sam deploy",
    # API Gateway, "Configure logging for HTTP APIs": permissions to log to CloudWatch Logs.
    "logs:*LogDelivery": "access log",
    "logs:ListLogDeliveries": "access log",
}


def actions(policy: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for statement in policy["Statement"]:
        given = statement["Action"]
        found.update([given] if isinstance(given, str) else given)
    return found


@pytest.fixture(scope="module")
def needed() -> dict[str, str]:
    """Return each permission that a resource takes, with a type that takes it."""
    index = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    found = {}
    for kind in sorted({one["Type"] for one in translated()["Resources"].values()}):
        file = SCHEMAS / "resources" / f"{index[kind]}.json"
        handlers = json.loads(file.read_text(encoding="utf-8"))["handlers"]
        for verb in ("create", "read", "update", "delete"):
            found.update(dict.fromkeys(handlers.get(verb, {}).get("permissions", ()), kind))
    return {name.replace("s3:getObject", "s3:GetObject"): kind for name, kind in found.items()}


@pytest.fixture(scope="module")
def deployer() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((POLICIES / "deployer.json").read_text(encoding="utf-8"))
    return found


def is_among(name: str, patterns: Any) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def test_whoever_deploys_may_do_all_that_the_resources_take(
    needed: dict[str, str], deployer: dict[str, Any]
) -> None:
    unasked = [pattern for patterns in UNASKED.values() for pattern in patterns]
    missing = {
        name: kind
        for name, kind in needed.items()
        if name not in actions(deployer) and not is_among(name, unasked)
    }
    assert missing == {}
    assert [one for one in unasked if not any(fnmatchcase(name, one) for name in needed)] == []


def test_whoever_deploys_may_do_nothing_that_nobody_takes(
    needed: dict[str, str], deployer: dict[str, Any]
) -> None:
    assert {
        name for name in actions(deployer) - needed.keys() if not is_among(name, BESIDES)
    } == set()


# What `relay deploy` reads itself, before it builds and before it deploys.
READ = {"cloudwatch:DescribeAlarms", "lambda:GetFunction", "sns:ListSubscriptionsByTopic"}


def test_resources_are_made_through_cloudformation_only(deployer: dict[str, Any]) -> None:
    through = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    for statement in deployer["Statement"]:
        given = actions({"Statement": [statement]}) - (set() if "Condition" in statement else READ)
        services = {action.split(":")[0] for action in given}
        if services == {"iam"}:
            assert statement["Condition"] == to_lambda
        elif not services <= {"cloudformation", "s3"}:
            assert statement["Condition"] == through


@pytest.mark.parametrize("file", sorted(POLICIES.glob("*.json")), ids=lambda file: file.stem)
def test_a_policy_fits_into_a_managed_policy_and_is_tidy(file: Path) -> None:
    policy = json.loads(file.read_text(encoding="utf-8"))
    assert len(json.dumps(policy, separators=(",", ":"))) <= MANAGED_POLICY_CHARACTERS
    for statement in policy["Statement"]:
        given = statement["Action"]
        assert given == sorted(given)
