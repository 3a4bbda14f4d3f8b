"""The tree of commands: each can be loaded, is listed in its own words, and loads what it needs."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from typer.core import TyperGroup
from typer.testing import CliRunner, Result

from relay.cli import ENTRIES, app
from relay.console.lazy_group import Entry, LazyGroup, command_of
from relay.paths import PROJECT

COLUMNS = 78  # of a terminal with 80: typer keeps the line breaks behind the first paragraph
HEAVY = {"boto3", "botocore", "aiohttp", "requests", "rich.table", "relay.simulated_braze.app"}


def entries(below: dict[str, Entry], words: tuple[str, ...] = ()) -> Iterator[tuple[str, Entry]]:
    for name, entry in below.items():
        yield " ".join([*words, name]), entry
        command = command_of(name, entry)
        if isinstance(command, LazyGroup):
            yield from entries(dict(command.entries), (*words, name))


def every_command() -> Iterator[tuple[str, str]]:
    for words, entry in entries(dict(ENTRIES)):
        command = command_of(words.rpartition(" ")[2], entry)
        below = command.commands if isinstance(command, TyperGroup) else {}
        if not below or isinstance(command, LazyGroup):
            yield words, (command.help or "")
        yield from ((f"{words} {name}", one.help or "") for name, one in below.items())


@cache
def commands() -> tuple[tuple[str, str], ...]:
    return (*every_command(),)


@pytest.mark.parametrize("words, entry", [*entries(dict(ENTRIES))])
def test_a_list_shows_a_command_by_the_first_line_of_its_own_help(words: str, entry: Entry) -> None:
    own = command_of(words.rpartition(" ")[2], entry).help or ""
    assert own.partition("\n")[0] == entry.summary


@cache
def docs() -> str:
    """Return the pages for users: architecture.md lists each command, and explains none."""
    pages = [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
    users = [it for it in pages if it.name != "architecture.md" and it.parent.name != "decisions"]
    return "\n".join(page.read_text(encoding="utf-8") for page in users)


def is_named(words: str, text: str) -> bool:
    """Return whether a text has a command, and not only one whose name begins so."""
    return bool(re.search(rf"\b(?:relay|make) {re.escape(words)}(?![\w-])", text))


@pytest.mark.parametrize("words", [*(words for words, _ in commands())])
def test_every_command_is_in_the_docs_for_users(words: str) -> None:
    assert is_named(words, docs()), words


@pytest.mark.parametrize("words", ["absent", "re", "dead", "surge li", "list"])
def test_a_command_that_a_text_does_not_have_is_missed(words: str) -> None:
    assert not is_named(words, "`relay reconcile`, `relay dead-letters`, `relay surge list`")


def helps() -> Iterator[tuple[str, str]]:
    """Yield each command that does something itself, with its help."""
    yield "sources", command_of("sources", ENTRIES["sources"]).help or ""
    found = dict(commands())  # the later help is the command's own, the former its group's
    yield from ((words, text) for words, text in found.items() if words != "rules")


@cache
def helped(words: str, text: str) -> Result:
    """Ask a command for its help, with the arguments of its one example: it reads them first."""
    (example,) = re.findall(r"^Example: relay (.+)$", text, re.MULTILINE)
    own, given = shlex.split(words), shlex.split(example)
    assert given[: len(own)] == own
    return CliRunner().invoke(app, [*own, "--help", *given[len(own) :]], terminal_width=200)


@pytest.mark.parametrize("words, text", [*helps()], ids=[words for words, _ in helps()])
def test_a_command_has_one_example_that_it_takes(words: str, text: str) -> None:
    result = helped(words, text)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("words, text", [*helps()], ids=[words for words, _ in helps()])
def test_a_command_says_its_exit_codes_in_lines_that_fit(words: str, text: str) -> None:
    *_, codes = text.split("\n\n")
    assert re.match(r"Exit codes: 0 (?s:.)+\b2\s+usage\b", codes), words
    assert [line for line in text.splitlines()[1:] if len(line) > COLUMNS] == []


@pytest.mark.parametrize(
    "asked, shown",
    [
        ("help", "--help"),
        ("help send", "send --help"),
        ("help rules check", "rules check --help"),
        ("rules help check", "rules check --help"),
    ],
)
def test_help_is_a_word_too(asked: str, shown: str) -> None:
    by_word, by_option = (CliRunner().invoke(app, words.split()) for words in (asked, shown))
    assert (by_word.exit_code, by_word.stdout) == (0, by_option.stdout)


@pytest.mark.parametrize(
    "arguments, may_load",
    [
        ("--help", set()),
        ("--version", set()),
        ("rules --help", set()),
        ("rules check", set()),
        ("rules explain shopify-order", set()),
        ("rules test", set()),
        ("sources", {"rich.table"}),
        ("send --help", {"requests", "rich.table"}),
    ],
)
def test_a_command_loads_no_more_than_it_needs(arguments: str, may_load: set[str]) -> None:
    code = (
        "import sys; from relay.cli import main\n"
        "try: main()\n"
        "finally: sys.stderr.write(' '.join(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments.split()],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    )
    assert HEAVY & set(run.stderr.decode().split()) <= may_load | (
        {"rich.table"} if "--help" in arguments else set()
    )


def test_a_command_looks_for_no_plugins_in_the_packages_that_are_installed() -> None:
    code = (
        "import sys\n"
        "def told(event, found):\n"
        "    if event == 'open' and str(found[0]).endswith('entry_points.txt'):\n"
        "        sys.exit(f'reads {found[0]}')\n"
        "sys.addaudithook(told)\n"
        "from relay.cli import main; main()"
    )
    subprocess.run([sys.executable, "-c", code, "rules", "check"], cwd=PROJECT, check=True)


@pytest.mark.parametrize("command", [["check"], ["test"], ["explain", "shopify-order"]])
def test_the_rules_folder_is_an_option_and_as_before_an_argument(command: list[str]) -> None:
    folder = str(PROJECT / "tests" / "rules")
    by_option = CliRunner().invoke(app, ["rules", *command, "--rules", folder])
    by_argument = CliRunner().invoke(app, ["rules", *command, folder])
    twice = CliRunner().invoke(app, ["rules", *command, folder, "--rules", str(PROJECT / "docs")])

    assert by_option.output == by_argument.output
    assert by_option.exit_code == by_argument.exit_code
    assert twice.exit_code == 2
    assert "give the folder of rules once" in twice.output


@pytest.mark.parametrize("words, text", [*helps()], ids=[words for words, _ in helps()])
def test_a_command_that_reads_rules_takes_their_folder_and_stage_by_the_same_options(
    words: str, text: str
) -> None:
    shown = helped(words, text).output
    assert "Folder of rules" not in shown or "--rules" in shown
    assert "`vars`" not in shown or "--stage" in shown
