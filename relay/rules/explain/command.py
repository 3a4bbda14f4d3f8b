"""`relay rules explain`: why rules match or not, and where each field comes from."""

import json

import typer

from relay.console.lines import broken
from relay.console.options import RulesArgument, RulesOption, rules_folder
from relay.paths import RULES
from relay.rules.case_file import CASES
from relay.rules.explain.explanation import explained
from relay.rules.explain.wording import lines
from relay.rules.inputs import (
    CasesOption,
    EventArgument,
    JsonOption,
    StageOption,
    given_of,
    source_of,
)


def explain(  # noqa: PLR0913 - the options of a command
    event: EventArgument,
    positional: RulesArgument = None,
    *,
    rules: RulesOption = RULES,
    cases: CasesOption = CASES,
    stage: StageOption = "dev",
    as_json: JsonOption = False,
) -> None:
    """Explain why each rule matches an event or not, and where each field comes from.

    Example: relay rules explain shopify-order

    Exit codes: 0 explained (also if no rule matches), 1 the rules or the case are
    wrong, 2 usage, or there is no such event
    """
    given = given_of(event, cases)
    source = source_of(given.sample.source, rules_folder(positional, rules), stage)
    explanation = explained(given, source)
    if as_json:
        typer.echo(json.dumps(explanation, indent=2, ensure_ascii=False))
        return
    for text, colour in lines(explanation):
        typer.secho(broken(text), fg=colour)
