"""`relay deploy`: SAM's own commands in their order, once the rules are found to be good."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from relay.check_rules import check
from relay.paths import PROJECT, RULES
from relay.samconfig import deployment
from relay.stack.environments import environment
from relay.urls import urls


def deploy(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="More for `sam deploy`, after a --.")
    ] = None,
    config_env: Annotated[str, typer.Option(help="Environment of samconfig.toml.")] = "default",
) -> None:
    """Check the rules, build, show the change set and deploy; then say where senders post to."""
    check(RULES, config_env)
    _sam("build", "--config-env", config_env)
    _sam("deploy", "--config-env", config_env, *(arguments or ()))
    urls(deployment(config_env).stack_name, RULES)


def _sam(*arguments: str) -> None:
    """Run the locked SAM CLI; it asks and answers on this terminal."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    run = subprocess.run(
        [environment("sam") / "sam", *arguments],
        cwd=PROJECT,
        env=os.environ | {"PATH": programs},  # it looks for uv there
        check=False,
    )
    if run.returncode:
        raise typer.Exit(run.returncode)
