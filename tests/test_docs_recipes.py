"""docs/rules.md: each recipe makes of its webhook the request that the page shows."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from handler.core.expressions import search
from handler.core.models import Verified, Webhook
from handler.core.plan import plan
from handler.core.request import request
from handler.core.rules import load
from handler.core.template import MISSING, compile_template, fill
from relay.paths import PROJECT
from tests.core.rules_files import findings

PAGE = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")
RECIPE = re.compile(
    r"<!-- recipe ?(?P<source>\S*) -->\n```yaml\n(?P<rules>.*?)```\n.*?"
    r"```json\n(?P<webhook>.*?)```\n.*?```json\n(?P<requests>.*?)```",
    re.DOTALL,
)
RECIPES = [found.groupdict() for found in RECIPE.finditer(PAGE)]
HEAD = "verify: {preset: shopify}\n"
RULE = """\
rules:
  - name: a
    type: orders/create
    when: WHEN
    send: {campaign_id: c, recipients: [{external_user_id: u}]}
"""


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without their backticks."""
    section = PAGE.split(f"### {heading}\n")[1]
    table = re.search(r"\n\|---.*?\n((?:\|.*\n)+)", section)
    assert table
    lines = [re.split(r"(?<!\\) \| ", line.strip("|\n ")) for line in table[1].splitlines()]
    return [[cell.strip().strip("`").strip().replace("\\|", "|") for cell in it] for it in lines]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda it: str(it["rules"].split("name: ")[1][:20]))
def test_a_recipegives_what_is_shown(recipe: dict[str, str]) -> None:
    source = load(recipe["source"] or "shop", recipe["rules"], "shop.yaml", "dev")
    now = datetime.now(UTC).isoformat()
    webhook = json.loads(recipe["webhook"].replace("@now", now))
    raw = json.dumps(webhook["body"]).encode()
    received = Webhook(source.name, "POST", webhook["headers"], "", raw, int(time.time()))
    made = plan(Verified(received), source)
    assert made.parked == ()
    shown: Any = json.loads(recipe["requests"])
    assert [request(it) for it in made.deliveries] == (
        shown if isinstance(shown, list) else [shown]
    )


def test_every_recipe_of_the_page_is_run() -> None:
    assert len(RECIPES) == PAGE.count("<!-- recipe") >= 10


@pytest.mark.parametrize("written, event, sent", rows("What is missing"))
def test_what_is_missing_becomes_what_is_shown(written: str, event: str, sent: str) -> None:
    filled = fill(compile_template(json.loads(written), []), {"body": json.loads(event)})
    assert filled is not MISSING
    assert filled == json.loads(sent)


OVER = re.findall(r"Over `(\{\"id\".*?\})`:", PAGE, re.DOTALL)[0]
EVENT = {"type": "orders/create", "body": json.loads(OVER)}


@pytest.mark.parametrize("wrong, gives, right, result", rows("Traps"))
def test_a_trap_is_an_error_and_its_mend_is_right(
    wrong: str, gives: str, right: str, result: str
) -> None:
    assert search(right, EVENT) == json.loads(result)
    assert search(wrong, EVENT) == json.loads(gives)
    spelt = RULE.replace("WHEN", json.dumps(wrong))
    if wrong.startswith("to_string"):
        spelt = RULE.replace("    when: WHEN\n", f"    once: ${{{wrong}}}\n")
    assert findings(HEAD + spelt)
    load("shop", HEAD + RULE.replace("WHEN", json.dumps(right)), "f", "dev")
