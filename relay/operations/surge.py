"""`relay surge`: what the brakes of rules (`surge: 200/10m`) have stopped, and what comes of it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Literal

import typer
from rich.table import Table as Shown
from rich.text import Text

from relay.console.format import counted, moment, since, span
from relay.console.options import RulesOption
from relay.console.terminal import console
from relay.paths import RULES
from relay.rules.names import Names, Rule, read_names, suggestion
from relay.stacks.ledger import Ledger, Record, living
from relay.stacks.selection import ConfigEnv, LocalOption, StackName, command, operated

Verb = Literal["release", "drop"]
app = typer.Typer(
    add_completion=False, help="What the brakes of rules have stopped.", no_args_is_help=True
)
RuleArgument = Annotated[str, typer.Argument(help="SOURCE/RULE", metavar="SOURCE/RULE")]


@dataclass(frozen=True, slots=True)
class Brake:
    """What is known of one rule's brake; times in epoch seconds.

    `limit` is so many in so many seconds, None for a rule that is not in the rules folder;
    `passed` counts this window, or of an unknown length the last one. `stopped` counts since
    `stopped_at`, None where nothing is stopped.
    """

    rule: str
    limit: tuple[int, int] | None
    passed: int = 0
    stopped: int = 0
    stopped_at: int | None = None
    released_at: int | None = None
    dropped_at: int | None = None

    def told(self, now: float) -> Iterator[str]:
        """Yield how it stands: passed, stopped and what was done last, in words."""
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
    """Return the key of a rule's brake."""
    return f"surge#{'/'.join(rule)}"


def keys(names: Names) -> list[str]:
    """Return the keys of all brakes that a rules folder has."""
    return [key(rule) for rule, named in sorted(names.rules.items()) if named.surge]


def brake_of(record_key: str, record: Record, names: Names, now: float) -> Brake:
    """Return the brake of an item; one that is not there, or is over, has let nothing pass."""
    written = record_key.partition("#")[2]
    source, _, rule = written.partition("/")
    named = names.rules.get((source, rule))
    limit = named.surge if named else None
    found = living(record, now)
    current = limit is None or found.get("window") == int(now // limit[1] * limit[1])
    return Brake(
        written,
        limit,
        passed=found.get("count", 0) if current else 0,
        stopped=found.get("stopped", 0),
        stopped_at=found.get("stopped_at"),
        released_at=found.get("released_at"),
        dropped_at=found.get("dropped_at"),
    )


def brakes(table: Ledger, names: Names, now: float, *, everywhere: bool) -> list[Brake]:
    """Return the brakes of the rules folder; those of other rules too where it is `everywhere`."""
    wanted = keys(names)
    records: dict[str, Record] = {one: {} for one in wanted}
    if everywhere:
        records |= {record["pk"]: record for record in table.beginning("surge#")}
    else:
        records |= table.get_many(wanted)
    return [brake_of(one, record, names, now) for one, record in sorted(records.items())]


def settle(table: Ledger, rule: Rule, verb: Verb, seen: Brake, now: int) -> bool:
    """Release or drop what a brake has stopped; False where it is not stopped as it was seen."""
    field = "released_at" if verb == "release" else "dropped_at"
    done, _ = table.change(
        key(rule),
        f"SET {field} = :now REMOVE stopped, stopped_at",
        "stopped_at = :seen",
        ExpressionAttributeValues={":now": {"N": str(now)}, ":seen": {"N": str(seen.stopped_at)}},
    )
    return done


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
    found = brakes(Ledger.of(stack), read_names(rules), now, everywhere=everywhere)
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
) -> None:
    """Make dead letters of what a brake has stopped: nothing of it is sent."""
    stack = operated(stack_name, config_env, local=local)
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


def _stopped(table: Ledger, text: str, names: Names) -> Brake:
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


def _settle(table: Ledger, seen: Brake, verb: Verb) -> None:
    # By the clock that workers stop by, and the next second: else the latest would stay stopped.
    if not settle(table, _rule(seen.rule), verb, seen, ceil(table.clock()) + 1):
        typer.echo("somebody else has released or dropped it meanwhile; look again", err=True)
        raise typer.Exit(1)


def _rule(text: str) -> Rule:
    source, _, rule = text.partition("/")
    if not source or not rule or "/" in rule:
        raise typer.BadParameter("takes SOURCE/RULE, such as shopify/order-confirmation")
    return source, rule
