import re
from pathlib import Path

import pytest

from bench.keystroke import NAME, RULES, STROKES, WANTING, Taken, line, page, rules_text, strokes
from handler.core.errors import RulesError
from handler.core.rules.load import load

TEXT = rules_text()


def loads(text: str) -> bool:
    try:
        return len(load("shopify", text, NAME, "dev").rules) == RULES
    except RulesError:
        return False


def test_the_file_that_is_typed_into_has_50_rules() -> None:
    assert loads(TEXT)


@pytest.mark.parametrize("name", STROKES)
def test_each_stroke_is_another_text(name: str) -> None:
    typed = [STROKES[name](TEXT, number) for number in range(1, 10)]
    assert len({TEXT, *typed}) == 10
    assert {loads(one) for one in typed} == {name != "in a rule with a mistake"}


def test_a_stroke_is_answered_with_what_comes_of_it(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(TEXT, encoding="utf-8")
    with page(tmp_path) as typist:
        assert f'data-said="{WANTING} requests' in typist.post("/bench/result", TEXT)
        taken = strokes(typist, TEXT, STROKES["in a value of a rule"], 3)
        said = typist.post("/bench/result", STROKES["in a value of a rule"](TEXT, 3))
    assert "Orderabc" in said
    assert len(taken) == 3
    assert all(one.wall > 0 for one in taken)


def test_a_line_has_the_percentiles_and_the_ratio_to_the_command() -> None:
    said = line("strokes", [Taken(float(number), 7.0) for number in range(101)], 1000)
    assert [float(one) for one in re.findall(r"p\d+ +([\d.]+) ms", said)] == [50, 95, 99, 7]
    assert "0.050 of the command" in said
    assert said.endswith("met)\n")
