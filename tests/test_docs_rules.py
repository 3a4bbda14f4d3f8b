"""The pages on rules files: files load, expressions give what is shown, every key is shown."""

import json
import re

import jmespath
import pytest
from pydantic import ValidationError

from handler.core import message
from handler.core.configuration.workspaces_file import read_workspaces
from handler.core.expressions.call_forms import FORMS
from handler.core.expressions.defines import MAX_NODES
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.functions import Functions, signature_of
from handler.core.expressions.json_values import STEPS
from handler.core.planning.json_body import MAX_DEPTH
from handler.core.planning.parse import MAX_EVENTS
from handler.core.planning.plan import MAX_BYTES
from handler.core.planning.render import MAX_DELIVERIES
from handler.core.rules.load import load, names
from handler.core.rules.schema import FileBlock, RuleBlock
from relay.paths import PROJECT
from tests.docs_pages import RULES_FILES, RULES_PAGES, RULES_TEXT, page

ROW = re.compile(
    r"^\| (`+)(?P<expression>.+?)\1 \| `(?P<body>\{.*?\})` \| `(?P<gives>.+?)` \|$", re.MULTILINE
)
ROWS = [
    found.groupdict()
    for found in ROW.finditer(
        page("functions").split("\n## Expressions\n")[1].split("\n## Traps\n")[0]
    )
]


@pytest.mark.parametrize("text", RULES_FILES)
def test_every_file_shown_loads(text: str) -> None:
    for name in names("shop", text, "shop.yaml"):
        assert load(name, text, "shop.yaml", "dev").rules


def test_the_workspaces_shown_are_read() -> None:
    text = "".join(re.findall(r"```yaml\n((?:usa|default): .*?)```", RULES_TEXT, re.DOTALL))
    found = read_workspaces(text, "workspaces.yaml", None, "dev")
    keys = {it.name: it.key for it in found.values() if it.only is None}
    assert keys == {"usa": "usa", "japan": "asia"}
    assert {it.name for it in found.values() if it.only} == {"default", "canada"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["expression"]))
def test_every_expression_shown_gives_what_is_shown(row: dict[str, str]) -> None:
    document = {"body": json.loads(row["body"]), "tables": {"greetings": {"de": "Hallo"}}}
    assert compile_expression(row["expression"]).search(document) == json.loads(row["gives"])


def test_every_added_function_has_a_row() -> None:
    own = set(Functions.FUNCTION_TABLE) - set(jmespath.functions.Functions.FUNCTION_TABLE)
    assert "root" in own
    shown = "\n".join(row["expression"] for row in ROWS)
    assert [name for name in sorted(own) if not re.search(rf"\b{name}\(", shown)] == []


SIGNATURE = re.compile(r"\b([a-z_0-9]+)\(([^()\n]*)\)")
BLOCKS = re.findall(r"```text\n(.*?)```", page("functions"), re.DOTALL)


def test_every_function_has_a_signature_that_it_takes() -> None:
    shown = dict(SIGNATURE.findall("".join(BLOCKS)))
    assert sorted(shown) == sorted(Functions.FUNCTION_TABLE)
    for name, taken in shown.items():
        arguments = signature_of(name)
        given = [one for one in taken.split(", ") if one]
        assert any(one.get("variadic") for one in arguments) == ("..." in given), name
        assert len([one for one in given if one != "..."]) == len(arguments), name
        optional = [bool(one.get("optional")) for one in arguments]
        assert [one.startswith("[") for one in given if one != "..."] == optional, name
        references = [one["types"] == ["expref"] for one in arguments]
        assert [one.startswith("&") for one in given if one != "..."] == references, name


def test_every_function_is_told_in_the_form_that_is_shown() -> None:
    said = page("functions").split("\n### Order of the arguments\n")[1].split("\n### Remarks\n")[0]
    shown = re.findall(r"\w+\([^)]*\)", " ".join(re.findall(r"```text\n(.*?)```", said, re.DOTALL)))
    assert sorted(FORMS.values()) == sorted(shown)
    assert FORMS.keys() == Functions.FUNCTION_TABLE.keys()


def test_every_key_of_the_grammar_is_shown() -> None:
    shown = "\n".join(RULES_FILES)
    for model in (FileBlock, RuleBlock):
        for key in model.model_fields:
            assert re.search(rf"\b{key}:", shown) or key == "description", key


@pytest.mark.parametrize("name", RULES_PAGES)
def test_each_page_is_linked_from_the_readme_and_from_the_first_page(name: str) -> None:
    assert f"(docs/{name}.md)" in (PROJECT / "README.md").read_text(encoding="utf-8")
    assert name == "rules" or f"({name}.md)" in page("rules")


def test_every_file_of_the_pages_is_tested() -> None:
    assert len(RULES_FILES) == RULES_TEXT.count("<!-- file -->") >= 4


def test_the_limits_are_those_of_the_code() -> None:
    table = page("rules-reference").split("\n## Limits\n")[1]
    shown = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|", table, re.MULTILINE))
    assert shown["one expression on one event"] == f"{STEPS:,} steps"
    assert f"than {STEPS:,} steps" in page("rules-reference")
    assert shown["one expression with its names written out"] == f"{MAX_NODES:,} parts"
    assert shown["levels of a webhook's JSON"] == str(MAX_DEPTH)
    assert shown["events of one webhook"] == f"{MAX_EVENTS:,}"
    assert shown["deliveries of one webhook"] == str(MAX_DELIVERIES)
    assert shown["messages of one webhook, all together"] == f"{MAX_BYTES // 2**20} MiB"
    assert shown["message of one delivery"].startswith(f"{message.MAX_BYTES:,} bytes")


@pytest.mark.parametrize(
    "key, longest, said",
    [
        ("name", "a" * 64, "64 characters: small letters"),
        ("expires_after", "999999d", "a whole number of at most 6 digits and `s`"),
        (
            "surge",
            "9999999/999999d",
            "at most 7 digits of deliveries in a time of at most 6 digits",
        ),
    ],
)
def test_the_limits_of_keys_are_where_the_page_says(key: str, longest: str, said: str) -> None:
    assert f"| {said}" in page("rules-reference")
    rule = {"name": "a", "type": "a", "send": {}}
    RuleBlock.model_validate(rule | {key: longest})
    longer = f"a{longest}" if key == "name" else f"9{longest}"
    with pytest.raises(ValidationError):
        RuleBlock.model_validate(rule | {key: longer})


@pytest.mark.parametrize(
    "expression, start, fill, end",
    [
        ("time(body)", "2026-11-20T21:00:00.", "0", "Z"),
        ("time_add(body, '1d')", "2026-11-20T21:00:00.", "0", "Z"),
        ("epoch(body)", "2026-11-20T21:00:00.", "0", "Z"),
        ("epoch_ms(body)", "2026-11-20T21:00:00.", "0", "Z"),
        ("phone(body, 'DE')", "0151", "-", "23456789"),
    ],
)
def test_the_longest_text_that_is_read_is_what_the_page_says(
    expression: str, start: str, fill: str, end: str
) -> None:
    assert "| 64 characters | the function gives null |" in page("rules-reference")
    for length, is_read in ((64, True), (65, False)):
        text = start + fill * (length - len(start) - len(end)) + end
        result = compile_expression(expression).search({"body": text})
        assert (result is not None) == is_read
