"""`relay plan`: the requests that the rules make of one webhook, as JSON."""

import json
from collections.abc import Iterator
from typing import Any

import typer

from handler.core.models import Plan
from relay.console.options import RulesOption
from relay.paths import RULES
from relay.rules.case_file import CASES
from relay.rules.inputs import CasesOption, EventArgument, StageOption, given_of, source_of
from relay.rules.plan_document import delivered, parked
from relay.rules.webhooks import planned


def plan(
    event: EventArgument,
    rules: RulesOption = RULES,
    cases: CasesOption = CASES,
    stage: StageOption = "dev",
) -> None:
    """Print the requests that the rules make of a webhook, as JSON; nothing is sent.

    Example: relay plan shopify-order

    Exit codes: 0 printed (also if no rule matches), 1 the rules do not load,
    2 usage, or there is no such event
    """
    given = given_of(event, cases)
    source = source_of(given.sample.source, rules, stage)
    made = planned(given, source)
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
