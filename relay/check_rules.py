"""`relay rules check`: what is wrong with the rules, found before they are deployed."""

import json
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from handler.core.errors import NotJson, RulesError
from handler.core.models import Plan, Verified, Webhook
from handler.core.plan import plan
from handler.core.source import Source
from relay.misread import WrongSample
from relay.missing import missing_fields
from relay.paths import EVENTS, RULES
from relay.rules.inputs import RulesArgument
from relay.rules_report import Remark, examine
from relay.rules_schema import rules_schema
from relay.samconfig import DEFAULT, Deployment, deployment
from relay.samples import Sample, samples, sources_in, strangers

app = typer.Typer(help="Rules files.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Rules files."""


@app.command()
def check(
    rules: RulesArgument = RULES,
    config_env: Annotated[
        str, typer.Option(help="Environment of samconfig.toml whose stage the rules are for.")
    ] = DEFAULT,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are mistakes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for machines.")] = False,
) -> None:
    """Say what is wrong with rules files: none may fail to load, or to render a sample event."""
    checked = deployment(config_env)
    found = sources_in(rules, checked.stage)
    said = list(_remarks(rules, checked, found))
    if as_json:
        typer.echo(json.dumps([one.json() for one in said], indent=2))
    else:
        typer.echo("\n".join(one.written() for one in said), err=True, nl=bool(said))
    if {one.level for one in said} & ({"error", "warning"} if strict else {"error"}):
        raise typer.Exit(1)
    if as_json:
        return
    count = sum(len(source.rules) for source in found.values() if isinstance(source, Source))
    typer.echo(f"{count} rules of {len(found)} sources are good (stage {checked.stage})")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of rules files, with which editors complete and explain them."""
    typer.echo(rules_schema(), nl=False)


def _remarks(
    rules: Path, checked: Deployment, found: Mapping[str, Source | RulesError]
) -> Iterator[Remark]:
    problems = [Remark("error", it) for it in rules_problems(found, checked.watched)]
    try:
        yield from examine(rules, checked.stage, list(samples(EVENTS, found)))
    except WrongSample:  # among the problems
        yield from examine(rules, checked.stage, ())
    yield from problems
    if not problems:
        yield from (Remark("note", it) for it in notes(found))


def rules_problems(
    found: Mapping[str, Source | RulesError], watched: Collection[str]
) -> Iterator[str]:
    """Yield what is wrong with the sources of a folder that load, as one or more lines each."""
    sources = {name: source for name, source in found.items() if isinstance(source, Source)}
    try:
        for sample in samples(EVENTS, sources):
            yield from _failures(sample, sources[sample.source])
    except WrongSample as error:
        yield str(error)
    if len(sources) == len(found):
        rules = {f"{name}/{rule.name}" for name, it in sources.items() for rule in it.rules}
        for name in sorted(set(watched) - rules):
            there = ", ".join(sorted(rules))
            yield f"samconfig.toml: WatchedRule {name} is no rule; there are {there}"


def notes(found: Mapping[str, Source | RulesError]) -> Iterator[str]:
    """Yield what somebody should know of rules without a problem, and of their samples."""
    yield from strangers(EVENTS, found)
    for source in found.values():
        if isinstance(source, Source):
            plans = [_planned(sample, source) for sample in samples(EVENTS, {source.name})]
            for field in missing_fields(source, plans):
                yield f"{field} for every sample in {EVENTS.name}/"


def _failures(sample: Sample, source: Source) -> Iterator[str]:
    """Yield which rules cannot make their request of a sample."""
    try:
        parked = _planned(sample, source).parked
    except NotJson as error:
        yield f"events/{sample.name}.json: {error.reason}"
        return
    for one in parked:
        yield f"events/{sample.name}.json: {source.name}/{one.rule or ''}: {one.detail}"


def _planned(sample: Sample, source: Source) -> Plan:
    now = int(time.time())
    headers = {name.lower(): value for name, value in sample.headers.items()}
    return plan(
        Verified(Webhook(source.name, "POST", headers, "", sample.content(now), now)), source
    )
