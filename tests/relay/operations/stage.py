"""A stack in the emulator, as the commands meet it: found by its name, through CloudFormation."""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import typer
from typer.testing import CliRunner, Result

from relay.operations import erase, pause, status, surge, tail, trace
from relay.stacks.local import client
from relay.stacks.selection import Operated

app = typer.Typer()
app.command("pause")(pause.pause)
app.command("resume")(pause.resume)
app.command("status")(status.status)
app.command("trace")(trace.trace)
app.command("tail")(tail.tail)
app.command("erase")(erase.erase)
app.add_typer(surge.app, name="surge")

ROOT = "arn:aws:iam::000000000000:root"  # who the emulator says that we are
RULES = {
    "shopify.yaml": """
verify: {preset: shopify}
rules:
  - name: order
    type: orders/create
    once: ${body.id}
    surge: 3/100d
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
  - name: welcome
    type: customers/create
    workspace: tea
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
""",
    "accounts.yaml": """
verify: {scheme: token, where: bearer}
rules: [{name: onboarding, type: '*', send: {campaign_id: c, recipients: [{email: u}]}}]
""",
    "workspaces.yaml": "coffee: {endpoint: 'https://rest.iad-01.braze.com'}\n",
}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Stage:
    """One stack, and a rules folder beside it."""

    stack: Operated
    rules: str

    def client(self, service: str) -> Any:
        assert self.stack.endpoint is not None
        return client(self.stack.endpoint, service)

    def run(self, *words: str, answer: str | None = None) -> Result:
        """Run a command for this stack; those that read rules get the folder."""
        chosen = ["--stack-name", self.stack.name, "--rules", self.rules]
        return CliRunner().invoke(app, [*words, *chosen], input=answer)

    def put(self, key: str, fields: Mapping[str, Any]) -> None:
        """Write an item of the ledger; text, numbers and objects of these, in DynamoDB's words."""
        item = {name: typed(value) for name, value in fields.items()}
        self.client("dynamodb").put_item(
            TableName=self.stack.outputs["LedgerTable"], Item={"pk": {"S": key}, **item}
        )

    def item(self, key: str) -> dict[str, Any]:
        """Return an item of the ledger in DynamoDB's own words."""
        answer = self.client("dynamodb").get_item(
            TableName=self.stack.outputs["LedgerTable"], Key={"pk": {"S": key}}
        )
        found: dict[str, Any] = answer.get("Item", {})
        found.pop("pk", None)
        return found

    def post(self, output: str, body: str, **attributes: str) -> None:
        """Put a message into one of the queues."""
        self.client("sqs").send_message(
            QueueUrl=self.stack.outputs[output],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def letters(self) -> list[str]:
        """Return the bodies of the dead letters that anybody could receive now."""
        url, found = self.stack.outputs["DeadLetterQueueUrl"], []
        while (
            messages := self.client("sqs")
            .receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60)
            .get("Messages")
        ):
            found += [message["Body"] for message in messages]
        return found

    def log(self, group: str, *entries: Mapping[str, Any], ago: float = 0) -> None:
        """Write lines to a log, so many seconds ago."""
        logs, name = self.client("logs"), self.physical(group)
        stream = uuid.uuid4().hex
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        at = int((time.time() - ago) * 1000)
        events = [
            {"timestamp": at + index, "message": json.dumps(entry)}
            for index, entry in enumerate(entries)
        ]
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)

    def physical(self, logical: str) -> str:
        """Return the physical id of a resource."""
        answer = self.client("cloudformation").describe_stack_resource(
            StackName=self.stack.name, LogicalResourceId=logical
        )
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])


def typed(value: Any) -> dict[str, Any]:
    """Return a Python value as DynamoDB words it."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, dict):
        return {"M": {name: typed(part) for name, part in value.items()}}
    if isinstance(value, list):
        return {"L": [typed(part) for part in value]}
    if isinstance(value, set):
        return {"SS": sorted(value)}
    return {"N": str(value)}


def make_stack(endpoint: str, *, indexes: bool = True) -> Operated:
    """Create a stack with the resources of a relay that the commands look at."""
    name = f"relay-{uuid.uuid4().hex[:12]}"
    formation = client(endpoint, "cloudformation")
    formation.create_stack(StackName=name, TemplateBody=json.dumps(_template(indexes=indexes)))
    while (found := formation.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith(
        "IN_PROGRESS"
    ):
        time.sleep(0.02)
    assert found["StackStatus"] == "CREATE_COMPLETE", found
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    return Operated(name, outputs, endpoint)


def _template(*, indexes: bool) -> dict[str, Any]:
    fields = ["pk", "event", "once"] if indexes else ["pk"]
    table: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": one, "AttributeType": "S"} for one in fields],
    }
    if indexes:
        table["GlobalSecondaryIndexes"] = [
            {
                "IndexName": f"by-{one}",
                "KeySchema": [{"AttributeName": one, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for one in fields[1:]
        ]
    alarm = {
        "AlarmDescription": "Somebody has to look.",
        "Namespace": "AWS/SQS",
        "MetricName": "NumberOfMessagesSent",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 1,
    }
    return {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "LowPriorityQueue": {"Type": "AWS::SQS::Queue"},
            "DeadLetterQueue": {"Type": "AWS::SQS::Queue"},
            "Ledger": {"Type": "AWS::DynamoDB::Table", "Properties": table},
            "IngestLogGroup": {"Type": "AWS::Logs::LogGroup"},
            "DeliverLogGroup": {"Type": "AWS::Logs::LogGroup"},
            "DeadLettersAlarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
            "QueueSlowAlarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
        },
        "Outputs": {
            "QueueUrl": {"Value": {"Ref": "Queue"}},
            "LowPriorityQueueUrl": {"Value": {"Ref": "LowPriorityQueue"}},
            "DeadLetterQueueUrl": {"Value": {"Ref": "DeadLetterQueue"}},
            "LedgerTable": {"Value": {"Ref": "Ledger"}},
        },
    }
