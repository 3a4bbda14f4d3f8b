"""The build step that compiles rules: what it writes, and what it says of rules with mistakes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handler import rules_build as step
from handler.compiled_rules import FILE
from handler.core.errors import RulesError
from handler.core.rules.encode_source import Variant
from handler.core.rules.load import load
from tests.handler.core.rules_files import GOOD, changed

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of rules, which has been compiled before."""
    made = tmp_path / "rules"
    made.mkdir()
    (made / "home.yaml").write_text(GOOD, encoding="utf-8")
    step.write(made)
    return made


def run(folder: Path, capsys: Capture) -> tuple[int, str]:
    code = step.main([str(folder)])
    said = capsys.readouterr()
    assert said.out == ""
    return code, said.err


def test_the_same_rules_are_compiled_to_the_same_bytes(folder: Path, capsys: Capture) -> None:
    before = (folder / FILE).read_bytes()
    assert run(folder, capsys) == (0, "")
    assert (folder / FILE).read_bytes() == before


def test_no_rules_are_compiled_to_no_sources(tmp_path: Path, capsys: Capture) -> None:
    assert run(tmp_path, capsys) == (0, "")
    assert (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "name, text, said",
    [
        (
            "shop.yaml",
            changed("${vars.campaign}", "${vars.campain}"),
            "rules/shop.yaml:8:7: vars has no campain for this stage; did you mean vars.campaign?",
        ),
        ("shop.yaml", "verify", "rules/shop.yaml:1:1: the file takes an object\n"),
        ("shop.yaml", changed("type: orders/create", "typo: x"), "rules/shop.yaml:"),
        (
            "workspaces.yaml",
            "usa: {endpoint: https://example.org}",
            "rules/workspaces.yaml:1:7: it is not",
        ),
        (
            "workspaces.yaml",
            "default: {only: {prod: [qa-*]}}",
            "rules/workspaces.yaml:1:11: only does not say whom stage dev may reach",
        ),
    ],
)
def test_a_mistake_fails_the_build_with_its_place_and_how_to_mend_it(
    folder: Path, name: str, text: str, said: str, capsys: Capture
) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    code, error = run(folder, capsys)
    assert code == 1
    assert error.startswith(said)
    assert not (folder / FILE).exists()


def test_a_mistake_of_one_stage_fails_the_build_and_names_the_stage(
    folder: Path, capsys: Capture
) -> None:
    text = changed("  dev: {campaign: c-1}", "  dev: {campaign: c-1}\n  prod: {campaing: c-2}")
    (folder / "home.yaml").write_text(text, encoding="utf-8")
    code, error = run(folder, capsys)
    mend = "did you mean vars.campaing?"
    assert (code, error) == (
        1,
        f"rules/home.yaml:9:7: vars has no campaign for this stage; {mend} (stage prod)\n",
    )


def test_mistakes_of_all_files_are_said_at_once_each_once(folder: Path, capsys: Capture) -> None:
    text = changed("  dev: {campaign: c-1}", "  dev: {campaign: c-1}\n  prod: {campaign: c-2}")
    for name in ("home", "shop"):
        wrong = text.replace("${body.id}", "${bdy.id}")
        (folder / f"{name}.yaml").write_text(wrong, encoding="utf-8")
    code, error = run(folder, capsys)
    assert code == 1
    lines = error.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["rules/home.yaml", "rules/shop.yaml"]
    assert not any("(stage" in line for line in lines)


def test_two_files_of_one_source_fail_the_build(folder: Path, capsys: Capture) -> None:
    text = f"sources: {{home: {{}}, other: {{}}}}\n{GOOD}"
    (folder / "many.yaml").write_text(text, encoding="utf-8")
    assert run(folder, capsys) == (1, "rules/many.yaml:1:1: there is a home already\n")


def test_broadcasts_are_no_mistake_for_a_deployment_may_allow_them(folder: Path) -> None:
    text = changed(
        "      recipients:\n        - external_user_id: ${body.id}\n",
        "      broadcast: true\n    allow_broadcast: true\n",
    )
    (folder / "sale.yaml").write_text(text, encoding="utf-8")
    step.write(folder)


def test_what_cannot_be_written_leaves_the_function_to_load_its_files(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load("home", GOOD, "home.yaml", "dev")
    rule: Any = replace(loaded.rules[0], send={"campaign_id": float("nan")})
    strange = replace(loaded, rules=(rule,))
    monkeypatch.setattr(step, "variants", lambda _: [Variant("home", "dev", strange, strange)])
    code, error = run(folder, capsys)
    assert (code, error) == (
        0,
        "the rules are not compiled, and each start is slower: home: ValueError\n",
    )
    assert not (folder / FILE).exists()


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["a", "b"]])
def test_without_a_folder_the_usage_is_said(arguments: list[str], capsys: Capture) -> None:
    assert step.main(arguments) == 2
    assert capsys.readouterr().err == "name the folder of rules files in the package\n"


def test_write_raises_what_a_builder_of_packages_shows(folder: Path) -> None:
    (folder / "home.yaml").write_text(changed("rules:", "rulez:"), encoding="utf-8")
    with pytest.raises(RulesError, match=r"home\.yaml:"):
        step.write(folder)
