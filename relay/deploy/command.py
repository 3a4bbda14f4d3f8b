"""`relay deploy`: looks, checks, builds and tries the package, then runs SAM's deploy."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from builder.package import FUNCTIONS
from builder.target import RUNTIME
from relay.deploy import package_check, sam
from relay.deploy.preflight import look, refusals
from relay.deploy.rollback import MINUTES, MOST_MINUTES
from relay.deploy.unset_values import undecided
from relay.deploy.urls import shown
from relay.paths import BUILT, RULES
from relay.rules.case_file import CASES
from relay.rules.cases.command import CASES_STAGE, run, show
from relay.rules.check.command import check
from relay.send import smoke
from relay.stacks.aws_errors import in_words
from relay.stacks.cloudformation import outputs, profile
from relay.stacks.package import is_compiled, without_bytecode
from relay.stacks.samconfig import DEFAULT
from relay.stacks.selection import ChosenStack, Operated
from relay.webhooks.samples import sources_in


def deploy(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="For `sam deploy`, after --.", metavar="ARGUMENTS")
    ] = None,
    *,
    config_env: Annotated[str, typer.Option(help="Environment of samconfig.toml.")] = DEFAULT,
    rollback_minutes: Annotated[
        int,
        typer.Option(
            help="Minutes after an update in which an alarm takes it back; 0, none does.",
            min=0,
            max=MOST_MINUTES,
        ),
    ] = MINUTES,
) -> None:
    """Check, build, try the package, show the change set, deploy and print the URLs.

    An update that makes functions fail, or webhooks unanswered, is taken back by
    CloudFormation: code, rules and parameters.

    Example: relay deploy --config-env prod

    Exit codes: 0 deployed, 1 refused, taken back, answered no, or deployed and
    not working, 2 usage; where SAM fails otherwise, SAM's own exit code
    """
    given = arguments or []
    check(rules=RULES, config_env=config_env)
    _refuse(undecided(RULES, config_env, given))
    before = look(config_env, given)
    _refuse(refusals(before))
    _test(CASES)
    # Not what was built before: meanwhile a Python may have come that makes the bytecode.
    sam.build("--no-cached", "--config-env", config_env)
    _warn_of_slow_starts()
    _refuse(package_check.problems(BUILT, before.settings, before.deployed))
    words = ["--config-env", config_env, *given]
    if before.deployed:
        sam.update(before.stack, words, rollback_minutes, before.triggers)
    else:
        sam.create(before.stack, words)
    typer.echo("\n".join(shown(before.stack.stack_name, RULES)))
    if before.deployed:  # a new stack has no secrets yet
        _smoke(before.stack)
    typer.echo(f"next: {before.stack.examine}")


def _smoke(stack: ChosenStack) -> None:
    """Try what is deployed, where a rule is in shadow for that; end the command where it fails."""
    operated = Operated(stack.stack_name, outputs(stack.stack_name))
    try:
        typer.echo(f"smoke: {smoke.passed(operated, smoke.found(operated), smoke.SECONDS)}")
    except smoke.UntriedError as error:
        typer.echo(f"note: not tried by a webhook: {str(error).splitlines()[-1]}")
    except (ClientError, BotoCoreError) as error:
        typer.echo(f"note: not tried by a webhook: {in_words(error, profile())}")
    except smoke.SmokeError as error:
        _refuse([f"deployed, but it does not work: {error}"])


def _refuse(said: Iterable[str]) -> None:
    """End the command with these lines, if there are any."""
    if lines := list(said):
        typer.echo("\n".join(lines), err=True)
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
