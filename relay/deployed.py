"""A stack in an AWS account (or in the emulator, by AWS_ENDPOINT_URL), found by its name."""

import tomllib
from typing import Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from relay.paths import PROJECT


def default_stack_name(config_env: str = "default") -> str:
    """Return the stack name that `sam deploy` takes from samconfig.toml."""
    config = tomllib.loads((PROJECT / "samconfig.toml").read_text(encoding="utf-8"))
    return str(config[config_env]["global"]["parameters"]["stack_name"])


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
