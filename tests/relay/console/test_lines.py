"""Lines that a command prints: whole where one copies, broken between words on a terminal."""

import os
import shutil
from types import SimpleNamespace

import pytest

from relay.console import lines
from relay.console.lines import block, broken

LONG = "    email_subscribe is left out: nothing that this sender signs says whose address it is"
ID = "guest-8230d1cd61891c0d376f683eaf178b2d7b481981321103b53f91f7c603912c7d" * 2


@pytest.fixture
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard output be a terminal of 80 columns."""
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(lines, "sys", SimpleNamespace(stdout=terminal))
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((80, 24)))


def test_a_block_lines_up_its_values_and_breaks_none() -> None:
    assert block("head", [("a", ID), ("longer", "one\ntwo")]) == (
        f"head\n  a       {ID}\n  longer  one\n          two"
    )


@pytest.mark.usefixtures("eighty")
def test_on_a_terminal_a_line_breaks_between_words_and_the_rest_stands_deeper() -> None:
    first, rest = broken(LONG).splitlines()
    assert len(first) <= 80
    assert rest.startswith("        ")
    assert f"{first} {rest.strip()}" == LONG


@pytest.mark.usefixtures("eighty")
def test_a_word_that_is_longer_than_the_terminal_stays_whole() -> None:
    assert ID in broken(f"  external_user_id = {ID} (of the guest)")
    assert broken("  a-b c") == "  a-b c"


def test_without_a_terminal_a_line_is_as_it_is() -> None:
    assert broken(LONG * 3) == LONG * 3
