"""`relay rules diff`: the effect of a change of the rules, for its reviewer."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from relay.console.format import counted
from relay.console.options import RulesArgument, RulesOption, rules_folder
from relay.paths import RULES
from relay.rules.case_file import CASES
from relay.rules.diff.comparison import Comparison, compare
from relay.rules.diff.differences import Difference, FieldChange, differences
from relay.rules.diff.git import NoRevisionError, revision
from relay.rules.diff.versions import Now, Versions, with_folder, with_revision
from relay.rules.inputs import CasesOption, JsonOption, StageOption

_TWICE: Final = (
    "New ids: {count}. A rule was renamed, or its once changed: a recipient of the old message\n"
    "gets the new one too when another webhook reports the same event."
)
_SHOWN: Final = 200  # characters of a value; --json has all
_NAMED: Final = 5  # webhooks
_COLOURS: Final = {"new id": "red", "fails now": "red", "disappears": "yellow"}


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
        show(found, told)


def _versions(base: Path | None, against: str | None, now: Now) -> Versions:
    if (base is None) == (against is None):
        raise typer.BadParameter("give the rules as they were: --against REV, or a folder BASE")
    if base is not None:
        return with_folder(base, now)
    try:
        return with_revision(revision(str(against), now.rules), now)
    except NoRevisionError as error:
        raise typer.BadParameter(str(error)) from None


def show(found: Comparison, told: Sequence[Difference]) -> None:
    """Print the changes for the terminal."""
    for one in told:
        _show_difference(one)
    kinds = Counter(change.kind for change in found.changes)
    counts = ", ".join(f"{kind}: {count}" for kind, count in kinds.items()) or "nothing changes"
    typer.echo(f"{counted(found.webhooks, 'webhook')} compared; {counts}")
    if found.unseen:
        typer.echo(f"no webhook makes a request of: {', '.join(found.unseen)}")
    if kinds["new id"]:
        typer.secho(_TWICE.format(count=kinds["new id"]), fg="red", bold=True)


def _show_difference(one: Difference) -> None:
    line = f"{' -> '.join(one.rules)}: {one.kind}"
    line += f", {one.why}" if one.why else ""
    typer.secho(line, fg=_COLOURS.get(one.kind), bold=True)
    typer.secho(f"  shown by {_listed(one.webhooks)}", fg="bright_black")
    for each in one.fields:
        example = "" if each.is_one else "for example "
        typer.echo(f"  {each.path}: {example}{_values(each)}")
        if each.webhooks != one.webhooks:
            typer.secho(f"    shown by {_listed(each.webhooks)}", fg="bright_black")
    typer.echo()


def _values(change: FieldChange) -> str:
    given = change.json()
    sides = [_written(given[side]) if side in given else None for side in ("before", "after")]
    if sides[0] is None:
        return f"+ {sides[1]}"
    return f"- {sides[0]}" if sides[1] is None else f"{sides[0]} -> {sides[1]}"


def _written(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _listed(webhooks: Sequence[str]) -> str:
    left = len(webhooks) - _NAMED
    return ", ".join(webhooks[:_NAMED]) + (f" and {left} more" if left > 0 else "")
