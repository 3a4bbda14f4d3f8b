"""botocore checks what the tests send, and not what the functions send: it is the same code."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ParamValidationError

from handler.aws.retry import QUICK
from handler.aws.secrets import BRIEF
from handler.ingest import _PATIENCE
from tests.handler.stage import Aws

WRONG = {"QueueUrl": "url", "MessageBody": 3}


def test_a_client_of_the_tests_refuses_a_wrong_parameter(aws: Aws) -> None:
    with pytest.raises(ParamValidationError):
        aws.client("sqs").send_message(**WRONG)


@pytest.mark.parametrize("config", [QUICK, BRIEF, _PATIENCE], ids=["quick", "brief", "patience"])
def test_a_client_of_the_functions_leaves_it_to_aws(aws: Aws, config: Config) -> None:
    session = boto3.Session("test", "test", region_name="us-east-1")
    client = session.client("sqs", endpoint_url=aws.endpoint, config=config)
    with pytest.raises(client.exceptions.ClientError):
        client.send_message(**WRONG)  # type: ignore[arg-type] # on purpose
