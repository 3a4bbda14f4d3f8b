"""`relay cost`: prints a month's costs of a stack by part, with what they assume."""

import json
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.table import Table

from relay.console.terminal import console
from relay.cost.measured import BRAZE_MS, DYNAMODB_MS, SQS_MS, Measured, read
from relay.cost.month import CostItem, Traffic, month
from relay.cost.prices import AS_OF, REGION

_MOST: Final = 10**12  # webhooks


class Size(StrEnum):
    """Sizes of a batch that are measured; more than 10 takes HighVolume."""

    ONE = "1"
    TEN = "10"
    FIFTY = "50"


def cost(  # noqa: PLR0913 - the options of a command
    *,
    events_per_month: Annotated[
        int, typer.Option(min=0, max=_MOST, help="Webhooks of a month, each of one event.")
    ],
    deliveries_per_event: Annotated[
        float, typer.Option(min=0, max=100, help="Deliveries that rules make of an event.")
    ] = 1,
    batch: Annotated[
        Size, typer.Option(help="Deliveries that a worker gets at once; 50 with HighVolume.")
    ] = Size.ONE,
    cold_starts: Annotated[
        float, typer.Option(min=0, max=1, help="Share of invocations that are cold starts.")
    ] = 0.01,
    memory: Annotated[
        int, typer.Option(min=128, max=10_240, help="Memory of a function in MB.")
    ] = 1024,
    ledger_days: Annotated[
        int, typer.Option(min=30, max=3650, help="The parameter LedgerDays.")
    ] = 400,
    sources: Annotated[int, typer.Option(min=0, max=1000, help="Sources with webhooks.")] = 1,
    rules: Annotated[int, typer.Option(min=0, max=10_000, help="Rules with deliveries.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print what a stack costs a month, by part; nothing is read from AWS.

    Example: relay cost --events-per-month 1000000 --rules 5

    Exit codes: 0 printed, 2 usage
    """
    traffic = Traffic(
        webhooks=events_per_month,
        deliveries=deliveries_per_event,
        batch=int(batch),
        cold=cold_starts,
        memory=memory,
        ledger_days=ledger_days,
        sources=sources,
        rules=rules,
    )
    measured = read()
    parts = month(traffic, measured)
    if as_json:
        typer.echo(json.dumps(document(parts, traffic, measured), indent=2))
    else:
        show(parts, traffic, measured)


def document(parts: list[CostItem], traffic: Traffic, measured: Measured) -> dict[str, object]:
    """Return the costs as JSON, in US dollars."""
    return {
        "events_per_month": traffic.webhooks,
        "dollars": round(total(parts), 2),
        "parts": {part.name: round(part.dollars, 2) for part in parts},
        "assumptions": assumptions(traffic, measured),
    }


def show(parts: list[CostItem], traffic: Traffic, measured: Measured) -> None:
    """Print the parts, their sum, and what it assumes."""
    table = Table("part", "formula", "$ a month", title_justify="left")
    table.columns[2].justify = "right"
    for part in parts:
        table.add_row(part.name, part.formula, f"{part.dollars:,.2f}")
    table.add_section()
    table.add_row("together", "", f"{total(parts):,.2f}")
    to = console()
    to.print(table)
    for line in assumptions(traffic, measured):
        to.print(f"- {line}", highlight=False)


def total(parts: list[CostItem]) -> float:
    """Return the sum of the parts in US dollars."""
    return sum(part.dollars for part in parts)


def assumptions(traffic: Traffic, measured: Measured) -> list[str]:
    """Return what the costs assume, a statement each."""
    delivered = traffic.webhooks * traffic.deliveries
    return [
        f"prices of {REGION} on {AS_OF}, before any free tier or discount for volume",
        f"W = {traffic.webhooks:,} webhooks of one event each, of at most 64 KB",
        f"D = {delivered:,.0f} deliveries, {traffic.deliveries:g} of an event",
        f"B = {delivered / traffic.batch:,.0f} batches of {traffic.batch}",
        f"functions of {traffic.memory:,} MB on arm64; {traffic.cold:.1%} of starts are cold",
        *_times(traffic, measured),
        f"measured by `make bench`: {measured.about}",
        f"the ledger has been filled for its {traffic.ledger_days} days",
        "of all campaigns and Canvases one is sent to in every minute",
        f"metrics of {traffic.sources} source(s) and {traffic.rules} rule(s) in every hour",
        "nothing fails, is refused or waits",
    ]


def _times(traffic: Traffic, measured: Measured) -> list[str]:
    batch = measured.batches[traffic.batch]
    webhook = f"{measured.webhook_ms:g} ms of a webhook ({measured.cold_webhook_ms:g} cold)"
    delivery = f"{batch.cpu_ms:g} ms of a batch ({measured.cold_batch_ms:g} cold)"
    calls = f"{DYNAMODB_MS} ms for each of a batch's {batch.calls:g} calls of DynamoDB"
    return [
        f"CPU on a whole core (1,769 MB): {webhook}, {delivery}",
        f"waiting: {SQS_MS} ms for SQS, {calls}, {BRAZE_MS} ms for Braze",
    ]
