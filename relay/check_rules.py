"""`relay rules check`: what is wrong with the rules, found before they are deployed."""

import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from handler.core.errors import NotJson, RulesError
from handler.core.models import Verified, Webhook
from handler.core.plan import plan
from handler.core.source import Source
from relay.paths import EVENTS, RULES
from relay.samconfig import deployment
from relay.samples import Sample, samples, sources_in

app = typer.Typer(help="Rules files.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Rules files."""


@app.command()
def check(
    rules: Annotated[
        Path, typer.Option(help="Folder of rules files.", exists=True, file_okay=False)
    ] = RULES,
    config_env: Annotated[
        str, typer.Option(help="Environment of samconfig.toml whose stage the rules are for.")
    ] = "default",
) -> None:
    """Say what is wrong with rules files: none may fail to load, or to render a sample event."""
    checked = deployment(config_env)
    found = sources_in(rules, checked.stage)
    problems = list(rules_problems(found, checked.watched))
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    count = sum(len(source.rules) for source in found.values() if isinstance(source, Source))
    typer.echo(f"{count} rules of {len(found)} sources are good (stage {checked.stage})")


def rules_problems(
    found: Mapping[str, Source | RulesError], watched: Collection[str]
) -> Iterator[str]:
    """Yield what is wrong with the sources of a folder, as one or more lines each."""
    sources = {name: source for name, source in found.items() if isinstance(source, Source)}
    yield from (str(source) for source in found.values() if isinstance(source, RulesError))
    for sample in samples(EVENTS, list(sources)):
        yield from _failures(sample, sources[sample.source])
    if len(sources) == len(found):
        rules = {f"{name}/{rule.name}" for name, it in sources.items() for rule in it.rules}
        for name in sorted(set(watched) - rules):
            there = ", ".join(sorted(rules))
            yield f"samconfig.toml: WatchedRule {name} is no rule; there are {there}"


def _failures(sample: Sample, source: Source) -> Iterator[str]:
    """Yield which rules cannot make their request of a sample."""
    now = int(time.time())
    headers = {name.lower(): value for name, value in sample.headers.items()}
    webhook = Webhook(source.name, "POST", headers, "", sample.content(now), now)
    try:
        parked = plan(Verified(webhook), source).parked
    except NotJson as error:
        yield f"events/{sample.name}.json: {error.reason}"
        return
    for one in parked:
        yield f"events/{sample.name}.json: {source.name}/{one.rule or ''}: {one.detail}"
