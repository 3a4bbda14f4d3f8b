"""`relay plan`: the requests that the rules make of one webhook, as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from handler.core.models import Plan
from relay.console.options import RulesOption
from relay.paths import RULES
from relay.rules.inputs import StageOption, sample_of, source_of
from relay.rules.plan_document import delivered, parked
from relay.rules.webhooks import Given, planned


def plan(
    webhook: Annotated[
        Path,
        typer.Argument(
            help="JSON file: source, headers, body.",
            metavar="WEBHOOK",
            exists=True,
            dir_okay=False,
        ),
    ],
    rules: RulesOption = RULES,
    stage: StageOption = "dev",
) -> None:
    """Print the requests that the rules make of a webhook, as JSON; nothing is sent.

    Example: relay plan events/shopify-order.json

    Exit codes: 0 printed (also if no rule matches), 1 the rules do not load,
    2 usage, or the file is no webhook
    """
    sample = sample_of(webhook)
    source = source_of(sample.source, rules, stage)
    made = planned(Given(sample), source)
    for line in _remarks(made):
        typer.echo(line, err=True)
    typer.echo(json.dumps(described(made), indent=2, ensure_ascii=False))


def described(made: Plan) -> dict[str, Any]:
    """Return a plan as JSON."""
    return {
        "deliveries": [delivered(one) for one in made.deliveries],
        "failures": [parked(one) for one in made.parked],
    }


def _remarks(made: Plan) -> Iterator[str]:
    yield "the signature was not verified: the webhook is taken for its sender's"
    yield from (f"{one.rule}: not matched, {one.why}" for one in made.unmatched)
    yield from (f"{one.rule}: in shadow, so not among the deliveries" for one in made.shadow)
