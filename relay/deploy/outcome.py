"""Report on a deployment that failed, by the stack's events, with what to do. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from relay.deploy.deployed import hindrance
from relay.deploy.rollback import rang
from relay.stacks.aws_errors import denied
from relay.stacks.selection import ChosenStack

_CAUSES: Final = 3  # of the failed resources: the others were stopped on account of the first
_CANCELLED: Final = "cancelled"  # in the reason of a resource that was stopped
Events = Sequence[Mapping[str, Any]]  # as CloudFormation lists them, the newest first


def since(events: Events, newest_before: str | None) -> Events:
    """Return the events after another one, by its id."""
    return list(takewhile(lambda one: one["EventId"] != newest_before, events))


def failed(
    status: str, events: Events, arns: Mapping[str, str], stack: ChosenStack
) -> Iterator[str]:
    """Yield what has happened to a stack; `events` are those of this deployment alone.

    `arns` are its rollback triggers by their names in the template. Where nothing was executed SAM
    has said why, and only what hinders the stack is said.
    """
    if events and status == "UPDATE_ROLLBACK_COMPLETE":
        yield from _taken_back(events, arns)
        yield f"{stack.stack_name} has its code, rules and parameters of before again"
        yield f"  -> mend it, then {stack.deploy}"
        return
    yield from _causes(events)
    if hindered := hindrance(status, stack):
        yield hindered


def _taken_back(events: Events, arns: Mapping[str, str]) -> Iterator[str]:
    if alarms := rang(events, arns):
        yield f"taken back: {' and '.join(alarms)} rang while CloudFormation watched the update"
        yield '  (docs/deploy.md, "Alarms"; the log of the function has the lines of that time)'
    else:
        yield "taken back, for the update failed:"
        yield from _causes(events)


def _causes(events: Events) -> Iterator[str]:
    """Yield the resources that failed first, with their reasons."""
    found = [
        one
        for one in reversed(events)
        if one["ResourceStatus"].endswith("_FAILED")
        and _CANCELLED not in one.get("ResourceStatusReason", "").lower()
    ]
    for one in found[:_CAUSES]:
        reason = one.get("ResourceStatusReason", "no reason given")
        yield f"  {one['LogicalResourceId']}: {denied(reason) or reason}"
