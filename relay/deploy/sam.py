"""SAM's build and deploy, run as a user runs them; an update gets rollback triggers besides."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError

from relay.deploy.outcome import Events, failed, since
from relay.deploy.rollback import configuration
from relay.paths import PROJECT
from relay.stacks.cloudformation import client, is_missing
from relay.stacks.selection import ChosenStack
from relay.virtualenvs import environment

_WITH_ROLLBACK: Final = Path(__file__).with_name("sam_with_rollback.py")


def build(*arguments: str) -> None:
    """Run `sam build`; exit with its code where it fails."""
    if code := _code([environment("sam") / "sam", "build", *arguments]):
        raise typer.Exit(code)


def create(stack: ChosenStack, arguments: Sequence[str]) -> None:
    """Run `sam deploy` for a stack that does not exist; end the command where it is not made."""
    _deploy([environment("sam") / "sam"], stack, arguments, {})


def update(
    stack: ChosenStack, arguments: Sequence[str], minutes: int, triggers: Mapping[str, str]
) -> None:
    """Run `sam deploy` for a stack that exists, with these rollback triggers (ARNs by name).

    End the command where it is not updated, and say so in words.
    """
    wanted = json.dumps(configuration(minutes, list(triggers.values())))
    program: list[str | Path] = [environment("sam") / "python", "-P", _WITH_ROLLBACK]
    _deploy([*program, stack.stack_name, wanted], stack, arguments, triggers)


def _deploy(
    sam: Sequence[str | Path], stack: ChosenStack, arguments: Sequence[str], arns: Mapping[str, str]
) -> None:
    name = stack.stack_name
    waiting = _change_sets(name)
    newest = next((one["EventId"] for one in _events(name)), None)
    if code := _code([*sam, "deploy", *arguments]):
        said = _reported(stack, newest, arns)
        typer.echo("\n".join(said), err=True, nl=bool(said))
        raise typer.Exit(1 if said else code)
    if _change_sets(name) - waiting:  # made, shown, and not executed
        typer.echo("not deployed: nothing was changed", err=True)
        raise typer.Exit(1)


def _reported(stack: ChosenStack, newest: str | None, arns: Mapping[str, str]) -> list[str]:
    """Return what has become of a stack; nothing where that cannot be read: SAM has spoken."""
    try:
        events = since(_events(stack.stack_name), newest)
        return list(failed(_status(stack.stack_name), events, arns, stack))
    except (ClientError, BotoCoreError):
        return []


def _status(stack_name: str) -> str:
    found = client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    return str(found[0]["StackStatus"])


def _events(stack_name: str) -> Events:
    return _all("describe_stack_events", "StackEvents", stack_name)


def _change_sets(stack_name: str) -> set[str]:
    """Return the change sets that wait to be executed: SAM leaves one that was answered "n"."""
    found = _all("list_change_sets", "Summaries", stack_name)
    return {one["ChangeSetId"] for one in found if one["ExecutionStatus"] == "AVAILABLE"}


def _all(call: str, field: str, stack_name: str) -> list[dict[str, Any]]:
    """Return all that CloudFormation lists of a stack; nothing where there is no stack."""
    pages = client("cloudformation").get_paginator(call).paginate(StackName=stack_name)
    try:
        return [one for page in pages for one in page[field]]
    except ClientError as error:
        if is_missing(error):
            return []
        raise


def _code(command: Sequence[str | Path]) -> int:
    """Run the locked SAM CLI on this terminal; return its exit code."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    run = subprocess.run(
        command,
        cwd=PROJECT,
        env=os.environ | {"PATH": programs},  # sam looks for uv there
        check=False,
    )
    return run.returncode
