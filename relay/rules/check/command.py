"""`relay rules check`: finds mistakes in rules before they are deployed."""

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from handler.core.configuration.yaml12 import Path as YamlPath
from handler.core.errors import NotJson, RulesError
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.parse import UNREADABLE_TIME
from handler.core.planning.plan import plan
from handler.core.rules.source import Source
from relay.console.format import counted, is_or_are
from relay.console.options import RulesArgument, RulesOption, rules_folder
from relay.paths import EVENTS, RULES
from relay.rules.check.attribute_values import is_left_out
from relay.rules.check.json_schema import rules_schema
from relay.rules.check.report import (
    Remark,
    RulesFile,
    at_rule,
    examine,
    examine_file,
    stage_warnings,
    warning_at,
)
from relay.rules.check.sample_coverage import (
    missing_fields,
    seen_events,
    time_of,
    unknown_times,
    unreached,
    unseen_event,
)
from relay.rules.check.warnings import shared_secrets
from relay.stacks.samconfig import DEFAULT, Deployment, deployment, stages
from relay.webhooks.samples import NOW, Sample, WrongSample, samples, samples_left_out, sources_in

_ONE_OF_MANY = ": a filter [?..] gives a list, write ... | [0].x"


def check(  # noqa: PLR0913 - the options of a command
    positional: RulesArgument = None,
    *,
    rules: RulesOption = RULES,
    config_env: Annotated[
        str, typer.Option(help="Environment of samconfig.toml whose stage applies.")
    ] = DEFAULT,
    stage: Annotated[
        str | None, typer.Option(help="Stage whose `vars` the rules use, if not that one's.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a list of remarks.")] = False,
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Annotate the lines, in a workflow of GitHub.")
    ] = False,
) -> None:
    """Check rules files: every one must load, and render each of its sample events.

    Example: relay rules check --strict

    Exit codes: 0 no error, 1 an error (with --strict also a warning), 2 usage, or
    a mistake in samconfig.toml
    """
    rules = rules_folder(positional, rules)
    checked = deployment(config_env)
    if stage:
        checked = replace(checked, parameters={**checked.parameters, "RulesStage": stage})
    found = sources_in(rules, checked.stage)
    said = list(_remarks(rules, checked, found))
    if as_json:
        typer.echo(json.dumps([one.json() for one in said], indent=2))
    else:
        typer.echo("\n".join(one.written() for one in said), err=True, nl=bool(said))
    if annotate:
        typer.echo("\n".join(one.annotation() for one in said), err=True, nl=bool(said))
    if {one.level for one in said} & ({"error", "warning"} if strict else {"error"}):
        raise typer.Exit(1)
    if as_json:
        return
    count = sum(len(source.rules) for source in found.values() if isinstance(source, Source))
    rules_of = f"{counted(count, 'rule')} of {counted(len(found), 'source')}"
    typer.echo(f"{rules_of} {is_or_are(count)} good (stage {checked.stage})")


def schema() -> None:
    """Print the JSON Schema of rules files, for completion and help in editors.

    Example: relay rules schema

    Exit codes: 0 printed, 2 usage
    """
    typer.echo(rules_schema(), nl=False)


def _remarks(
    rules: Path, checked: Deployment, found: Mapping[str, Source | RulesError]
) -> Iterator[Remark]:
    problems = _placed(rules, rules_problems(found, checked.watched))
    webhooks = _samples_of(found)
    yield from examine(rules, checked.stage, webhooks, checked.workspace)
    yield from problems
    yield from stage_warnings(rules, {checked.stage, *stages()})
    yield from (warning_at(rules, *one) for one in _unknowns(found, webhooks))
    loaded = [source for source in found.values() if isinstance(source, Source)]
    yield from (Remark("warning", one) for one in shared_secrets(loaded))
    if not checked.broadcasts:
        yield from (Remark("note", one) for one in _broadcasts(found))
    if not problems:
        yield from (Remark("note", one) for one in notes(found))


def remarks_on(
    file: RulesFile, stage: str, found: Mapping[str, Source | RulesError], others: Collection[str]
) -> Iterator[Remark]:
    """Yield the remarks that have a place in one file, whose text need not be saved.

    `found` are its own sources, `others` the names of those of other files.
    """
    webhooks = _samples_of(found)
    yield from examine_file(file, stage, webhooks, others)
    yield from _placed(file, rules_problems(found, ()))
    yield from (warning_at(file, *one) for one in _unknowns(found, webhooks))


def _placed(rules: Path | RulesFile, problems: Iterable["Failure"]) -> list[Remark]:
    return [
        at_rule(rules, *one.rule, one.text) if one.rule else Remark("error", one.text)
        for one in problems
    ]


def _samples_of(found: Mapping[str, Source | RulesError]) -> list[Sample]:
    try:
        return list(samples(EVENTS, found))
    except WrongSample:  # reported among the problems
        return []


class Failure(NamedTuple):
    """A problem of a sample or of a deployment; `rule` is its source and name, where it has one."""

    text: str
    rule: tuple[str, str] | None = None


def rules_problems(
    found: Mapping[str, Source | RulesError], watched: Collection[str]
) -> Iterator[Failure]:
    """Yield the problems of the sources that load, each as one or more lines."""
    sources = {name: source for name, source in found.items() if isinstance(source, Source)}
    try:
        for sample in samples(EVENTS, sources):
            yield from failures(sample, sources[sample.source])
    except WrongSample as error:
        yield Failure(str(error))
    if len(sources) == len(found):
        rules = {f"{name}/{rule.name}" for name, one in sources.items() for rule in one.rules}
        for name in sorted(set(watched) - rules):
            there = ", ".join(sorted(rules))
            text = f"samconfig.toml: WatchedRule {name} is no rule; there are {there}"
            yield Failure(text)


def notes(found: Mapping[str, Source | RulesError]) -> Iterator[str]:
    """Yield notes on sources without a problem, and on their samples."""
    yield from samples_left_out(EVENTS, found)
    for source in found.values():
        if isinstance(source, Source):
            own = list(samples(EVENTS, {source.name}))
            plans = [_planned(sample, source) for sample in own]
            for sample, made in zip(own, plans, strict=True):
                yield from _too_late(sample, source, made)
            for field in missing_fields(source, plans):
                yield f"{field} for every sample in {EVENTS.name}/"


def _unknowns(
    found: Mapping[str, Source | RulesError], webhooks: Sequence[Sample]
) -> Iterator[tuple[str, YamlPath, str]]:
    """Yield what a source or its rules read, and no sample has: its source, path and text."""
    for source in found.values():
        if isinstance(source, Source):
            seen = seen_events(source, webhooks)
            unknown = (
                *unseen_event(source, webhooks),
                *unreached(source, seen),
                *unknown_times(source, seen),
            )
            yield from ((source.name, *one) for one in unknown)


def _broadcasts(found: Mapping[str, Source | RulesError]) -> Iterator[str]:
    """Yield the rules that keep their source from loading where broadcasts are not allowed."""
    for name, source in found.items():
        for rule in source.rules if isinstance(source, Source) else ():
            if rule.is_broadcast:
                yield (
                    f"{name}/{rule.name} is a broadcast: {name} answers 503 unless the deployment "
                    "has AllowBroadcast=true, which samconfig.toml does not say"
                )


def failures(sample: Sample, source: Source) -> Iterator[Failure]:
    """Yield the rules that cannot make their request of a sample."""
    file = f"events/{sample.name}.json"
    try:
        made = _planned(sample, source)
    except NotJson as error:
        yield Failure(f"{file}: {error.reason}")
        return
    for parked in made.parked:
        if parked.reason != "expired":  # it could be rendered
            text = f"{file}: {source.name}/{parked.rule or ''}: {parked.detail}"
            yield Failure(text, (source.name, parked.rule or ""))
    for text in made.warnings:
        if text == UNREADABLE_TIME or is_left_out(text):
            continue  # a warning
        mend = _ONE_OF_MANY if text.endswith("is a list") else ""
        yield Failure(f"{file}: {source.name}/{text}{mend}", (source.name, text.partition(":")[0]))


def _too_late(sample: Sample, source: Source, made: Plan) -> Iterator[str]:
    """Yield the rules for which a sample is too old, and how to keep it from that."""
    late = [parked for parked in made.parked if parked.reason == "expired"]
    mend = _renewed(sample, source) if late else ""
    for parked in late:
        yield f"events/{sample.name}.json: {source.name}/{parked.rule}: {parked.detail}{mend}"


def _renewed(sample: Sample, source: Source) -> str:
    """Return how to write a sample that is never too old."""
    types = [event.type for _, event in seen_events(source, [sample])]
    where = next(filter(None, (time_of(source, one) for one in types)), "")
    return f': write "{NOW}" where its time stands ({where})' if where else ""


def _planned(sample: Sample, source: Source) -> Plan:
    now = int(time.time())
    headers = {name.lower(): value for name, value in sample.headers.items()}
    return plan(
        Verified(Webhook(source.name, "POST", headers, "", sample.content(now), now)), source
    )
