"""A stack of which the commands see the outputs only, in the emulator."""

import json
import time
import uuid
from typing import Any, Final

from relay.stacks.local import client
from tests.relay.dead_letters.desk import Desk

_TEMPLATE: Final[dict[str, Any]] = {
    "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Low": {"Type": "AWS::SQS::Queue"},
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Ledger": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            },
        },
    },
    "Outputs": {
        "QueueUrl": {"Value": {"Ref": "Queue"}},
        "LowPriorityQueueUrl": {"Value": {"Ref": "Low"}},
        "DeadLetterQueueUrl": {"Value": {"Ref": "Dead"}},
        "LedgerTable": {"Value": {"Ref": "Ledger"}},
    },
}


def environment(endpoint: str) -> dict[str, str]:
    """Return the environment of a user whose AWS account is the emulator."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def make_stack(endpoint: str) -> Desk:
    name, formation = f"relay-{uuid.uuid4().hex[:8]}", client(endpoint, "cloudformation")
    formation.create_stack(StackName=name, TemplateBody=json.dumps(_TEMPLATE))
    deadline = time.monotonic() + 30
    while True:
        (found,) = formation.describe_stacks(StackName=name)["Stacks"]
        if found["StackStatus"] == "CREATE_COMPLETE":
            outputs = {it["OutputKey"]: it["OutputValue"] for it in found["Outputs"]}
            return Desk(endpoint, name, outputs)
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
