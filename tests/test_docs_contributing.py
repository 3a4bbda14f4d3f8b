"""The pages for contributors name what there is: folders, files, targets, recipes, decisions."""

import ast
import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from relay.cli import ENTRIES
from relay.paths import PROJECT
from tests.docs_pages import page
from tests.test_imports import imports, is_below, loaded

ARCHITECTURE = page("architecture")
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECURITY = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
DECISIONS = PROJECT / "docs" / "decisions"
RECIPES = (
    "A preset",
    "An expression function",
    "A Braze endpoint",
    "A failure reason",
    "A command",
)
WORDS = (
    *("delivery", "claim", "ledger", "mark", "held", "redrive", "surge", "once", "occurrence"),
    *("batch request", "disposition", "reason", "scope of a breaker"),
)
RIDDLES = ("What", "Which", "Whether", "How", "Who", "Where", "When", "Why")
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
MODULE = re.compile(r"^\d+\. `(src/handler/[\w/]+\.py)`: ", re.MULTILINE)


def section(text: str, heading: str) -> str:
    level = heading.partition(" ")[0]
    return re.split(rf"\n#{{2,{len(level)}}} ", text.split(f"\n{heading}\n")[1])[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables in a text, without their heads."""
    lines = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    return [line.split(" | ") for line in lines if line.startswith("`")]


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def packages(folder: str) -> list[str]:
    """Return a package and those in it, as paths."""
    files = (PROJECT / folder).rglob("__init__.py")
    return sorted(str(file.parent.relative_to(PROJECT)) for file in files)


@pytest.mark.parametrize(
    "heading, folder",
    [("## Folders of the functions", "src/handler"), ("## Folders of the command", "relay")],
)
def test_each_package_has_its_row_and_no_other(heading: str, folder: str) -> None:
    told = [names(cells[0])[0] for cells in rows(section(ARCHITECTURE, heading))]
    assert sorted(told) == packages(folder)


@pytest.mark.parametrize("entry", ["ingest", "deliver"])
def test_a_package_is_loaded_by_the_functions_that_its_row_names(entry: str) -> None:
    modules = loaded(f"import handler.{entry}")
    told = {
        names(folder)[0]
        for folder, _, by in rows(section(ARCHITECTURE, "## Folders of the functions"))
        if by in (entry, "both")
    }
    found = {
        path
        for path in packages("src/handler")
        if path.removeprefix("src/").replace("/", ".") in modules
    }
    assert told == found


def test_each_command_is_in_the_row_of_the_folder_that_has_it() -> None:
    told = dict(rows(section(ARCHITECTURE, "## Folders of the command")))
    for name, entry in ENTRIES.items():
        folders = [names(folder)[0] for folder, holds in told.items() if f"`relay {name}" in holds]
        module = entry.place.partition(":")[0]
        assert any(is_below(module, {folder.replace("/", ".")}) for folder in folders), name


def test_the_vocabulary_has_each_word_once() -> None:
    table = section(ARCHITECTURE, "## Vocabulary")
    told = re.findall(r"^\| ([a-z ]+) \| ", table, re.MULTILINE)[1:]
    assert set(WORDS) <= set(told)
    assert len(told) == len(set(told))


def test_the_reading_order_names_each_file_once_from_http_to_the_answer() -> None:
    text = section(ARCHITECTURE, "## Reading order")
    files = MODULE.findall(text)
    assert re.findall(r"^(\d+)\. ", text, re.MULTILINE) == [
        str(number) for number in range(1, len(files) + 1)
    ]
    assert len(files) == len(set(files))
    assert files[0] == "src/handler/ingest.py"
    assert files[-1] == "src/handler/worker/settle.py"


def asides() -> dict[str, str]:
    """Return the files beside the reading order, each with the file that it is read at."""
    found: dict[str, str] = {}
    for at, cell in re.findall(
        r"^\| `(src/[\w/.]+)` \| (.+) \|$", section(ARCHITECTURE, "## Reading order"), re.MULTILINE
    ):
        last = at
        for name in re.findall(r"`([\w/.]+\.py)`", cell):
            last = name if "/" in name else str(Path(last).with_name(name))
            assert last not in found, last
            found[last] = at
    return found


def taken(file: str) -> set[str]:
    """Return the modules of the handler that a file imports, as paths."""
    places = {f"src/{name.replace('.', '/')}.py" for name in imports(PROJECT / file)}
    return {place for place in places if (PROJECT / place).is_file()}


def test_each_aside_exists_and_is_read_at_a_file_of_the_order() -> None:
    order = MODULE.findall(section(ARCHITECTURE, "## Reading order"))
    assert set(asides().values()) <= set(order)
    assert not set(asides()) & set(order)
    assert [file for file in asides() if not (PROJECT / file).is_file()] == []


def test_what_a_file_of_the_order_imports_is_in_the_order_or_an_aside_by_then() -> None:
    order = MODULE.findall(section(ARCHITECTURE, "## Reading order"))
    first = asides()
    late = [
        f"{file} needs {name}"
        for number, file in enumerate(order)
        for name in sorted(taken(file) - set(order))
        if name not in first or order.index(first[name]) > number
    ]
    assert late == []


@pytest.mark.parametrize("folder", ["src", "relay"])
def test_a_docstring_of_a_module_or_a_class_begins_with_its_noun(folder: str) -> None:
    riddles = [
        f"{file.relative_to(PROJECT)}: {text.splitlines()[0]}"
        for file in sorted((PROJECT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef)
        and (text := ast.get_docstring(node) or "")
        and text.split()[0] in RIDDLES
    ]
    assert riddles == []


def test_each_folder_of_tests_is_explained() -> None:
    told = section(CONTRIBUTING, "## Tests")
    folders = [file for file in (PROJECT / "tests").iterdir() if file.is_dir()]
    names_of = sorted(folder.name for folder in folders if not folder.name.startswith("_"))
    assert [name for name in names_of if f"`tests/{name}`" not in told] == []


def test_there_are_the_five_recipes() -> None:
    headings = re.findall(r"^### (.+)$", CONTRIBUTING, re.MULTILINE)
    assert headings == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_each_file_of_a_recipe_exists(name: str) -> None:
    found = rows(section(CONTRIBUTING, f"### {name}"))
    assert len(found) >= 3
    for file, change in found:
        (path,) = names(file)
        assert list(PROJECT.glob(path)), path
        beside = [word for word in names(change) if re.fullmatch(r"\w+\.py", word)]
        assert [word for word in beside if not (PROJECT / path).with_name(word).is_file()] == []


@pytest.mark.parametrize("name", RECIPES)
def test_each_test_that_a_recipe_runs_exists(name: str) -> None:
    recipe = section(CONTRIBUTING, f"### {name}")
    lines = re.findall(r"^\.venv/bin/pytest (.+)$", recipe, re.MULTILINE)
    run = [word for line in lines for word in shlex.split(line) if word.startswith("tests/")]
    assert run
    assert [path for path in run if not (PROJECT / path).exists()] == []


def test_each_target_of_make_that_is_named_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    pages = [CONTRIBUTING, SECURITY, ARCHITECTURE, *(file.read_text("utf-8") for file in RECORDS)]
    assert set(re.findall(r"`make ([a-z0-9-]+)", "\n".join(pages))) <= targets


def test_the_decisions_are_numbered_and_listed() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", index, re.MULTILINE)
    assert listed == [
        (str(number), file.read_text("utf-8").splitlines()[0].partition(". ")[2], file.name)
        for number, file in enumerate(RECORDS, start=1)
    ]


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: str(file.stem))
def test_a_decision_has_its_context_choice_evidence_and_cost(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert int(file.name[:4]) == int(text.removeprefix("# ").partition(".")[0])
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Choice", "Evidence", "Cost"]


def test_a_report_goes_through_github_and_to_no_address() -> None:
    assert "private-vulnerability-reporting" in SECURITY or "privately-reporting" in SECURITY
    assert "@" not in SECURITY


def test_the_hooks_run_programs_of_the_projects_own_environment() -> None:
    text = (PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (local,) = yaml.safe_load(text)["repos"]
    programs = {hook["entry"].split()[0] for hook in local["hooks"]}
    there = Path(sys.executable).parent
    assert local["repo"] == "local"
    assert programs == {f".venv/bin/{name}" for name in ("ruff", "mypy", "cfn-lint", "relay")}
    assert [program for program in programs if not (there / Path(program).name).exists()] == []


def test_updates_are_proposed_monthly_in_one_group_for_each_kind() -> None:
    text = (PROJECT / ".github" / "dependabot.yml").read_text(encoding="utf-8")
    updates = {one["package-ecosystem"]: one for one in yaml.safe_load(text)["updates"]}
    assert set(updates) == {"uv", "github-actions"}
    assert all(one["schedule"] == {"interval": "monthly"} for one in updates.values())
    assert all(len(one["groups"]) == 1 for one in updates.values())


def test_the_pages_are_linked_from_the_readme() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for link in (
        "docs/architecture.md",
        "docs/decisions/README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ):
        assert f"({link})" in readme, link


def test_the_decision_on_the_claim_protocol_has_the_figures_of_the_guarantees() -> None:
    record = (PROJECT / "docs/decisions/0006-own-claim-protocol.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| [^|]+ \| ([\d,]+) \| ([\d,]+) \|$", record, re.MULTILINE)
    doubles, lost = ([row[at] for row in cells] for at in (0, 1))
    page = (PROJECT / "docs/guarantees.md").read_text(encoding="utf-8")

    for name, (ours, *others) in (("avoidable doubles", doubles), ("lost", lost)):
        assert f"{name} {ours} beside {', '.join(others[:-1])} and {others[-1]};" in page
