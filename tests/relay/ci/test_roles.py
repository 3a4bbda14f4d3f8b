"""The roles of a forge: who may assume them, what they may do, and that they are no wider."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml

from relay.ci.roles import DEPLOYER, GITHUB, gitlab, roles

FORGES = {"github": GITHUB, "gitlab": gitlab("gitlab.acme.example")}
HOST = "token.actions.githubusercontent.com"


def template(forge: str = "github") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(roles(FORGES[forge], "acme/relay"))
    return found


def role(name: str, forge: str = "github") -> dict[str, Any]:
    properties: dict[str, Any] = template(forge)["Resources"][name]["Properties"]
    return properties


def trust(name: str, forge: str = "github") -> dict[str, Any]:
    (statement,) = role(name, forge)["AssumeRolePolicyDocument"]["Statement"]
    found: dict[str, Any] = statement
    return found


def statements(name: str) -> list[dict[str, Any]]:
    (policy,) = role(name)["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def actions(name: str) -> set[str]:
    return {action for one in statements(name) for action in one["Action"]}


def test_the_forge_is_trusted_for_one_repository_environment_and_audience() -> None:
    assert trust("DeployRole")["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust("DeployRole")["Condition"] == {
        "StringEquals": {
            f"{HOST}:aud": "sts.amazonaws.com",
            f"{HOST}:sub": {"Fn::Sub": "repo:${Repository}:environment:${Stage}"},
        }
    }


def test_a_gitlab_is_trusted_for_one_project_its_main_branch_and_audience() -> None:
    assert trust("DeployRole", "gitlab")["Condition"] == {
        "StringEquals": {
            "gitlab.acme.example:aud": "sts.amazonaws.com",
            "gitlab.acme.example:sub": {
                "Fn::Sub": "project_path:${Repository}:ref_type:branch:ref:main"
            },
        }
    }


@pytest.mark.parametrize("forge", FORGES)
def test_no_condition_of_trust_holds_a_wildcard(forge: str) -> None:
    assert "*" not in json.dumps([trust(name, forge) for name in ("DeployRole", "ServiceRole")])
    parameters = template(forge)["Parameters"]
    for name in ("Repository", "StackName"):
        assert "*" not in parameters[name]["AllowedPattern"].replace(")*", "").replace("]*", "")
    assert parameters["Repository"]["Default"] == "acme/relay"
    assert "Default" not in yaml.safe_load(roles(FORGES[forge], ""))["Parameters"]["Repository"]


def test_the_forge_passes_one_role_and_to_cloudformation_alone() -> None:
    (passing,) = [one for one in statements("DeployRole") if "iam:PassRole" in one["Action"]]
    assert passing["Action"] == ["iam:PassRole"]
    assert passing["Resource"] == {"Fn::GetAtt": ["ServiceRole", "Arn"]}
    to = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    assert passing["Condition"] == to


def test_the_forge_calls_cloudformation_and_uploads_and_nothing_else() -> None:
    services = {action.partition(":")[0] for action in actions("DeployRole")}
    deployer = json.loads(DEPLOYER.read_text(encoding="utf-8"))["Statement"]
    itself = {action for one in deployer if "Condition" not in one for action in one["Action"]}
    assert services == {action.partition(":")[0] for action in itself} | {"iam"}
    assert actions("DeployRole") <= itself | {"iam:PassRole"}
    assert "cloudformation:DeleteStack" not in actions("DeployRole")
    changing = [one for one in statements("DeployRole") if one["Sid"] == "Stack"]
    stack = {"Fn::Sub": "arn:aws:cloudformation:*:${AWS::AccountId}:stack/${StackName}/*"}
    transform = "arn:aws:cloudformation:*:aws:transform/Serverless-2016-10-31"
    assert [one["Resource"] for one in changing] == [[stack, transform]]


def test_cloudformation_alone_may_do_what_the_deployer_may_through_it() -> None:
    assert trust("ServiceRole") == {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    deployer = json.loads(DEPLOYER.read_text(encoding="utf-8"))["Statement"]
    through = {action for one in deployer if "Condition" in one for action in one["Action"]}
    assert actions("ServiceRole") == through | {"s3:GetObject", "s3:GetObjectVersion"}
    # The key is not set where a service role calls: the statement would allow nothing.
    assert "aws:CalledVia" not in json.dumps(statements("ServiceRole"))
    assert "braze-relay-" not in json.dumps(statements("ServiceRole"))


def test_the_roles_are_out_of_their_own_reach() -> None:
    # CloudFormation names a role after its stack; docs/deploy.md names the roles' stack so.
    role = "arn:aws:iam::1:role/ci-braze-relay-dev-ServiceRole-A"
    (own,) = [one for one in statements("ServiceRole") if "iam:PutRolePolicy" in one["Action"]]
    reached = [one["Fn::Sub"] if isinstance(one, dict) else one for one in own["Resource"]]
    patterns = [one.replace("${StackName}", "braze-relay-dev") for one in reached]
    assert [one for one in patterns if fnmatchcase(role, one)] == []


def test_a_policy_fits_into_its_role() -> None:
    for name in ("DeployRole", "ServiceRole"):
        size = len(json.dumps(statements(name), separators=(",", ":")))
        assert size < 10_240  # IAM user guide, "IAM and AWS STS quotas": all inline policies
