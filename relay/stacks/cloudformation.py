"""A stack in an AWS account (or in the emulator, by AWS_ENDPOINT_URL), by its name."""

import os
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_NO_CREDENTIALS = "no AWS credentials in the environment: `aws sts get-caller-identity` must work"
_NO_REGION = "no AWS region: set AWS_DEFAULT_REGION, or `region` in your AWS profile"
_NOT_READ = "; boto3 does not read AWS_REGION"


def outputs(stack_name: str, *needed: str) -> dict[str, str]:
    """Return a stack's outputs; end the command with a message where one of `needed` is missing."""
    given = _described(stack_name).get("Outputs", [])
    found = {one["OutputKey"]: one["OutputValue"] for one in given}
    if not found.keys() >= set(needed):
        raise typer.BadParameter(f"{stack_name} is no stack of this relay")
    return found


def parameters(stack_name: str) -> dict[str, str]:
    """Return a stack's parameters; end the command with a message where there is no stack."""
    found = _described(stack_name).get("Parameters", [])
    return {one["ParameterKey"]: one["ParameterValue"] for one in found}


def stage_of(stack_name: str) -> str:
    """Return the stage whose `vars` a stack's rules use."""
    given = parameters(stack_name)
    return given.get("RulesStage") or given["Stage"]


def _described(stack_name: str) -> dict[str, Any]:
    from botocore import exceptions as aws  # noqa: PLC0415 - as boto3 below

    try:
        formation = client("cloudformation")
        found: dict[str, Any] = formation.describe_stacks(StackName=stack_name)["Stacks"][0]
    except aws.NoCredentialsError:
        problem = _NO_CREDENTIALS
    except aws.NoRegionError:
        problem = _NO_REGION + (_NOT_READ if "AWS_REGION" in os.environ else "")
    except aws.ClientError as error:
        problem = f"{stack_name}: {error}"
        if is_missing(error):
            nowhere = f"there is no stack {stack_name} in {formation.meta.region_name}"
            problem = f"{nowhere}: make deploy first, or give --stack-name"
    except aws.BotoCoreError as error:
        problem = f"{stack_name}: {error}"
    else:
        return found
    raise typer.BadParameter(problem)


def is_missing(error: "ClientError") -> bool:
    """Return whether an error of CloudFormation says that the stack does not exist."""
    return "does not exist" in error.response["Error"].get("Message", "")


def client(service: str) -> Any:
    """Return a boto3 client with the operator's own AWS configuration."""
    import boto3  # noqa: PLC0415 - 0.2 s, which few commands need

    return boto3.client(service)  # type: ignore[call-overload] # a name known only at run time
