"""`relay reconcile`: proves that everything is accounted for, and names what is not."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError

from relay.console.format import minute, time_of
from relay.console.lines import block
from relay.console.options import RulesOption
from relay.operations.clients import NoSuchResource, StackClients
from relay.paths import RULES
from relay.reconcile.accounting import (
    AT_ONCE,
    DELIVERIES,
    AccountRow,
    Depth,
    Figures,
    Sum,
    adds_up,
    at_once,
    deliveries,
)
from relay.reconcile.cloudwatch_counts import Period, depth_at, depth_now, published, written
from relay.reconcile.emulator_log import unended, without_lost_lines
from relay.rules.names import Names, read_names
from relay.stacks.selection import (
    ConfigEnv,
    LocalOption,
    LocalPort,
    Operated,
    StackName,
    command,
    operated,
)

_SERVICES: Final = ("sqs", "cloudwatch", "logs", "cloudformation")
_COLOURS: Final = {"adds up": "green", "open": "yellow", "wrong": "red"}
_NOW: Final = "now"
_TITLES: Final = {"wishes": "rule matches"}  # of sums whose name in JSON is no title


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A stack's sums over a period."""

    stack: Operated
    period: Period
    depth: Depth
    sums: Sequence[tuple[Sum, list[AccountRow]]]

    @property
    def adds_up(self) -> bool:
        """Whether nothing is wrong."""
        return all(adds_up(rows) for _, rows in self.sums)


def reconcile(  # noqa: PLR0913 - the options of a command
    *,
    since: Annotated[
        str, typer.Option(help="Start of the period: 24h, 3d, or an ISO 8601 time.")
    ] = "24h",
    until: Annotated[str, typer.Option(help="End of the period, likewise, or now.")] = _NOW,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Prove that all webhooks, events and deliveries are accounted for.

    Example: relay reconcile --since 3d

    Exit codes: 0 nothing is wrong, 1 a sum does not add up, 2 usage, no such
    stack, or AWS cannot be read
    """
    now = time.time()
    end = now if until == _NOW else time_of(until, now)
    start = time_of(since, now)
    if start >= int(end):
        raise typer.BadParameter("--since is not before --until")
    stack = operated(stack_name, config_env, local=local, port=port)
    desk = StackClients.of(stack, read_names(rules), _SERVICES)
    try:
        found = reconciled(desk, Period.of(start, end, now), now)
    except (ClientError, BotoCoreError, NoSuchResource) as error:
        typer.echo(f"cannot be read: {error}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(document(found), indent=2))
    else:
        for text, colour in shown(found):
            if text:
                typer.secho(text, fg=colour)
    if not found.adds_up:
        raise typer.Exit(1)


def reconciled(desk: StackClients, period: Period, now: float) -> Reconciled:
    """Return a stack's sums; raise botocore's errors, or NoSuchResource where it has no logs."""
    figures = _figures(desk, desk.names, period)
    depth = Depth(depth_at(desk, period.start), _depth_at_the_end(desk, period, now))
    sums = [(asked, at_once(asked, figures)) for asked in AT_ONCE]
    rows = deliveries(figures, depth)
    if desk.stack.endpoint is not None and not adds_up(rows):
        rows = without_lost_lines(rows, unended(desk, period))
    return Reconciled(desk.stack, period, depth, [*sums, (DELIVERIES, rows)])


def document(found: Reconciled) -> dict[str, object]:
    """Return the sums as JSON."""
    return {
        "stack": found.stack.name,
        "since": found.period.start,
        "until": found.period.end,
        "in_flight": {"start": found.depth.start, "end": found.depth.end},
        "adds_up": found.adds_up,
        "sums": {asked.name: [_row(row) for row in rows] for asked, rows in found.sums},
    }


def shown(found: Reconciled) -> Iterator[tuple[str, str | None]]:
    """Yield lines and their colours: the sums, then why a row does not add up and what to do."""
    period = found.period
    yield f"{found.stack.name}, {minute(period.start)} to {minute(period.end)}", None
    for asked, rows in found.sums:
        if rows:
            yield _block(asked, rows), None
    begun = "unknown" if found.depth.start is None else f"{found.depth.start:,}"
    ended = "unknown" if found.depth.end is None else f"{found.depth.end:,}"
    yield "planned - left = in flight at the end - in flight at the start:", None
    yield f"  {ended} at the end, {begun} at the start", None
    for asked, rows in found.sums:
        for row in rows:
            if row.why:
                yield f"{_title(asked)} of {_name(row)}: {row.why}", _COLOURS[row.verdict]
                yield f"  {command(found.stack, row.look)}" if row.look else "", None
    if found.adds_up:
        yield "nothing is missing", "green"
    else:
        yield "it does not add up", "red"


def _figures(desk: StackClients, names: Names, period: Period) -> Figures:
    if desk.stack.endpoint is not None:
        return written(desk, period)
    return published(desk, names.rules, period)


def _depth_at_the_end(desk: StackClients, period: Period, now: float) -> int | None:
    return depth_now(desk) if period.end >= now else depth_at(desk, period.end)


def _row(row: AccountRow) -> dict[str, object]:
    source, rule = row.place
    described: Mapping[str, object] = {
        "source": source,
        "rule": rule or None,
        "left": row.left,
        "right": dict(row.right),
        "difference": row.difference,
        "verdict": row.verdict,
        "why": row.why or None,
    }
    return dict(described)


def _block(asked: Sum, rows: Sequence[AccountRow]) -> str:
    """Return a sum's rows, each with its place whole, and the terms that are not 0."""
    return block(_title(asked), [(f"{_name(row)}:", _sum(asked, row)) for row in rows])


def _sum(asked: Sum, row: AccountRow) -> str:
    terms = [f"{count:,} {_short(name)}" for name, count in row.right.items() if count]
    sign = "=" if row.difference == 0 else "against"
    difference = f", difference {row.difference:,}" if row.difference else ""
    text = f"{row.left:,} {_short(asked.left)} {sign} {' + '.join(terms) or '0'}{difference}"
    return f"{text}: {row.verdict}"


def _title(asked: Sum) -> str:
    return _TITLES.get(asked.name, asked.name)


def _short(metric: str) -> str:
    """Return a metric's last word: `DeliveriesHeld` is `held`."""
    return metric.removeprefix("Webhooks").removeprefix("Events").removeprefix("Deliveries").lower()


def _name(row: AccountRow) -> str:
    source, rule = row.place
    return f"{source}/{rule}" if rule else source
