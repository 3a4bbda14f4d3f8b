"""`relay surge`: the deliveries that rules' surge limits (`surge: 200/10m`) have stopped."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Literal

import typer

from relay.console.format import counted, moment, since, span
from relay.console.options import RulesOption
from relay.paths import RULES
from relay.rules.names import Names, Rule, read_names, suggestion
from relay.stacks.ledger import Ledger, Record, living
from relay.stacks.selection import ConfigEnv, LocalOption, LocalPort, StackName, command, operated

Verb = Literal["release", "drop"]
app = typer.Typer(
    add_completion=False,
    help="List, release and drop deliveries that surge limits have stopped.",
    no_args_is_help=True,
)
RuleArgument = Annotated[str, typer.Argument(help="The rule.", metavar="SOURCE/RULE")]


@dataclass(frozen=True, slots=True)
class RuleSurge:
    """One rule's surge limit, and its counts; times in epoch seconds.

    `limit` is (deliveries, seconds), None for a rule that is not in the rules folder. `passed`
    counts this window, or the last one where its length is unknown. `stopped` counts since
    `stopped_at`, which is None where nothing is stopped.
    """

    rule: str
    limit: tuple[int, int] | None
    passed: int = 0
    stopped: int = 0
    stopped_at: int | None = None
    released_at: int | None = None
    dropped_at: int | None = None

    def described(self, now: float) -> Iterator[str]:
        """Yield its counts and the last release or drop, in words."""
        if self.limit is None:
            yield f"passed {self.passed:,} in its last window"
        else:
            most, seconds = self.limit
            yield f"passed {self.passed:,} of {most:,} in {span(seconds)}"
        if self.stopped_at is not None:
            yield f"stopped {self.stopped:,} {since(self.stopped_at, now)}"
        for name, at in (("released", self.released_at), ("dropped", self.dropped_at)):
            if at is not None:
                yield f"last {name} {moment(at, now)}"


def key(rule: Rule) -> str:
    """Return the ledger's key of a rule's surge limit."""
    return f"surge#{'/'.join(rule)}"


def keys(names: Names) -> list[str]:
    """Return the ledger's keys of all surge limits of a rules folder."""
    return [key(rule) for rule, named in sorted(names.rules.items()) if named.surge]


def surge_of(record_key: str, record: Record, names: Names, now: float) -> RuleSurge:
    """Return the surge limit of a ledger item; an absent or expired one has let nothing pass."""
    written = record_key.partition("#")[2]
    source, _, rule = written.partition("/")
    named = names.rules.get((source, rule))
    limit = named.surge if named else None
    found = living(record, now)
    current = limit is None or found.get("window") == int(now // limit[1] * limit[1])
    return RuleSurge(
        written,
        limit,
        passed=found.get("count", 0) if current else 0,
        stopped=found.get("stopped", 0),
        stopped_at=found.get("stopped_at"),
        released_at=found.get("released_at"),
        dropped_at=found.get("dropped_at"),
    )


def surges(table: Ledger, names: Names, now: float, *, everywhere: bool) -> list[RuleSurge]:
    """Return the surge limits of the rules folder; with `everywhere` those of other rules too."""
    wanted = keys(names)
    records: dict[str, Record] = {one: {} for one in wanted}
    if everywhere:
        records |= {record["pk"]: record for record in table.beginning("surge#")}
    else:
        records |= table.get_many(wanted)
    return [surge_of(one, record, names, now) for one, record in sorted(records.items())]


def settle(table: Ledger, rule: Rule, verb: Verb, seen: RuleSurge, now: int) -> bool:
    """Release or drop what a surge limit has stopped; False where that has changed since `seen`."""
    field = "released_at" if verb == "release" else "dropped_at"
    done, _ = table.change(
        key(rule),
        f"SET {field} = :now REMOVE stopped, stopped_at",
        "stopped_at = :seen",
        ExpressionAttributeValues={":now": {"N": str(now)}, ":seen": {"N": str(seen.stopped_at)}},
    )
    return done


@app.command("list")
def list_surges(  # noqa: PLR0913 - the options of a command
    *,
    everywhere: Annotated[
        bool, typer.Option("--all", help="Search the whole ledger, also for rules that are gone.")
    ] = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """List each surge limit: what passed in this window, what is stopped and since when.

    Example: relay surge list

    Exit codes: 0 listed (also if there is none), 1 AWS refused a call, 2 usage or
    no such stack
    """
    stack = operated(stack_name, config_env, local=local, port=port)
    now = time.time()
    found = surges(Ledger.of(stack), read_names(rules), now, everywhere=everywhere)
    if not found:
        typer.echo("no rule has a surge limit (surge: 200/10m)")
        return
    for surge in found:
        typer.echo("\n  ".join([surge.rule, *surge.described(now)]))


@app.command()
def release(  # noqa: PLR0913 - the options of a command
    rule: RuleArgument,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    *,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Send what a surge limit has stopped.

    Example: relay surge release shopify/order-confirmation

    Exit codes: 0 released, 1 nothing is stopped, or it was released or dropped at
    the same time, 2 usage or no such stack
    """
    stack = operated(stack_name, config_env, local=local, port=port)
    table = Ledger.of(stack)
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
    port: LocalPort = None,
) -> None:
    """Make dead letters of what a surge limit has stopped: nothing of it is sent.

    Example: relay surge drop shopify/order-confirmation

    Exit codes: 0 dropped, 1 nothing is stopped, the answer was no, or it was
    released or dropped at the same time, 2 usage or no such stack
    """
    stack = operated(stack_name, config_env, local=local, port=port)
    table = Ledger.of(stack)
    stopped = _stopped(table, rule, read_names(rules))
    if not yes:
        letters = counted(stopped.stopped, "delivery")
        typer.confirm(f"Drop {letters} of {rule}, none of which is sent?", abort=True)
    _settle(table, stopped, "drop")
    comes = "what was stopped becomes dead letters with the reason surge within 15 minutes"
    typer.echo(f"dropped: {comes}")
    redrive = command(stack, "dead-letters redrive --reason surge")
    typer.echo(f"Send them after all: {redrive}")


def _stopped(table: Ledger, text: str, names: Names) -> RuleSurge:
    """Return the surge limit of a rule that has stopped something; else end the command."""
    rule, now = _rule(text), time.time()
    surge = surge_of(key(rule), table.get(key(rule)), names, now)
    if surge.stopped_at is None:
        known = ["/".join(one) for one in names.rules]
        hint = "" if text in known else suggestion(text, known)
        typer.echo(f"nothing of {text} is stopped{hint}", err=True)
        raise typer.Exit(1)
    stopped = counted(surge.stopped, "delivery")
    typer.echo(f"{text}: {stopped} stopped {since(surge.stopped_at, now)}")
    return surge


def _settle(table: Ledger, seen: RuleSurge, verb: Verb) -> None:
    # By the ledger's clock, as workers use it, and one second on: else the latest stay stopped.
    if not settle(table, _rule(seen.rule), verb, seen, ceil(table.clock()) + 1):
        typer.echo("somebody else has released or dropped it meanwhile; look again", err=True)
        raise typer.Exit(1)


def _rule(text: str) -> Rule:
    source, _, rule = text.partition("/")
    if not source or not rule or "/" in rule:
        raise typer.BadParameter("takes SOURCE/RULE, such as shopify/order-confirmation")
    return source, rule
