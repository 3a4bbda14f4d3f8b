"""What the docs say is what the code does."""

import re
from typing import get_args

from samtranslator.yaml_helper import yaml_parse

from handler.core.errors import Refused
from handler.core.plan import MAX_DELIVERIES
from handler.core.verify import Reason
from handler.ingest import RETRY_AFTER
from relay.paths import PROJECT, TEMPLATE

TEMPLATE_DATA = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
ANSWERS = (PROJECT / "docs" / "answers.md").read_text(encoding="utf-8")


def test_the_page_of_answers_names_every_answer_that_there_is() -> None:
    told = {int(status) for status in re.findall(r"^\|[^|]+\| (\d{3})\b", ANSWERS, re.MULTILINE)}
    refusals = {kind.status for kind in Refused.__subclasses__()}
    assert told == refusals | {200, 503}
    assert f"`Retry-After: {RETRY_AFTER['retry-after']}`" in ANSWERS
    assert f"more than {MAX_DELIVERIES} deliveries" in ANSWERS


def test_the_page_of_answers_explains_every_reason_of_a_401() -> None:
    told = re.findall(r"^\| `(\w+)` \|", ANSWERS, re.MULTILINE)
    assert told == list(get_args(Reason))


def test_every_page_that_a_page_links_to_exists() -> None:
    for page in [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


DEPLOY = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading of the page on deployment."""
    section = DEPLOY.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_page_on_deployment_names_every_resource_and_no_other() -> None:
    tables = [*rows("What is created"), *rows("Alarms")]
    told = [name for row in tables for name in names(row[0])]
    assert sorted(told) == sorted(TEMPLATE_DATA["Resources"])


def test_the_page_on_deployment_names_every_parameter_with_its_default() -> None:
    told = {names(row[0])[0]: (names(row[1]) or [""])[0] for row in rows("Parameters")}
    given = {
        name: "Stage" if name == "RulesStage" else str(one.get("Default", ""))
        for name, one in TEMPLATE_DATA["Parameters"].items()
    }
    assert told == given


def test_the_page_on_deployment_names_every_permission_and_no_other() -> None:
    told = [(names(row[0])[0], sorted(names(row[1]))) for row in rows("What the functions may do")]
    granted = [
        (role, sorted([actions] if isinstance(actions, str) else actions))
        for role in ("IngestRole", "DeliverRole")
        for policy in TEMPLATE_DATA["Resources"][role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for actions in [statement["Action"]]
    ]
    assert told == granted
