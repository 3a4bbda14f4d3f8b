"""`relay rules diff`: the effect of a change of the rules, for its reviewer."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from relay.console.format import counted
from relay.console.options import RulesArgument, RulesOption, rules_folder
from relay.paths import EVENTS, RULES
from relay.rules.case_file import CASES, Case, read_cases
from relay.rules.diff.comparison import Change, Comparison, compare
from relay.rules.inputs import CasesOption, JsonOption, StageOption
from relay.rules.webhooks import Given
from relay.rules.yaml_text import differences, say
from relay.webhooks.samples import load_sources, samples

_TWICE: Final = (
    "New ids: {count}. A rule was renamed, or its once changed: a recipient of the old message\n"
    "gets the new one too when another webhook reports the same event."
)
_COLOURS: Final = {"new id": "red", "fails now": "red", "disappears": "yellow"}


def _folder(base: Path) -> Path:
    """Refuse a base that is no folder, such as a commit."""
    if not base.is_dir():
        archive = f"git archive {base} src/rules | tar -x -C OTHER, then OTHER/src/rules"
        raise typer.BadParameter(f"give a folder, not {base}; for a commit: {archive}")
    return base


def diff(  # noqa: PLR0913 - the options of a command
    base: Annotated[
        Path,
        typer.Argument(help="Folder of the rules as they were.", metavar="BASE", callback=_folder),
    ],
    positional: RulesArgument = None,
    *,
    rules: RulesOption = RULES,
    cases: CasesOption = CASES,
    stage: StageOption = "dev",
    as_json: JsonOption = False,
) -> None:
    """Compare the requests that two versions of the rules make of samples and cases.

    All samples of events/ and all cases are compared.

    Example: relay rules diff /tmp/base/src/rules

    Exit codes: 0 compared (also if requests differ), 1 the rules or a sample are
    wrong, 2 usage, or BASE is no folder
    """
    now = rules_folder(positional, rules)
    versions = load_sources(base, stage), load_sources(now, stage)
    found = compare(*versions, _webhooks({*versions[0], *versions[1]}, cases))
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        _show(found)


def _webhooks(sources: set[str], cases: Path) -> dict[str, Given]:
    found = {f"events/{one.name}.json": Given(one) for one in samples(EVENTS, sources)}
    for case in read_cases(cases):
        if isinstance(case, Case):
            found[f"case {case.name}"] = case.given
        else:
            typer.echo(f"left out: {case}", err=True)
    return found


def _show(found: Comparison) -> None:
    for change in found.changes:
        _show_change(change)
    kinds = Counter(change.kind for change in found.changes)
    counts = ", ".join(f"{kind}: {count}" for kind, count in kinds.items()) or "nothing changes"
    typer.echo(f"{counted(found.webhooks, 'webhook')} compared; {counts}")
    if found.unseen:
        typer.echo(f"no webhook makes a request of: {', '.join(found.unseen)}")
    if kinds["new id"]:
        typer.secho(_TWICE.format(count=kinds["new id"]), fg="red", bold=True)


def _show_change(change: Change) -> None:
    rules = dict.fromkeys(one["rule"] for one in (change.before, change.after) if one)
    line = f"{change.webhook}: {' -> '.join(str(one) for one in rules)}: {change.kind}"
    line += f", {change.why}" if change.why else ""
    typer.secho(line, fg=_COLOURS.get(change.kind), bold=True)
    say(differences(change.before, change.after))
    typer.echo()
