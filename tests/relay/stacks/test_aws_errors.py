"""What AWS and its configuration refuse is said with what to set or to run."""

import boto3
import pytest
from botocore import exceptions as aws

from relay.stacks import cloudformation
from relay.stacks import samconfig as config_module
from relay.stacks.aws_errors import denied, in_words
from relay.stacks.selection import chosen

ARN = "arn:aws:cloudformation:eu-west-1:123456789012:stack/braze-relay-dev/*"
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/deployer/somebody@example.com is not authorized"
    f" to perform: cloudformation:DescribeStacks on resource: {ARN} because no identity-based"
    " policy allows it"
)


def answered(code: str, message: str = "no") -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    "error, words",
    [
        (aws.NoCredentialsError(), ["AWS_PROFILE", "aws configure sso"]),
        (aws.ProfileNotFound(profile="shop"), ["(shop)", "aws configure list-profiles"]),
        (aws.UnauthorizedSSOTokenError(), ["has ended: aws sso login --profile shop"]),
        (aws.SSOTokenLoadError(error_msg="x"), ["aws sso login --profile shop"]),
        (
            aws.TokenRetrievalError(provider="sso", error_msg="Token has expired"),
            ["aws sso login --profile shop"],
        ),
        (aws.LoginRefreshRequired(), ["aws login --profile shop"]),
        (aws.EndpointConnectionError(endpoint_url="https://sts.eu-west1.x"), ["no such region"]),
        (answered("ExpiredToken"), ["have expired: aws sso login --profile shop"]),
        (answered("InvalidClientTokenId"), ["does not know these credentials"]),
        (answered("Throttling", "Rate exceeded"), ["Rate exceeded"]),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_what_is_wrong_is_said_with_what_to_do(error: Exception, words: list[str]) -> None:
    said = in_words(error, "shop", {})
    assert all(one in said for one in words), said


def test_a_region_that_boto3_does_not_read_is_said() -> None:
    assert "AWS_DEFAULT_REGION" in in_words(aws.NoRegionError(), "shop", {})
    said = in_words(aws.NoRegionError(), "shop", {"AWS_REGION": "eu-west-1"})
    assert said.endswith("boto3 does not read AWS_REGION")


def test_a_missing_permission_is_named_and_nobodys_address_is() -> None:
    said = in_words(answered("AccessDenied", DENIED), "shop", {})
    assert f"may not do cloudformation:DescribeStacks on {ARN}" in said
    assert "What you may have to be allowed" in said
    assert "somebody@example.com" not in said
    assert denied("Rate exceeded") == ""


def test_the_region_of_samconfig_is_that_of_all_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    text = '[default.deploy.parameters]\nstack_name = "relay-x"\nregion = "eu-west-1"\n'
    monkeypatch.setattr(config_module, "_text", lambda: text)
    for by in ((None, None), ("relay-x", None)):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        assert chosen(*by).stack_name == "relay-x"
        assert cloudformation.client("sts").meta.region_name == "eu-west-1"
