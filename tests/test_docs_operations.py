"""The page for the first incident names what there is: alarms, reasons, commands; and no other."""

import ast
import re
import shlex
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner, Result

from handler.core.braze.outcome import Kind
from handler.core.models import ParkReason
from handler.core.reasons import FACTS, Place, Reason, standing
from relay.cli import app
from relay.dead_letters.letter import REASONS
from relay.paths import PROJECT, TEMPLATE
from relay.stacks.template import parse

PAGE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
FOLDERS = (PROJECT / "src" / "handler", PROJECT / "relay")  # the tools name what SQS gave up
COMMAND = re.compile(r"`(?:\.venv/bin/)?(relay [^`]+)`")


def first_cells(heading: str) -> list[str]:
    """Return the names in the first column of the table, or tables, under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def tables(heading: str) -> list[list[str]]:
    """Return the first columns of the tables under a heading, one by one."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"((?:^\|.*\n)+)", section, re.MULTILINE)
    return [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in found]


def texts(node: ast.AST | None) -> set[str]:
    """Return the words that an expression can be: a constant, or either side of a choice."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    if isinstance(node, ast.BoolOp):
        return set().union(*map(texts, node.values))
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        return {node.value}
    return set()


@cache
def nodes(leave_out: Path | None = None) -> list[ast.AST]:
    files = [file for folder in FOLDERS for file in sorted(folder.rglob("*.py"))]
    return [
        node
        for it in files
        if it != leave_out
        for node in ast.walk(ast.parse(it.read_text(encoding="utf-8")))
    ]


def entries(key: str) -> set[str]:
    """Return what the handlers write under a key of a log line."""
    return {
        text
        for node in nodes()
        if isinstance(node, ast.Dict)
        for name, value in zip(node.keys, node.values, strict=True)
        if texts(name) == {key}
        for text in texts(value)
    }


# In no delivery line: the line `not now` has the first, SQS and ingest have the others.
NOT_IN_LINES = {Reason.UNAVAILABLE, Reason.BY_SQS, Reason.REFUSED_BY_SQS}


GIVEN = [one.name for one in Reason if one not in get_args(ParkReason)]


def unwritten(reasons: Iterable[str]) -> list[str]:
    """Return the reasons that nothing gives; their own table, which names all, is left out."""
    table = PROJECT / "src" / "handler" / "core" / "reasons.py"
    names = {node.attr for node in nodes(leave_out=table) if isinstance(node, ast.Attribute)}
    return [name for name in reasons if name not in names]


def test_a_reason_that_nothing_gives_is_found() -> None:
    assert unwritten(["TOO_DEEP", *GIVEN]) == ["TOO_DEEP"]


def rows(heading: str) -> dict[str, str]:
    """Return the rows of the tables under a heading, by the name in their first column."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return {row[1]: row[0] for row in re.finditer(r"^\| `(\w+)` \|.*", section, re.MULTILINE)}


def test_each_reason_is_written_somewhere_and_has_its_facts() -> None:
    assert unwritten(GIVEN) == []
    assert set(FACTS) == set(Reason)
    assert set(get_args(ParkReason)) <= standing("dead")


@pytest.mark.parametrize(
    "heading, place", [("Reasons of dead letters", "dead"), ("Reasons of held deliveries", "held")]
)
def test_the_page_gives_for_each_end_the_command_that_answers_it(
    heading: str, place: Place
) -> None:
    found = rows(heading)
    lacking = [it for it in standing(place) if f"relay {FACTS[it].command}" not in found[it]]
    assert lacking == []


def test_each_alarm_of_the_template_is_on_the_page_and_no_other() -> None:
    resources: dict[str, Any] = parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    alarms = [name for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert sorted(first_cells("Alarms")) == sorted(alarms)


def test_each_reason_of_a_dead_letter_is_on_the_page_and_no_other() -> None:
    assert sorted(first_cells("Reasons of dead letters")) == sorted(standing("dead"))


def test_each_reason_of_a_held_delivery_is_on_the_page_and_no_other() -> None:
    assert sorted(first_cells("Reasons of held deliveries")) == sorted(standing("held"))


def test_a_filter_takes_each_reason_that_the_page_has_and_no_other() -> None:
    assert sorted(REASONS["dead"]) == sorted(first_cells("Reasons of dead letters"))
    assert sorted(REASONS["held"]) == sorted(first_cells("Reasons of held deliveries"))


def test_each_outcome_and_reason_of_the_log_line_is_on_the_page_and_no_other() -> None:
    outcomes, reasons = tables("The delivery log line")
    assert sorted(outcomes) == sorted(set(get_args(Kind)) | entries("outcome"))
    assert sorted(reasons) == sorted(set(Reason) - NOT_IN_LINES)


def shown() -> list[str]:
    return sorted(set(COMMAND.findall(PAGE)))


@pytest.mark.parametrize("line", shown())
def test_a_command_shown_exists_and_takes_the_options_shown(line: str) -> None:
    result = parsed(line)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "line",
    ["relay reconsider", "relay status --wach", "relay held release --reason"],
)
def test_a_command_that_does_not_exist_would_be_found(line: str) -> None:
    assert parsed(line).exit_code != 0


def parsed(line: str) -> Result:
    """Parse a command as the page shows it; with --help in it nothing is run."""
    words = shlex.split(line)[1:]
    own = (at for at, word in enumerate(words) if word.startswith("-") or word.isupper())
    at = next(own, len(words))
    return CliRunner().invoke(app, [*words[:at], "--help", *words[at:]])


def test_the_page_is_linked_from_the_readme() -> None:
    assert "(docs/operations.md)" in Path(PROJECT / "README.md").read_text(encoding="utf-8")
