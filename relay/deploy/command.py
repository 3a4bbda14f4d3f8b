"""`relay deploy`: checks rules and cases, then runs SAM's build and deploy."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import ClientError

from builder.package import FUNCTIONS
from builder.target import RUNTIME
from relay.deploy.unset_values import undecided
from relay.deploy.urls import urls
from relay.paths import BUILT, PROJECT, RULES
from relay.rules.case_file import CASES
from relay.rules.cases.command import CASES_STAGE, run, show
from relay.rules.check.command import check
from relay.stacks.cloudformation import client, is_missing
from relay.stacks.package import is_compiled, without_bytecode
from relay.stacks.samconfig import DEFAULT
from relay.stacks.selection import chosen
from relay.virtualenvs import environment
from relay.webhooks.samples import sources_in


def deploy(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="For `sam deploy`, after --.", metavar="ARGUMENTS")
    ] = None,
    config_env: Annotated[str, typer.Option(help="Environment of samconfig.toml.")] = DEFAULT,
) -> None:
    """Check the rules, run the cases, build, show the change set, deploy and print the URLs.

    Example: relay deploy --config-env prod

    Exit codes: 0 deployed, 1 a rule, an id or a case is refused, or the answer to
    the change set was no, 2 usage; where SAM fails, SAM's own exit code
    """
    check(rules=RULES, config_env=config_env)
    _refuse_undecided(config_env, arguments or ())
    _test(CASES)
    stack = chosen(None, config_env)
    # Not what was built before: meanwhile a Python may have come that makes the bytecode.
    _sam("build", "--no-cached", "--config-env", config_env)
    _warn_of_slow_starts()
    before = _change_sets(stack.stack_name)
    _sam("deploy", "--config-env", config_env, *(arguments or ()))
    if _change_sets(stack.stack_name) - before:  # made, shown, and not executed
        typer.echo("not deployed: nothing was changed", err=True)
        raise typer.Exit(1)
    urls(None, config_env, RULES)
    typer.echo(f"next: {stack.examine}")


def _refuse_undecided(config_env: str, arguments: Sequence[str]) -> None:
    if said := list(undecided(RULES, config_env, arguments)):
        typer.echo("\n".join(said), err=True)
        raise typer.Exit(1)


def _test(cases: Path) -> None:
    """Run the rule author's cases, if there are any: they expect the `vars` of stage dev."""
    if not any(cases.glob("*/*.yaml")):
        return
    report = run(sources_in(RULES, CASES_STAGE), cases)
    show(report)
    if not report.is_good:
        raise typer.Exit(1)


def _warn_of_slow_starts() -> None:
    """Say which functions SAM has built without bytecode, and what to do."""
    found = [name for name in FUNCTIONS if (BUILT / name).is_dir()]
    if lacking := [name for name in found if not is_compiled(BUILT / name, RUNTIME)]:
        problem, remedy = without_bytecode(lacking, RUNTIME)
        typer.echo(f"note: {problem}\n  -> {remedy}, then deploy again", err=True)


def _change_sets(stack_name: str) -> set[str]:
    """Return the change sets that wait to be executed: SAM leaves one that was answered "n"."""
    pages = (
        client("cloudformation").get_paginator("list_change_sets").paginate(StackName=stack_name)
    )
    try:
        found = [one for page in pages for one in page["Summaries"]]
    except ClientError as error:
        if is_missing(error):
            return set()
        raise
    return {one["ChangeSetId"] for one in found if one["ExecutionStatus"] == "AVAILABLE"}


def _sam(*arguments: str) -> None:
    """Run the locked SAM CLI on this terminal; exit with its code where it fails."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    run = subprocess.run(
        [environment("sam") / "sam", *arguments],
        cwd=PROJECT,
        env=os.environ | {"PATH": programs},  # sam looks for uv there
        check=False,
    )
    if run.returncode:
        raise typer.Exit(run.returncode)
