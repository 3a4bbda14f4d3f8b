"""docs/rules.md: its files load, its expressions give what it says, it names every key."""

import json
import re
from pathlib import Path

import pytest

from handler.core.expressions import compile_expression
from handler.core.grammar import FileBlock, RuleBlock
from handler.core.rules import load
from relay.paths import PROJECT

PAGE = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")
FILES = re.findall(r"<!-- file -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
ROW = re.compile(
    r"^\| (`+)(?P<expression>.+?)\1 \| `(?P<body>\{.*?\})` \| `(?P<gives>.+?)` \|$", re.MULTILINE
)
ROWS = [found.groupdict() for found in ROW.finditer(PAGE)]


@pytest.mark.parametrize("text", FILES)
def test_every_file_shown_loads(text: str) -> None:
    assert load("shop", text, "shop.yaml", "dev").rules


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["expression"]))
def test_every_expression_shown_gives_what_is_shown(row: dict[str, str]) -> None:
    found = compile_expression(row["expression"]).search({"body": json.loads(row["body"])})
    assert found == json.loads(row["gives"])


def test_every_added_function_has_a_row() -> None:
    source = (PROJECT / "src" / "handler" / "core" / "functions.py").read_text(encoding="utf-8")
    own = {"text", "concat", "coalesce", "lower", "sha256", "plain", "root"}
    assert own <= set(re.findall(r"def _func_(\w+)", source))
    shown = "\n".join(row["expression"] for row in ROWS)
    assert all(f"{name}(" in shown for name in own)


def test_every_key_of_the_grammar_is_shown() -> None:
    shown = "\n".join(FILES)
    for model in (FileBlock, RuleBlock):
        for key in model.model_fields:
            assert re.search(rf"\b{key}:", shown) or key == "description", key


def test_the_page_is_linked_from_the_readme() -> None:
    assert "(docs/rules.md)" in Path(PROJECT / "README.md").read_text(encoding="utf-8")
