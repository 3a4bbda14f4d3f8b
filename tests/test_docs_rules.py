"""docs/rules.md: its files load, its expressions give what it says, it names every key."""

import json
import re
from pathlib import Path

import jmespath
import pytest

from handler.core.configuration.workspaces_file import read_workspaces
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.functions import Functions
from handler.core.rules.load import load, names
from handler.core.rules.schema import FileBlock, RuleBlock
from relay.paths import PROJECT

PAGE = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")
FILES = re.findall(r"<!-- file -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
ROW = re.compile(
    r"^\| (`+)(?P<expression>.+?)\1 \| `(?P<body>\{.*?\})` \| `(?P<gives>.+?)` \|$", re.MULTILINE
)
ROWS = [
    found.groupdict()
    for found in ROW.finditer(PAGE.split("## Expressions\n")[1].split("### Traps")[0])
]


@pytest.mark.parametrize("text", FILES)
def test_every_file_shown_loads(text: str) -> None:
    for name in names("shop", text, "shop.yaml"):
        assert load(name, text, "shop.yaml", "dev").rules


def test_the_workspaces_shown_are_read() -> None:
    (text,) = re.findall(r"```yaml\n(usa: .*?)```", PAGE, re.DOTALL)
    found = read_workspaces(text, "workspaces.yaml", None)
    assert {it.name: it.key for it in found.values()} == {"usa": "usa", "japan": "asia"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["expression"]))
def test_every_expression_shown_gives_what_is_shown(row: dict[str, str]) -> None:
    document = {"body": json.loads(row["body"]), "tables": {"greetings": {"de": "Hallo"}}}
    assert compile_expression(row["expression"]).search(document) == json.loads(row["gives"])


def test_every_added_function_has_a_row() -> None:
    own = set(Functions.FUNCTION_TABLE) - set(jmespath.functions.Functions.FUNCTION_TABLE)
    assert "root" in own
    shown = "\n".join(row["expression"] for row in ROWS)
    assert [name for name in sorted(own) if not re.search(rf"\b{name}\(", shown)] == []


def test_every_key_of_the_grammar_is_shown() -> None:
    shown = "\n".join(FILES)
    for model in (FileBlock, RuleBlock):
        for key in model.model_fields:
            assert re.search(rf"\b{key}:", shown) or key == "description", key


def test_the_page_is_linked_from_the_readme() -> None:
    assert "(docs/rules.md)" in Path(PROJECT / "README.md").read_text(encoding="utf-8")
