"""`relay trace`: what became of an order, an event or a person's deliveries."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError

from relay.console.format import counted, moment
from relay.console.lines import block
from relay.console.options import RulesOption
from relay.operations.clients import NoSuchResource, StackClients
from relay.operations.delivery_history import (
    SEARCHED,
    FoundDelivery,
    NoIndex,
    described,
    find,
    find_begun,
    find_logged,
    is_part_of_id,
    logged,
    next_step,
    with_ids,
    with_rest,
)
from relay.operations.webhook_history import (
    SearchText,
    WebhookFound,
    find_webhooks,
    refusals,
    steps,
    told,
)
from relay.paths import RULES
from relay.rules.names import read_names
from relay.stacks.ledger import Ledger
from relay.stacks.logs import LogLine
from relay.stacks.selection import (
    RELAY,
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
_MOST: Final = 10  # webhooks that are shown, the last ones
_BY: Final = {
    "reference": "order number",
    "event": "event",
    "person": "person",
    "id": "delivery id",
}
_Lines = list[LogLine] | str  # or why they could not be read


@dataclass(slots=True)
class Traced:
    """All that was found: deliveries with their log lines, and webhooks.

    `unread` is why the log could not be read, if it could not.
    """

    deliveries: list[tuple[FoundDelivery, _Lines]] = field(default_factory=list)
    webhooks: list[WebhookFound] = field(default_factory=list)
    unread: str = ""


def trace(  # noqa: PLR0913 - the options of a command
    sought: Annotated[
        str,
        typer.Argument(
            help="An order's number (#1042), an event's id, a rule's `once`, a delivery's id"
            " (8 or more characters), an external id or an e-mail address.",
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
    """Show what became of an order, an event or a person: deliveries, and what made none.

    Example: relay trace "#1042"

    Exit codes: 0 shown, 1 nothing was found, or the stack is of an older release,
    2 usage or no such stack
    """
    if not sought.strip():  # an unset variable of the shell
        raise typer.BadParameter("give the number of an order, or the id of an event or a delivery")
    stack, now = operated(stack_name, config_env, local=local, port=port), time.time()
    desk = StackClients.of(stack, read_names(rules), _SERVICES)
    found = _traced(desk, sought, now - hours * _HOUR)
    if found.unread:
        typer.echo(f"the logs cannot be read: {found.unread}", err=True)
    if not (found.deliveries or found.webhooks):
        typer.echo("\n".join(_nothing(desk, sought, now - hours * _HOUR, now)), err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps(_documents(found), indent=2))
        return
    _show(found, stack, now)


def _traced(desk: StackClients, text: str, start: float) -> Traced:
    """Return all that is found; end the command without an index."""
    traced, sought, table = Traced(), SearchText(text), Ledger.of(desk.stack)
    try:
        traced.webhooks = find_webhooks(desk, sought, start)
    except (ClientError, BotoCoreError, NoSuchResource) as error:
        traced.unread = str(error)
    try:
        found = find(table, text, desk.names)
    except NoIndex as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    known = {one.id for one in found}
    others = {
        one: _BY[by]
        for each in traced.webhooks
        for one, by in each.deliveries.items()
        if one not in known
    }
    found += with_ids(desk, others)
    if not found and not traced.unread and is_part_of_id(text):
        found = find_begun(desk, text, start)
    found = with_rest(table, found)
    searched = {one.id: _lines(desk, one, start) for one in found[:SEARCHED]}
    traced.deliveries = [(one, searched.get(one.id, "not searched")) for one in found]
    if not (found or traced.webhooks or traced.unread):
        traced.deliveries = [*find_logged(desk, text, start)]
    return traced


def _show(found: Traced, stack: Operated, now: float) -> None:
    for delivery, lines in found.deliveries:
        _show_delivery(delivery, lines, stack, now)
    if len(found.deliveries) > SEARCHED:
        typer.echo(f"The logs were searched for the first {SEARCHED}; trace others by their id.")
    webhooks = [one for one in found.webhooks if one.is_told]
    for webhook in webhooks[-_MOST:]:
        _show_webhook(webhook, stack, now)
    if len(webhooks) > _MOST:
        typer.echo(f"{len(webhooks)} webhooks were found; the last {_MOST} are shown.")


def _show_delivery(found: FoundDelivery, lines: _Lines, stack: Operated, now: float) -> None:
    read = [] if isinstance(lines, str) else lines
    rows = [*described(found, read, now)]
    if isinstance(lines, str):
        rows.append(("log", lines))
    else:
        rows.append(("log", counted(len(lines), "line")))
        rows += [("", f"{moment(line.at, now)} {line.words}") for line in lines]
    if step := next_step(found, read):
        rows.append(("next", command(stack, step)))
    _print("delivery", found.id, rows)


def _show_webhook(found: WebhookFound, stack: Operated, now: float) -> None:
    rows = [*told(found, now)]
    rows += [("next", command(stack, one)) for one in dict.fromkeys(steps(found))]
    if found.unwanted:
        advice = f"its body in a sample of events/, then {RELAY} rules explain SAMPLE"
        rows.append(("next", advice))
    _print("webhook", str(found.line.entry.get("source")), rows)


def _print(kind: str, name: str, rows: Sequence[tuple[str, str]]) -> None:
    typer.echo(f"{block(f'{kind} {name}', rows)}\n")


def _lines(desk: StackClients, found: FoundDelivery, start: float) -> _Lines:
    try:
        return logged(desk, found.id, start)
    except (ClientError, BotoCoreError, NoSuchResource) as error:
        return f"cannot be read: {error}"


def _documents(found: Traced) -> list[dict[str, Any]]:
    made = [_document(*one) for one in found.deliveries]
    return [*made, *({"webhook": dict(one.line.entry)} for one in found.webhooks if one.is_told)]


def _document(found: FoundDelivery, lines: _Lines) -> dict[str, Any]:
    log = lines if isinstance(lines, str) else [line.entry or line.text for line in lines]
    return {"id": found.id, "by": found.by, "record": dict(found.record), "log": log}


def _nothing(desk: StackClients, text: str, start: float, now: float) -> Iterator[str]:
    """Yield the possible causes where nothing is found: there is no single one."""
    stack = desk.stack
    it = "this address" if "@" in text else text
    yield f"{stack.name}: neither the ledger nor the log of ingest knows {it}. That can mean:"
    if is_part_of_id(text):
        yield "- if it is the beginning of a delivery's id: no line of the log that was searched"
        yield "  has it; --hours goes further back, and the whole id of 64 letters needs no log"
    yield "- its webhook came before the hours that were searched: --hours goes further back"
    yield "- it is not the id that the rules read: a rule's `once` and `event.reference` say what"
    yield "  counts, and `relay rules explain` shows both for a sample"
    yield from _refused(desk, start, now)
    yield "- it is older than the ledger remembers: 30 days for what was not accepted, LedgerDays"
    yield "  (400) for what was"
    yield "- it went through another stack, or never came: the sender has a log of its webhooks"


def _refused(desk: StackClients, start: float, now: float) -> Iterator[str]:
    try:
        found = refusals(desk, start, now)
    except (ClientError, BotoCoreError, NoSuchResource):
        return  # that the log cannot be read has been said
    if found:
        yield "- its webhook was refused, and nothing in it was read:"
        yield from (f"  {one}" for one in found)
