"""docs/surprises.md: each row names a test that exists, or says that the relay does nothing yet."""

import ast
import re
from pathlib import Path

import pytest

from relay.paths import PROJECT
from tests.docs_pages import page

PAGE = page("surprises")
NOTHING, NO_TEST = "Nothing yet", "—"
SHOWN = re.compile(r"`([^`]+)`")


def rows() -> list[list[str]]:
    """Return the cells of all tables, without their heads."""
    lines = re.findall(r"^\|(?! one would guess|---)(.*)\|$", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def is_there(shown: str) -> bool:
    """Return whether a test, or a script of findings, is one of this repository."""
    place, _, name = shown.partition("::")
    file = PROJECT / place
    if place.startswith("findings/"):
        return file.is_file() and not name
    return place.startswith("tests/") and file.is_file() and name in functions(file)


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0][:40]))
def test_a_surprise_says_what_happens_where_and_what_shows_it(row: list[str]) -> None:
    guess, happens, seen, does, shown = row
    assert all((guess, happens, seen, does))
    if shown == NO_TEST:
        assert does.startswith(NOTHING)
        return
    named = SHOWN.findall(shown)
    assert SHOWN.sub("", shown).strip() == ""
    assert [it for it in named if not is_there(it)] == []


@pytest.mark.parametrize(
    "shown",
    [
        "tests/test_docs.py::test_that_never_was",
        "tests/test_no_such_file.py::test_a",
        "tests/test_docs.py",
        "findings/no-such-script.sh",
        "docs/surprises.md",
    ],
)
def test_what_does_not_exist_shows_nothing(shown: str) -> None:
    assert not is_there(shown)


def test_every_finding_is_a_surprise() -> None:
    scripts = {f"findings/{file.name}" for file in (PROJECT / "findings").glob("*.sh")}
    assert scripts.issubset(name for row in rows() for name in SHOWN.findall(row[-1]))


def test_there_is_a_row_for_each_line_of_the_tables() -> None:
    assert len(rows()) == len(re.findall(r"^\| (?!one would guess)", PAGE, re.MULTILINE)) > 50
