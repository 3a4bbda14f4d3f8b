"""Parameters that the template itself refuses, before anything is created."""

import json

import pytest
from botocore.exceptions import ClientError

from relay.local.deploy import for_emulator
from relay.paths import TEMPLATE
from relay.stacks.template import parse
from tests.e2e.harness import Relay


@pytest.mark.parametrize(
    "stage, endpoint",
    [
        ("prod", "http://127.0.0.1:9000"),
        ("dev", "https://rest.iad-09.braze.com"),
        ("local", "http://localhost:9000"),
        ("local", "http://127.0.0.1:9000/path"),
        ("prod", "https://rest.iad-01.braze.com.example.com"),
    ],
)
def test_an_endpoint_that_is_not_brazes_does_not_deploy(
    relay: Relay, stage: str, endpoint: str
) -> None:
    formation = relay.local.stack.client("cloudformation")
    parameters = {"Stage": stage, "BrazeEndpoint": endpoint}
    template = for_emulator(parse(TEMPLATE.read_text(encoding="utf-8")), parameters)
    with pytest.raises(ClientError, match="Braze") as refused:
        formation.create_stack(
            StackName="other",
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
    assert refused.value.response["Error"]["Code"] == "ValidationError"
