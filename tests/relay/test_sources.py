"""`relay sources`: what is printed loads, and is the very same source."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from handler.core.rules.load import load
from handler.core.verification.presets.catalogue import PRESETS
from relay.cli import app
from tests.handler.core.rules_files import RULES, source_of


def printed(*arguments: str) -> str:
    run = CliRunner().invoke(app, ["sources", *arguments])
    assert run.exit_code == 0
    return run.stdout


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_shown_of_a_preset_can_be_pasted_and_is_the_same_source(name: str) -> None:
    pasted = load("shop", f"{printed('show', name)}{RULES}", "shop.yaml", "dev")
    assert replace(pasted, version="") == replace(source_of(name), version="")


def test_every_preset_is_listed_with_what_one_copies_whole_in_a_line() -> None:
    lines = printed().splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == list(PRESETS)
    pages = [line.split()[1] for line in lines if line.startswith("  page ")]
    assert pages == [preset["document"] for preset in PRESETS.values()]
    for preset in PRESETS.values():
        ids = preset["event"].get("id", {})
        for expression in [ids] if isinstance(ids, str) else ids.values():
            assert any(line.endswith(expression) for line in lines)


def test_the_list_has_a_name_of_its_own_as_in_other_groups() -> None:
    alone, named = (CliRunner().invoke(app, ["sources", *words]) for words in ([], ["list"]))
    assert (named.exit_code, named.stdout) == (0, alone.stdout)


def test_an_unknown_preset_says_what_was_probably_meant() -> None:
    run = CliRunner().invoke(app, ["sources", "show", "strype"])
    assert run.exit_code == 2
    assert "did you mean stripe?" in run.stderr
