"""A stack in an AWS account (or in the emulator, by AWS_ENDPOINT_URL), by its name."""

import os
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


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
    except (aws.ClientError, aws.BotoCoreError) as error:
        problem = _in_words(stack_name, error)
    else:
        return found
    raise typer.BadParameter(problem)


def _in_words(stack_name: str, error: Exception) -> str:
    from botocore import exceptions as aws  # noqa: PLC0415 - as boto3 below

    from relay.stacks.aws_errors import in_words  # noqa: PLC0415 - it imports botocore

    if isinstance(error, aws.ClientError) and is_missing(error):
        nowhere = f"there is no stack {stack_name} in {client('cloudformation').meta.region_name}"
        return f"{nowhere}: make deploy first, or give --stack-name"
    said = in_words(error, profile())
    known = isinstance(error, aws.NoCredentialsError | aws.NoRegionError)
    return said if known else f"{stack_name}: {said}"


def resources(stack_name: str) -> dict[str, str]:
    """Return the physical ids of a stack's resources by logical id; raise botocore's errors."""
    pages = (
        client("cloudformation")
        .get_paginator("list_stack_resources")
        .paginate(StackName=stack_name)
    )
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for page in pages
        for one in page["StackResourceSummaries"]
        if "PhysicalResourceId" in one
    }


def is_missing(error: "ClientError") -> bool:
    """Return whether an error of CloudFormation says that the stack does not exist."""
    return "does not exist" in error.response["Error"].get("Message", "")


def use(region: str | None, profile: str | None) -> None:
    """Have all clients use a region and a profile, as SAM does where samconfig.toml has them."""
    if region or profile:
        import boto3  # noqa: PLC0415 - as below

        boto3.setup_default_session(region_name=region, profile_name=profile)


def profile() -> str:
    """Return the name of the AWS profile that is used."""
    import boto3  # noqa: PLC0415 - as below

    session = boto3.DEFAULT_SESSION
    return session.profile_name if session else os.environ.get("AWS_PROFILE") or "default"


def client(service: str) -> Any:
    """Return a boto3 client with the operator's own AWS configuration."""
    import boto3  # noqa: PLC0415 - 0.2 s, which few commands need

    return boto3.client(service)  # type: ignore[call-overload] # a name known only at run time
