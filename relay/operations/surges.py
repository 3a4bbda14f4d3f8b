"""`relay surge`: what the brakes of rules (`surge: 200/10m`) have stopped, and what comes of it."""

import time
from math import ceil
from typing import Annotated

import typer
from rich.table import Table as Shown
from rich.text import Text

from relay.console.format import command, counted, since
from relay.console.options import RulesOption
from relay.console.terminal import console
from relay.operations.brakes import Brake, Verb, brake_of, brakes, key, settle
from relay.operations.naming import Names, Rule, read_names, suggestion
from relay.paths import RULES
from relay.stacks.ledger import Table
from relay.stacks.selection import ConfigEnv, LocalOption, StackName, operated

app = typer.Typer(
    add_completion=False, help="What the brakes of rules have stopped.", no_args_is_help=True
)

RuleArgument = Annotated[str, typer.Argument(help="SOURCE/RULE", metavar="SOURCE/RULE")]


@app.command("list")
def list_surges(
    *,
    everywhere: Annotated[
        bool, typer.Option("--all", help="Search the whole ledger: rules that are gone, too.")
    ] = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
) -> None:
    """Show what each brake let pass in this window, and what it has stopped since when."""
    stack = operated(stack_name, config_env, local=local)
    now = time.time()
    found = brakes(Table.of(stack), read_names(rules), now, everywhere=everywhere)
    if not found:
        typer.echo("no rule has a brake (surge: 200/10m)")
        return
    shown = Shown("rule", "brake")
    for brake in found:
        shown.add_row(*map(Text, (brake.rule, "\n".join(brake.told(now)))))
    console().print(shown)


@app.command()
def release(
    rule: RuleArgument,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    *,
    local: LocalOption = False,
) -> None:
    """Send what a brake has stopped."""
    stack = operated(stack_name, config_env, local=local)
    table = Table.of(stack)
    _settle(table, _stopped(table, rule, read_names(rules)), "release")
    typer.echo("released: what was stopped is sent within 15 minutes")


@app.command()
def drop(  # noqa: PLR0913 - the options of a command
    rule: RuleArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
) -> None:
    """Make dead letters of what a brake has stopped: nothing of it is sent."""
    stack = operated(stack_name, config_env, local=local)
    table = Table.of(stack)
    stopped = _stopped(table, rule, read_names(rules))
    if not yes:
        letters = counted(stopped.stopped, "delivery")
        typer.confirm(f"Drop {letters} of {rule}, none of which is sent?", abort=True)
    _settle(table, stopped, "drop")
    comes = "what was stopped becomes dead letters with the reason surge within 15 minutes"
    typer.echo(f"dropped: {comes}")
    redrive = command(stack, "dead-letters redrive --reason surge")
    typer.echo(f"Send them after all: {redrive}")


def _stopped(table: Table, text: str, names: Names) -> Brake:
    """Return the brake of a rule that has stopped something; end the command where none has."""
    rule, now = _rule(text), time.time()
    brake = brake_of(key(rule), table.get(key(rule)), names, now)
    if brake.stopped_at is None:
        known = ["/".join(one) for one in names.rules]
        hint = "" if text in known else suggestion(text, known)
        typer.echo(f"nothing of {text} is stopped{hint}", err=True)
        raise typer.Exit(1)
    stopped = counted(brake.stopped, "delivery")
    typer.echo(f"{text}: {stopped} stopped {since(brake.stopped_at, now)}")
    return brake


def _settle(table: Table, seen: Brake, verb: Verb) -> None:
    # By the clock that workers stop by, and the next second: else the latest would stay stopped.
    if not settle(table, _rule(seen.rule), verb, seen, ceil(table.clock()) + 1):
        typer.echo("somebody else has released or dropped it meanwhile; look again", err=True)
        raise typer.Exit(1)


def _rule(text: str) -> Rule:
    source, _, rule = text.partition("/")
    if not source or not rule or "/" in rule:
        raise typer.BadParameter("takes SOURCE/RULE, such as shopify/order-confirmation")
    return source, rule
