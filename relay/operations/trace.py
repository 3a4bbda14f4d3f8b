"""`relay trace`: the deliveries of one event, one order or one delivery id."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table as Grid
from rich.text import Text

from relay.console.format import counted, moment
from relay.console.options import RulesOption
from relay.console.terminal import console
from relay.operations.clients import Desk, NoSuchResource
from relay.operations.delivery_history import (
    SEARCHED,
    Found,
    Line,
    NoIndex,
    described,
    find,
    find_begun,
    find_logged,
    is_part_of_id,
    logged,
)
from relay.paths import RULES
from relay.rules.names import read_names
from relay.stacks.ledger import Ledger
from relay.stacks.selection import (
    ConfigEnv,
    LocalOption,
    LocalPort,
    Operated,
    StackName,
    command,
    operated,
)

_SERVICES: Final = ("logs", "cloudformation")
_HOUR: Final = 3600
_Lines = list[Line] | str  # or why they could not be read


def trace(  # noqa: PLR0913 - the options of a command
    event_or_order_id: Annotated[
        str,
        typer.Argument(
            help="An event's id, a rule's `once`, or a delivery's id (8 or more characters).",
            metavar="ID",
        ),
    ],
    *,
    hours: Annotated[int, typer.Option(help="Hours of logs to search.", min=1)] = 24,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a list of objects.")] = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Show the deliveries of an event or order: their state, attempts and log lines.

    Example: relay trace 6120445500117

    Exit codes: 0 shown, 1 nothing was found, or the stack is of an older release,
    2 usage or no such stack
    """
    if not event_or_order_id.strip():  # an unset variable of the shell
        raise typer.BadParameter("give the id of an event, an order or a delivery")
    stack, now = operated(stack_name, config_env, local=local, port=port), time.time()
    desk = Desk.of(stack, read_names(rules), _SERVICES)
    traced = _traced(desk, event_or_order_id, now - hours * _HOUR)
    if not traced:
        typer.echo("\n".join(_nothing(stack, event_or_order_id)), err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps([_document(*one) for one in traced], indent=2))
        return
    for found, lines in traced:
        _show(found, lines, now)
    if len(traced) > SEARCHED:
        typer.echo(f"The logs were searched for the first {SEARCHED}; trace others by their id.")


def _traced(desk: Desk, text: str, start: float) -> list[tuple[Found, _Lines]]:
    """Return all matching deliveries with their log lines; end the command without an index."""
    try:
        found = find(Ledger.of(desk.stack), text, desk.names)
    except NoIndex as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if not found and is_part_of_id(text):
        found = _begun(desk, text, start)
    if found:
        searched = {one.id: _lines(desk, one, start) for one in found[:SEARCHED]}
        return [(one, searched.get(one.id, "not searched")) for one in found]
    try:
        return [*find_logged(desk, text, start)]
    except (ClientError, BotoCoreError, NoSuchResource) as error:
        typer.echo(f"the logs cannot be read: {error}", err=True)
        return []


def _begun(desk: Desk, text: str, start: float) -> list[Found]:
    try:
        return find_begun(desk, text, start)
    except (ClientError, BotoCoreError, NoSuchResource):
        return []  # the same log is searched for whole ids next, which reports the failure


def _show(found: Found, lines: _Lines, now: float) -> None:
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("delivery", "bold"), Text(found.id, "bold"))
    for name, words in described(found, now):
        grid.add_row(name, Text(words))
    if isinstance(lines, str):
        grid.add_row("log", Text(lines))
    else:
        grid.add_row("log", counted(len(lines), "line"))
        for line in lines:
            grid.add_row("", Text(f"{moment(line.at, now)} {line.words}"))
    console().print(grid)
    console().print()


def _lines(desk: Desk, found: Found, start: float) -> _Lines:
    try:
        return logged(desk, found.id, start)
    except (ClientError, BotoCoreError, NoSuchResource) as error:
        return f"cannot be read: {error}"


def _document(found: Found, lines: _Lines) -> dict[str, Any]:
    log = lines if isinstance(lines, str) else [line.entry or line.text for line in lines]
    return {"id": found.id, "by": found.by, "record": dict(found.record), "log": log}


def _nothing(stack: Operated, text: str) -> Iterator[str]:
    """Yield the possible causes where the ledger has no delivery: there is no single one."""
    yield f"{stack.name}: the ledger knows no delivery by {text}. That can mean:"
    if is_part_of_id(text):
        yield "- if it is the beginning of a delivery's id: no line of the log that was searched"
        yield "  has it; --hours goes further back, and the whole id of 64 letters needs no log"
    yield "- it is not the id that the rules read: an order's number is often not its id; a rule's"
    yield "  `once` says what counts, and `relay rules explain` shows both for a sample"
    yield "- no rule wanted the event, or it could not be rendered: the ingest log says so of each"
    yield f"  webhook with its time; parked events: {command(stack, 'dead-letters list')}"
    yield "- it waits in the queue and was never claimed: something is paused, stopped or behind:"
    yield f"  {command(stack, 'status')}"
    yield "- it is older than the ledger remembers: 30 days for what was not accepted, LedgerDays"
    yield "  (400) for what was"
    yield "- it went through another stack, or was sent before the ledger kept these ids"
