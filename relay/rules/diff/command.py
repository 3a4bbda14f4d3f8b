"""`relay rules diff`: the effect of a change of the rules, for its reviewer."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from relay.console.options import RulesArgument, RulesOption, rules_folder
from relay.paths import RULES
from relay.rules.case_file import CASES
from relay.rules.diff.comparison import compare
from relay.rules.diff.differences import differences
from relay.rules.diff.display import lines
from relay.rules.diff.git import NoRevisionError, revision
from relay.rules.diff.versions import Now, Versions, with_folder, with_revision
from relay.rules.inputs import CasesOption, JsonOption, StageOption


def _folder(base: Path | None) -> Path | None:
    """Refuse a base that is no folder, such as a commit."""
    if base is not None and not base.is_dir():
        raise typer.BadParameter(f"{base} is no folder; for a commit: --against {base}")
    return base


def diff(  # noqa: PLR0913 - the options of a command
    base: Annotated[
        Path | None,
        typer.Argument(
            help="Folder of the rules as they were.",
            metavar="BASE",
            callback=_folder,
            show_default=False,
        ),
    ] = None,
    positional: RulesArgument = None,
    *,
    against: Annotated[
        str | None,
        typer.Option(help="Git revision of the rules as they were.", metavar="REV"),
    ] = None,
    rules: RulesOption = RULES,
    cases: CasesOption = CASES,
    stage: StageOption = "dev",
    as_json: JsonOption = False,
) -> None:
    """Compare the requests that two versions of the rules make of samples and cases.

    All samples of events/ and all cases are compared, with --against also those
    of the revision. Uncommitted changes count.

    Example: relay rules diff --against origin/main

    Exit codes: 0 compared (also if requests differ), 1 the rules or a sample are
    wrong, 2 usage, BASE is no folder, or there is no such revision
    """
    now = Now(rules_folder(positional, rules), cases, stage)
    versions = _versions(base, against, now)
    for note in versions.notes:
        typer.echo(note, err=True)
    found = compare(versions.base, versions.new, versions.webhooks, versions.alike)
    told = differences(found.changes)
    if as_json:
        more = {"differences": [one.json() for one in told], "notes": versions.notes}
        typer.echo(json.dumps(asdict(found) | more, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(lines(found, told)))


def _versions(base: Path | None, against: str | None, now: Now) -> Versions:
    if (base is None) == (against is None):
        raise typer.BadParameter("give the rules as they were: --against REV, or a folder BASE")
    if base is not None:
        return with_folder(base, now)
    try:
        return with_revision(revision(str(against), now.rules), now)
    except NoRevisionError as error:
        raise typer.BadParameter(str(error)) from None
