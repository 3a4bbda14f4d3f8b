"""The page for the first incident names what there is: alarms, reasons, commands; and no other."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from samtranslator.yaml_helper import yaml_parse
from typer.testing import CliRunner, Result

from handler.core.braze.outcome import Kind
from handler.core.models import ParkReason
from relay.cli import app
from relay.dead_letters.letter import BY_SQS, HELD_REASONS, REASONS
from relay.paths import PROJECT, TEMPLATE

PAGE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
HANDLER = PROJECT / "src" / "handler"
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


def calls(name: str) -> Iterator[ast.Call]:
    for node in nodes():
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
            yield node


def nodes() -> Iterator[ast.AST]:
    for file in sorted(HANDLER.rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def arguments(name: str, at: int) -> set[str]:
    return set().union(*(texts(call.args[at]) for call in calls(name) if len(call.args) > at))


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


def named(variable: str) -> set[str]:
    """Return what is put into a variable of that name."""
    return {
        text
        for node in nodes()
        if isinstance(node, ast.Assign)
        if variable in {getattr(target, "id", "") for target in node.targets}
        for text in texts(node.value)
    }


def returned(function: str) -> set[str]:
    return {
        text
        for node in nodes()
        if isinstance(node, ast.FunctionDef) and node.name == function
        for one in ast.walk(node)
        if isinstance(one, ast.Return)
        for text in texts(one.value)
    }


# Why there is no further attempt, whatever the last one came to.
LAST = named("past") | returned("_lost_too_often")
PARKED = set(get_args(ParkReason))


def reasons_of_lines() -> set[str]:
    attempts = arguments("Outcome", 1) | returned("_fault") | named("reason")
    waits = arguments("wait_again", 1) | arguments("_Stop", 0)
    # A bug or AWS away is told of by a line of its own, `not now`.
    return (attempts | waits | entries("reason") | LAST | HELD_REASONS | PARKED) - {"unavailable"}


def reasons_of_letters() -> set[str]:
    rejected = {
        text
        for call in calls("Outcome")
        if texts(call.args[0]) == {"rejected"}
        for text in texts(call.args[1]) | named("reason")
    }
    # Held ones have a table of their own.
    buried = rejected | arguments("Cause", 0) | LAST | PARKED | {BY_SQS}
    return buried - HELD_REASONS


def test_each_alarm_of_the_template_is_on_the_page_and_no_other() -> None:
    resources: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    alarms = [name for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert sorted(first_cells("Alarms")) == sorted(alarms)


def test_each_reason_of_a_dead_letter_is_on_the_page_and_no_other() -> None:
    assert sorted(first_cells("Reasons of dead letters")) == sorted(reasons_of_letters())


def test_each_reason_of_a_held_delivery_is_on_the_page_and_no_other() -> None:
    assert sorted(first_cells("Reasons of held deliveries")) == sorted(HELD_REASONS)


def test_a_filter_takes_each_reason_that_the_page_has_and_no_other() -> None:
    assert sorted(REASONS["dead"]) == sorted(first_cells("Reasons of dead letters"))
    assert sorted(REASONS["held"]) == sorted(first_cells("Reasons of held deliveries"))


def test_each_outcome_and_reason_of_the_log_line_is_on_the_page_and_no_other() -> None:
    outcomes, reasons = tables("The delivery log line")
    assert sorted(outcomes) == sorted(set(get_args(Kind)) | entries("outcome"))
    assert sorted(reasons) == sorted(reasons_of_lines())


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
