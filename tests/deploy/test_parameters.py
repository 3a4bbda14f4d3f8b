"""What the parameters refuse, and what the optional ones add."""

import json
from typing import Any

import pytest

from tests.deploy.conftest import Sam

STACK = "braze-relay-optional"
BRAZE = "Stage=prod BrazeEndpoint=https://rest.iad-01.braze.com"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    "parameters, words",
    [
        ("Stage=prod BrazeEndpoint=https://rest.example.com", "AllowOtherBrazeHost"),
        ("Stage=prod BrazeEndpoint=http://127.0.0.1:8080", "AllowOtherBrazeHost"),
        ("Stage=prod BrazeEndpoint=rest.iad-01.braze.com", "such as https://rest.iad-01.braze.com"),
        (f"{BRAZE} DomainName=webhooks.example.com", "CertificateArn"),
        (f"{BRAZE} CertificateArn={CERTIFICATE}", "DomainName"),
        (f"{BRAZE} WatchedRule1=order-confirmation", "SOURCE/RULE"),
        (f"{BRAZE} KmsKeyArn=alias/mine", "ARN of a KMS key"),
        (f"{BRAZE} AlarmEmail=somebody", "e-mail address"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_it_should_be(
    sam: Sam, parameters: str, words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        sam.deploy("--stack-name", STACK, "--parameter-overrides", parameters)


def test_another_host_is_taken_where_that_is_said_and_only_over_tls(sam: Sam) -> None:
    given = "Stage=prod AllowOtherBrazeHost=true BrazeEndpoint=https://rest.example.com"
    changes = ("--no-execute-changeset", "--stack-name", STACK, "--parameter-overrides")
    sam.deploy(*changes, given)


@pytest.fixture(scope="module")
def optional(sam: Sam) -> dict[str, str]:
    """Deploy with a domain, a key and a watched rule; return the stack's physical ids."""
    key = sam.client("kms").create_key()["KeyMetadata"]["Arn"]
    given = f"{BRAZE} Architecture=arm64 DomainName=webhooks.example.com KmsKeyArn={key}"
    given += f" CertificateArn={CERTIFICATE} WatchedRule1=shopify/order-confirmation"
    sam.deploy("--stack-name", STACK, "--parameter-overrides", given)
    return sam.resources(STACK) | {"key": key}


def test_a_domain_of_ones_own_is_where_senders_post_to(sam: Sam, optional: dict[str, str]) -> None:
    found = sam.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}
    assert outputs["WebhookUrl"] == "https://webhooks.example.com/webhooks/SOURCE"
    domain = sam.client("apigatewayv2").get_domain_name(DomainName="webhooks.example.com")
    (configuration,) = domain["DomainNameConfigurations"]
    assert outputs["DomainTarget"] == configuration["ApiGatewayDomainName"]
    (mapping,) = sam.client("apigatewayv2").get_api_mappings(DomainName="webhooks.example.com")[
        "Items"
    ]
    assert (mapping["ApiId"], mapping["Stage"]) == (optional["Api"], "$default")


def test_a_key_of_ones_own_encrypts_secrets_and_logs_and_the_functions_may_use_it(
    sam: Sam, optional: dict[str, str]
) -> None:
    key = optional["key"]
    manager = sam.client("secretsmanager")
    for secret in ("SigningSecrets", "BrazeKeys"):
        assert manager.describe_secret(SecretId=optional[secret])["KmsKeyId"] == key
    logs = sam.client("logs")
    for group in ("ApiLogGroup", "IngestLogGroup", "DeliverLogGroup"):
        (found,) = logs.describe_log_groups(logGroupNamePrefix=optional[group])["logGroups"]
        assert found.get("kmsKeyId") == key, found
    for role in ("IngestRole", "DeliverRole"):
        assert key in json.dumps(policies(sam, optional[role]))


def policies(sam: Sam, role: str) -> list[Any]:
    iam = sam.client("iam")
    return [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
