"""Parameters of the template: values that are refused, and resources that the optional ones add."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.conftest import Sam

STACK = "braze-relay-optional"
BRAZE = "Stage=prod BrazeEndpoint=https://rest.iad-01.braze.com"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/11111111-2222-3333-4444-555555555555"


ELSEWHERE = "Stage=prod AllowOtherBrazeHost=true BrazeEndpoint=https://rest.example.com"


@pytest.fixture(scope="module")
def packaged(sam: Sam) -> Path:
    """Let SAM upload the package once; return the template that it gives to CloudFormation."""
    file = sam.project / "packaged.yaml"
    sam("package", "--resolve-s3", "--output-template-file", str(file))
    return file


def given(parameters: str) -> list[dict[str, str]]:
    pairs = [one.split("=", 1) for one in parameters.split()]
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in pairs]


def change_set(sam: Sam, packaged: Path, parameters: str) -> str:
    """Have CloudFormation check the template with parameters, as SAM does; return the status."""
    formation, name = sam.client("cloudformation"), f"checks-{uuid.uuid4().hex}"
    chosen = {"StackName": name, "ChangeSetName": name}
    formation.create_change_set(
        **chosen,
        ChangeSetType="CREATE",
        TemplateBody=packaged.read_text(encoding="utf-8"),
        Parameters=given(parameters),
        Capabilities=["CAPABILITY_IAM"],
    )
    return str(formation.describe_change_set(**chosen)["Status"])


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
    sam: Sam, packaged: Path, parameters: str, words: str
) -> None:
    with pytest.raises(ClientError, match=words):
        change_set(sam, packaged, parameters)


def test_sam_shows_what_a_parameter_should_be(sam: Sam) -> None:
    wrong = "Stage=prod BrazeEndpoint=rest.iad-01.braze.com"
    with pytest.raises(AssertionError, match=r"such as https://rest\.iad-01\.braze\.com"):
        sam.deploy("--stack-name", STACK, "--parameter-overrides", wrong)


@pytest.mark.parametrize("parameters", [BRAZE, ELSEWHERE])
def test_a_host_is_taken_that_is_on_the_list_and_another_where_that_is_said(
    sam: Sam, packaged: Path, parameters: str
) -> None:
    assert change_set(sam, packaged, parameters) == "CREATE_COMPLETE"


def test_another_host_is_taken_only_over_tls(sam: Sam, packaged: Path) -> None:
    with pytest.raises(ClientError, match="BrazeEndpoint"):
        change_set(sam, packaged, ELSEWHERE.replace("https:", "http:"))


@pytest.fixture(scope="module")
def optional(sam: Sam, packaged: Path) -> dict[str, str]:
    """Deploy with a domain, a key and a watched rule; return the stack's physical ids."""
    key = sam.client("kms").create_key()["KeyMetadata"]["Arn"]
    parameters = f"{BRAZE} Architecture=arm64 DomainName=webhooks.example.com KmsKeyArn={key}"
    parameters += f" CertificateArn={CERTIFICATE} WatchedRule1=shopify/order-confirmation"
    template = ("--template-file", str(packaged), "--stack-name", STACK)
    sam.deploy(*template, "--parameter-overrides", parameters)
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
