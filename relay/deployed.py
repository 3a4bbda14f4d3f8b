"""A stack in an AWS account (or in the emulator, by AWS_ENDPOINT_URL), found by its name."""

from typing import Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from relay.samconfig import deployment


def default_stack_name() -> str:
    """Return the name of the stack that `sam deploy` without flags deploys."""
    return deployment().stack_name


def outputs(stack_name: str) -> dict[str, str]:
    """Return a stack's outputs; end the command with a clear word where there are none."""
    try:
        found = client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
    except (ClientError, BotoCoreError) as error:
        raise typer.BadParameter(f"{stack_name}: {error}", param_hint="--stack-name") from None
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}


def client(service: str) -> Any:
    """Return a boto3 client with the user's own AWS configuration."""
    return boto3.client(service)  # type: ignore[call-overload] # a name known only at run time
