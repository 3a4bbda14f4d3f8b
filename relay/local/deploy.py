"""Deploys template.yaml into the emulator, and works around what the emulator lacks.

The product is not changed: the template is the one that `sam deploy` takes, and each difference is
named where it is made.
"""

import json
import time
from collections.abc import Mapping
from typing import Any, Final

from relay.paths import TEMPLATE
from relay.stacks.local import NAME, Stack, client
from relay.stacks.template import parse

_BUCKET: Final = "relay-artifacts"
_BATCHED: Final = ("sqs:SendMessage", "sqs:ChangeMessageVisibility")
_DEPLOY_SECONDS: Final = 60


def deploy(endpoint: str, packages: Mapping[str, bytes], parameters: Mapping[str, str]) -> Stack:
    """Create the stack from template.yaml, each function with its package, and return it."""
    storage = client(endpoint, "s3")
    storage.create_bucket(Bucket=_BUCKET)
    for function, content in packages.items():
        storage.put_object(Bucket=_BUCKET, Key=f"{function}.zip", Body=content)
    formation = client(endpoint, "cloudformation")
    template = parse(TEMPLATE.read_text())
    formation.create_stack(
        StackName=NAME,
        TemplateBody=json.dumps(for_emulator(template, parameters)),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    )
    stack = _deployed(endpoint, formation)
    import_routes(stack, template)
    return stack


def for_emulator(template: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the template with the changes that the emulator needs.

    The code comes from the emulator's S3, under a custom runtime (Amazon's client, not the
    emulator's). `MaximumConcurrency` becomes a number: from a parameter it stays text there, and
    stops every poller. The emulator asks for the IAM actions `sqs:...Batch`, which AWS does not
    have. It serves plain HTTP, which the policy of the queues denies.
    """
    del template["Resources"]["QueuesOverTlsOnly"]
    defaults = {name: one.get("Default") for name, one in template["Parameters"].items()}
    given = {**defaults, **parameters}
    template["Globals"]["Function"]["Runtime"] = "provided.al2023"
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://{_BUCKET}/{name}.zip"
            for event in resource["Properties"]["Events"].values():
                if event["Type"] == "SQS":
                    scaling = event["Properties"]["ScalingConfig"]
                    scaling["MaximumConcurrency"] = int(given[scaling["MaximumConcurrency"]["Ref"]])
        if resource["Type"] == "AWS::IAM::Role":
            _allow_batches(resource["Properties"]["Policies"])
    return template


def _allow_batches(policies: list[dict[str, Any]]) -> None:
    for policy in policies:
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement.get("Action", [])
            listed = [actions] if isinstance(actions, str) else actions
            more = [f"{one}Batch" for one in listed if one in _BATCHED]
            if more:
                statement["Action"] = [*listed, *more]


def _deployed(endpoint: str, formation: Any) -> Stack:
    deadline = time.monotonic() + _DEPLOY_SECONDS
    while (found := formation.describe_stacks(StackName=NAME)["Stacks"][0])["StackStatus"].endswith(
        "IN_PROGRESS"
    ):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the stack was not up in {_DEPLOY_SECONDS} s")
        time.sleep(0.05)
    if found["StackStatus"] != "CREATE_COMPLETE":
        raise RuntimeError(f"the stack did not deploy: {_reasons(formation) or found}")
    resources = formation.describe_stack_resources(StackName=NAME)["StackResources"]
    return Stack(
        endpoint=endpoint,
        outputs={output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]},
        resources={
            resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources
        },
    )


def _reasons(formation: Any) -> str:
    events = formation.describe_stack_events(StackName=NAME)["StackEvents"]
    return "; ".join(
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
    )


def import_routes(stack: Stack, template: Mapping[str, Any]) -> None:
    """Create the template's routes: the emulator ignores the OpenAPI body that SAM makes."""
    gateway, functions = stack.client("apigatewayv2"), stack.client("lambda")
    api = stack.resources["Api"]
    if gateway.get_routes(ApiId=api)["Items"]:
        return
    found = functions.get_function(FunctionName=stack.resources["IngestFunction"])
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=found["Configuration"]["FunctionArn"],
        PayloadFormatVersion="2.0",
    )
    for key in route_keys(template):
        target = f"integrations/{integration['IntegrationId']}"
        gateway.create_route(ApiId=api, RouteKey=key, Target=target)


def route_keys(template: Mapping[str, Any]) -> list[str]:
    """Return the keys of the ingest function's routes; one without a path is the catch-all."""
    events = template["Resources"]["IngestFunction"]["Properties"]["Events"].values()
    routes = [event["Properties"] for event in events if event["Type"] == "HttpApi"]
    return [f"{one['Method']} {one['Path']}" if "Path" in one else "$default" for one in routes]
