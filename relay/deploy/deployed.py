"""The stack as it is deployed before an update, and what CloudFormation refuses in its state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from relay.stacks.cloudformation import client, is_missing, resources
from relay.stacks.selection import ChosenStack

_UNMADE: Final = "REVIEW_IN_PROGRESS"  # of a stack whose first change set was never executed
_FAILED_FIRST: Final = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
_STUCK: Final = ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED")
SAM: Final = ".venvs/sam/bin/sam"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack of CloudFormation: `resources` are its physical ids by logical id."""

    id: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    resources: Mapping[str, str]


def deployed(stack_name: str) -> Deployed | None:
    """Return a stack; None where none was made yet. Raise botocore's errors."""
    try:
        (found,) = client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    if found["StackStatus"] == _UNMADE:
        return None
    return Deployed(
        found["StackId"],
        found["StackStatus"],
        {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])},
        {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        resources(stack_name),
    )


def hindrance(status: str, stack: ChosenStack) -> str:
    """Return why CloudFormation updates no stack of this status, and what to do; empty if it does.

    Pure.
    """
    name = stack.stack_name
    if status in _FAILED_FIRST:
        return (
            f"{name} was never made whole ({status}), and such a stack cannot be updated: delete"
            f" it ({SAM} delete --stack-name {name}), with what it keeps (docs/deploy.md,"
            f' "Deleting"), then {stack.deploy}'
        )
    if status in _STUCK:
        return (
            f"{name} is stuck between two releases ({status}): aws cloudformation"
            f" continue-update-rollback --stack-name {name}, and once that has ended {stack.deploy}"
        )
    if status.endswith("_IN_PROGRESS") and status != _UNMADE:
        return (
            f"{name} is being changed by another deployment ({status}): wait for its end (aws"
            f" cloudformation describe-stack-events --stack-name {name}), then {stack.deploy}"
        )
    return ""
