"""The check of a text that is not saved says what `relay rules check` says of the saved file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from relay.cli import app
from relay.page.bench.drafts import Draft, Drafts, Setting
from relay.page.bench.remarks import Remarks, checked, folded, in_order
from relay.paths import PROJECT
from relay.rules.check.report import Remark, RulesFile

TEXT = (PROJECT / "tests" / "rules" / "shopify.yaml").read_text(encoding="utf-8")
WARNED = TEXT.replace("!(body.test)", "body.tset == 'a'", 1).replace("once: ${body.id}\n", "\n", 1)
TEXTS = {
    "good": TEXT,
    "warned": WARNED,
    "misspelt": TEXT.replace("priority:", "priorty:"),
    "no sample is rendered": TEXT.replace("[attributes.email]", "[attributes.phone]"),
    "misshapen": TEXT.replace("5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24", "5a8d0f2e-93b1"),
    "in one stage": TEXT.replace("    welcome: c27b64d8-0e15-4f3a-b9c8-72a1d5e6f083\n", ""),
    "no YAML": TEXT.replace('"!(body.test)"', '"!(body.test)'),
    "empty": "",
}
BROKEN = sorted((PROJECT / "tests" / "broken").glob("*.yaml"))[::20]


def of_the_command(folder: Path) -> list[Remark]:
    command = ["rules", "check", "--rules", str(folder), "--stage", "dev", "--json"]
    said = json.loads(CliRunner().invoke(app, command).stdout)
    return [Remark(**one) for one in said if "line" in one]


def typed(place: Path, text: str) -> list[Remark]:
    return [
        replace(one, caret=0) for one in checked(RulesFile.typed(place, text, "dev"), "dev", ())
    ]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_remarks_are_those_of_the_command(tmp_path: Path, text: str) -> None:
    place = tmp_path / "shopify.yaml"
    place.write_text("verify: {}\n", encoding="utf-8")  # what is saved does not count
    found = typed(place, text)
    place.write_text(text, encoding="utf-8")
    assert found == of_the_command(tmp_path)


def test_so_are_those_on_files_with_a_mistake(tmp_path: Path) -> None:
    for file in BROKEN:
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    found = [
        one
        for file in BROKEN
        for one in typed(tmp_path / file.name, file.read_text(encoding="utf-8"))
    ]
    assert {one.message for one in found if one.level == "error"}
    assert set(found) == set(of_the_command(tmp_path))


def test_a_source_of_another_file_is_a_mistake_here(tmp_path: Path) -> None:
    text = TEXT.replace("rules:\n", "sources: {eu: {}, us: {}}\nrules:\n")
    file = RulesFile.typed(tmp_path / "shopify.yaml", text, "dev")
    assert "there is a us already" in [one.message for one in checked(file, "dev", {"us"})]


def draft(file: RulesFile) -> Draft:
    return Drafts().draft(file.text, Setting(file.shown, "shopify", "dev", file.reach))


def test_what_was_said_of_a_rule_stays_at_it_until_it_is_changed(tmp_path: Path) -> None:
    kept, place = Remarks(), tmp_path / "shopify.yaml"
    file = RulesFile.typed(place, WARNED, "dev")
    said = [*checked(file, "dev", ())]
    (warning,) = [one for one in said if "tset" in one.message and one.level == "warning"][:1]
    kept.keep(file, said)
    assert kept.of(file, draft(file)) == in_order(said)

    moved = RulesFile.typed(place, "# one more line\n\n" + WARNED, "dev")
    assert replace(warning, line=warning.line + 2) in kept.of(moved, draft(moved))
    below = WARNED.replace("  - name: welcome\n", "\n\n  - name: welcome\n")
    changed = RulesFile.typed(place, below.replace("body.tset", "body.tests"), "dev")
    assert warning.message not in [one.message for one in kept.of(changed, draft(changed))]


def test_a_mistake_that_several_samples_show_is_told_once() -> None:
    said = [
        Remark("error", f"events/{name}.json: shop/order: no number", "shop.yaml", 3, 5)
        for name in ("one", "two", "three")
    ]
    other = Remark("warning", "vars.x is read nowhere", "shop.yaml", 2, 1)
    whole = Remark("error", "shop/order: no number", "shop.yaml", 9, 5)
    first, *rest = folded([*said, other, whole])
    assert first.message == "events/one.json and 2 more samples: shop/order: no number"
    assert rest == [other, whole]
    assert folded(said[:1]) == said[:1]


def test_a_mistake_is_told_at_once_at_its_line(tmp_path: Path) -> None:
    file = RulesFile.typed(tmp_path / "shopify.yaml", TEXTS["misspelt"], "dev")
    (told,) = Remarks().of(file, draft(file))
    assert (told.level, told.line) == ("error", TEXTS["misspelt"].split("\n").index(told.text) + 1)
    assert "did you mean priority?" in told.message
