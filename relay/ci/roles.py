"""The CloudFormation template of the two roles that a forge deploys a stage with.

The forge assumes one by OIDC: it may call CloudFormation, upload packages, and pass the other.
CloudFormation alone assumes that one, and does with it what `docs/policies/deployer.json` allows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from relay.paths import PROJECT

DEPLOYER: Final = PROJECT / "docs" / "policies" / "deployer.json"
AUDIENCE: Final = "sts.amazonaws.com"
_OURS: Final = "braze-relay-*"
_BUCKET: Final = "arn:aws:s3:::aws-sam-cli-managed-default-*"  # AWS SAM guide, "sam deploy"
_BUCKET_STACK: Final = "arn:aws:cloudformation:*:*:stack/aws-sam-cli-managed-default/*"
_HEAD: Final = """\
# The roles that {forge} deploys a stage with. Made by `relay ci init`; see docs/deploy.md.
# Deploy it once for each stage, under a name that does not begin with that of the relay's stack:
# no deployment can then change the roles that it is made with.
"""


@dataclass(frozen=True, slots=True)
class Forge:
    """A forge as an identity provider: its host, and the subject of a job that may deploy."""

    name: str
    host: str
    subject: str


# The environment's own rules say which branches deploy, and who approves.
GITHUB: Final = Forge(
    "GitHub", "token.actions.githubusercontent.com", "repo:${Repository}:environment:${Stage}"
)


def gitlab(host: str) -> Forge:
    """Return a GitLab: its tokens name the branch, and no environment."""
    return Forge("GitLab", host, "project_path:${Repository}:ref_type:branch:ref:main")


def roles(forge: Forge, repository: str) -> str:
    """Return the template, as YAML; an empty repository is asked for when it is deployed."""
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Roles that {forge.name} deploys a stage of the webhook relay with",
        "Parameters": _parameters(forge, repository),
        "Conditions": {"MakesProvider": {"Fn::Equals": [{"Ref": "ProviderArn"}, ""]}},
        "Resources": {
            "Provider": _provider(forge),
            "DeployRole": _deploy_role(forge),
            "ServiceRole": _service_role(),
        },
        "Outputs": {
            "DeployRole": {"Value": {"Fn::GetAtt": ["DeployRole", "Arn"]}},
            "ServiceRole": {"Value": {"Fn::GetAtt": ["ServiceRole", "Arn"]}},
            "ProviderArn": {"Value": _provider_arn()},
        },
    }
    written: str = yaml.safe_dump(document, sort_keys=False, width=100)
    return _HEAD.format(forge=forge.name) + written


def _parameters(forge: Forge, repository: str) -> dict[str, Any]:
    named = {"Default": repository} if repository else {}
    stage = {"Stage": {"Type": "String", "AllowedPattern": "[A-Za-z0-9_-]+"}}
    return {
        "Repository": {
            "Type": "String",
            "Description": "OWNER/NAME as the forge spells it; nothing of it is a wildcard",
            "AllowedPattern": "[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+",
            **named,
        },
        **(stage if "${Stage}" in forge.subject else {}),
        "StackName": {
            "Type": "String",
            "Description": "The stack of this stage, as samconfig.toml names it",
            "AllowedPattern": "[A-Za-z][A-Za-z0-9-]*",
        },
        "ProviderArn": {
            "Type": "String",
            "Default": "",
            "Description": "The forge's identity provider; left empty, it is made",
        },
    }


def _provider(forge: Forge) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::OIDCProvider",
        "Condition": "MakesProvider",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"Url": f"https://{forge.host}", "ClientIdList": [AUDIENCE]},
    }


def _provider_arn() -> dict[str, Any]:
    return {
        "Fn::If": [
            "MakesProvider",
            {"Fn::GetAtt": ["Provider", "Arn"]},
            {"Ref": "ProviderArn"},
        ]
    }


def _deploy_role(forge: Forge) -> dict[str, Any]:
    is_this = {f"{forge.host}:aud": AUDIENCE, f"{forge.host}:sub": _sub(forge.subject)}
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": _provider_arn()},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": is_this},
    }
    return _role(trust, [*_stack(), *_upload(), _pass_service_role()])


def _service_role() -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    package = {
        "Sid": "Package",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": f"{_BUCKET}/*",
    }
    of_service = (_of_service(one) for one in _deployers() if _is_service(one))
    # cfn-lint's list of actions lacks some that its own copy of the registry asks for.
    known = {"cfn-lint": {"config": {"ignore_checks": ["W3037"]}}}
    return {**_role(trust, [package, *of_service]), "Metadata": known}


def _role(trust: Mapping[str, Any], statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "deployment", "PolicyDocument": policy}],
        },
    }


def _stack() -> list[dict[str, Any]]:
    """Return what the forge does itself, besides `_upload`: not to delete the stack."""
    own = [one for one in _deployers() if not _is_service(one) and one["Sid"] != "Package"]
    return [_kept(one) if one["Sid"] == "Stack" else _for_stack(one) for one in own]


def _kept(stack: Mapping[str, Any]) -> dict[str, Any]:
    actions = [one for one in stack["Action"] if one != "cloudformation:DeleteStack"]
    transform = [one for one in stack["Resource"] if ":transform/" in one]
    own = _sub("arn:aws:cloudformation:*:${AWS::AccountId}:stack/${StackName}/*")
    return {**stack, "Action": actions, "Resource": [own, *transform]}


def _upload() -> list[dict[str, Any]]:
    """Return what SAM needs of its bucket, which the first deployment by hand has made."""
    in_account = {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}
    return [
        {
            "Sid": "Bucket",
            "Effect": "Allow",
            "Action": ["cloudformation:DescribeStacks"],
            "Resource": _BUCKET_STACK,
        },
        {
            "Sid": "Package",
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
            "Resource": [_BUCKET, f"{_BUCKET}/*"],
            "Condition": in_account,
        },
    ]


def _pass_service_role() -> dict[str, Any]:
    to = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    return {
        "Sid": "PassServiceRole",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": {"Fn::GetAtt": ["ServiceRole", "Arn"]},
        "Condition": to,
    }


def _deployers() -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = json.loads(Path(DEPLOYER).read_text("utf-8"))["Statement"]
    return statements


def _is_service(statement: Mapping[str, Any]) -> bool:
    """Return whether CloudFormation does this, not who deploys."""
    return "Condition" in statement


def _of_service(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return a statement for this one stack, as CloudFormation's own.

    `aws:CalledVia` is not set where a service role calls (IAM guide, "Global condition keys").
    """
    given = statement["Condition"].items()
    condition = {operator: keys for operator, keys in given if "aws:CalledVia" not in keys}
    found = _for_stack(statement)
    del found["Condition"]
    return {**found, "Condition": condition} if condition else found


def _for_stack(statement: Mapping[str, Any]) -> dict[str, Any]:
    given = statement["Resource"]
    resources = [given] if isinstance(given, str) else given
    return {**statement, "Resource": [_of_stack(one) for one in resources]}


def _of_stack(resource: str) -> Any:
    own = resource.replace(_OURS, "${StackName}-*")
    return resource if own == resource else _sub(own)


def _sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}
