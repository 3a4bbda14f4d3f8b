"""`relay rules test`: the cases of a folder against the rules that Lambda would run."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from handler.core.errors import Finding, RulesError
from handler.core.rules.source import Source
from relay.console.format import counted, is_or_are
from relay.console.options import RulesArgument, RulesOption, rules_folder
from relay.paths import RULES
from relay.rules.case_file import CASES, Case, Gone, read_cases
from relay.rules.cases.coverage import Branch, branches, reached
from relay.rules.cases.result import asked, expected, is_same, outcome, update, without_targets
from relay.rules.inputs import CasesOption, JsonOption, StageOption
from relay.rules.plan_document import Outcome
from relay.rules.webhooks import events, planned, verified
from relay.rules.yaml_text import differences, say
from relay.webhooks.samples import sources_in

Sources = Mapping[str, Source | RulesError]
CASES_STAGE = "dev"  # whose `vars` cases expect
_UNWRITTEN = "expect is missing; --update writes what comes of it"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a case; `expected` is None where its file has no `expect`."""

    case: Case
    expected: Outcome | None
    actual: Outcome
    reached: frozenset[Branch]

    @property
    def is_good(self) -> bool:
        """Whether the outcome is exactly the expected one."""
        return self.expected is not None and is_same(self.expected, self.actual)

    @property
    def is_renamed(self) -> bool:
        """Whether the outcome differs only in ids of campaigns and Canvases."""
        if self.expected is None:
            return False
        return is_same(without_targets(self.expected), without_targets(self.actual))


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a run; `mistakes` are of files that cannot be read or run."""

    results: tuple[Result, ...]
    mistakes: tuple[Finding, ...]
    branches: tuple[Branch, ...]
    unread: int  # cases without a result
    gone: tuple[str, ...] = ()  # folders of cases whose source or sample does not exist

    @property
    def uncovered(self) -> list[Branch]:
        """The branches that no case takes."""
        covered = {branch for result in self.results for branch in result.reached}
        return [branch for branch in self.branches if branch not in covered]

    @property
    def renamed(self) -> int:
        """The number of cases that differ only in ids of campaigns and Canvases."""
        return sum(not one.is_good and one.is_renamed for one in self.results)

    @property
    def is_good(self) -> bool:
        """Whether there are cases and every one of them is good."""
        return not self.mistakes and all(result.is_good for result in self.results)


def run_cases(  # noqa: PLR0913 - the options of a command
    positional: RulesArgument = None,
    *,
    rules: RulesOption = RULES,
    cases: CasesOption = CASES,
    stage: StageOption = CASES_STAGE,
    as_json: JsonOption = False,
    is_update: Annotated[
        bool, typer.Option("--update", help="Show the differences, then write them into the cases.")
    ] = False,
) -> None:
    """Run the cases of the rules: each expects exact requests.

    Example: relay rules test --update

    Exit codes: 0 every case is good, or updated, 1 a case differs, or a file is
    wrong, 2 usage
    """
    report = run(sources_in(rules_folder(positional, rules), stage), cases)
    if as_json:
        typer.echo(json.dumps(described(report), indent=2, ensure_ascii=False))
    else:
        show(report)
    is_good = _update(report, err=as_json) if is_update else report.is_good
    raise typer.Exit(0 if is_good else 1)


def run(sources: Sources, folder: Path) -> Report:
    """Run all cases of a folder."""
    found = list(read_cases(folder))
    mistakes = [one for error in [*sources.values(), *found] for one in _findings(error)]
    if not found:
        mistakes.append(Finding(str(folder), 1, 1, "there is no case (SOURCE/CLAIM.yaml)"))
    results = []
    for case in found:
        if isinstance(case, Case):
            made = _run(case, sources.get(case.name.partition("/")[0]))
            mistakes += [made] if isinstance(made, Finding) else []
            results += [made] if isinstance(made, Result) else []
    loaded = [one for one in sources.values() if isinstance(one, Source)]
    every = tuple(branch for source in loaded for branch in branches(source))
    unread, gone = len(found) - len(results), tuple(dict.fromkeys(_gone(found, sources)))
    return Report(tuple(results), tuple(mistakes), every, unread, gone)


def _gone(found: Iterable[Case | RulesError], sources: Sources) -> Iterator[str]:
    """Yield the folders of the cases whose source or sample does not exist."""
    for case in found:
        if isinstance(case, Gone):
            yield str(Path(case.findings[0].file).parent)
        elif isinstance(case, Case) and case.file.parent.name not in sources:
            yield str(Path(case.document.file).parent)


def described(report: Report) -> dict[str, Any]:
    """Return a report as JSON."""
    uncovered = report.uncovered
    return {
        "passed": report.is_good,
        "cases": [_described(one) for one in report.results],
        "mistakes": [
            {"file": one.file, "line": one.line, "column": one.column, "message": one.message}
            for one in report.mistakes
        ],
        "coverage": {
            "branches": len(report.branches),
            "covered": len(report.branches) - len(uncovered),
            "uncovered": [
                {"source": one.source, "rule": one.rule, "branch": one.what} for one in uncovered
            ],
        },
    }


def _described(result: Result) -> dict[str, Any]:
    return {
        "case": result.case.name,
        "passed": result.is_good,
        "expected": result.expected,
        "actual": result.actual,
    }


def _findings(error: Source | Case | RulesError) -> tuple[Finding, ...]:
    return error.findings if isinstance(error, RulesError) else ()


def _run(case: Case, source: Source | RulesError | None) -> Result | Finding | None:
    if isinstance(source, RulesError):
        return None  # its findings are reported once
    if source is None:
        return case.document.finding((), f"there is no source {case.file.parent.name}")
    found = outcome(planned(case.given, source))
    covered = {
        branch
        for event in events(verified(case.given, source), source)
        for branch in reached(event, source)
    }
    wanted = None if case.expect is None else expected(case.expect)
    return Result(case, wanted, asked(found, case.expect), frozenset(covered))


def show(report: Report) -> None:
    """Print a report for the terminal: what fails comes last, where it is seen."""
    for note in (one for result in report.results for one in result.case.notes):
        typer.secho(f"{note.file}:{note.line}:{note.column}: note: {note.message}", fg="blue")
    _show_coverage(report)
    for mistake in report.mistakes:
        typer.secho(str(mistake), fg="red")
    for result in report.results:
        if not result.is_good:
            _show_failure(result)
    good = sum(result.is_good for result in report.results)
    every = len(report.results) + report.unread
    unread = f", {report.unread} cannot be read" if report.unread else ""
    typer.echo(f"{good} of {counted(every, 'case')} {is_or_are(every)} good{unread}")
    for text in _mends(report):
        typer.secho(text, fg="yellow")


def _mends(report: Report) -> Iterator[str]:
    """Yield remedies for cases that are not wrong themselves."""
    if report.renamed:
        yield (
            f"cases that differ in ids of campaigns or Canvases alone: {report.renamed};"
            " `relay rules test --update` writes the ids of your rules into them"
        )
    if report.gone:
        yield (
            f"cases of a source or sample that is not there ({', '.join(report.gone)}):"
            " delete those of what you have deleted"
        )


def _show_failure(result: Result) -> None:
    typer.secho(f"{result.case.document.file}: {_line(result)}", fg="red", bold=True)
    say(differences(result.expected, result.actual))
    typer.echo()


def _line(result: Result) -> str:
    return _UNWRITTEN if result.expected is None else "- is expected, + came"


def _show_coverage(report: Report) -> None:
    uncovered = report.uncovered
    covered = len(report.branches) - len(uncovered)
    every = counted(len(report.branches), "branch")
    typer.echo(f"{covered} of {every} of the rules {is_or_are(len(report.branches))} covered")
    for rule in dict.fromkeys((one.source, one.rule) for one in uncovered):
        typer.echo(f"  {'/'.join(rule)}: no case covers these branches:")
        for branch in uncovered:
            if (branch.source, branch.rule) == rule:
                typer.echo(f"    {branch.what}")


def _update(report: Report, *, err: bool) -> bool:
    """Write the outcomes into the cases that differ; return whether all is good now."""
    is_good, count = not report.mistakes, 0
    for result in report.results:
        if not result.is_good:
            try:
                update(result.case, result.actual)
                typer.echo(f"{result.case.document.file} is written", err=err)
                count += 1
            except RulesError as error:
                typer.echo(str(error), err=True)
                is_good = False
    good = sum(result.is_good for result in report.results) + count
    every = len(report.results) + report.unread
    now = f"{good} of {counted(every, 'case')} {is_or_are(every)} good now"
    typer.echo(
        f"{counted(count, 'case')} {'was' if count == 1 else 'were'} written: {now}", err=err
    )
    return is_good
