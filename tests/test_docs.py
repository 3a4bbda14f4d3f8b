"""What the docs say is what the code does."""

import re
from pathlib import Path
from typing import get_args

import pytest

from handler.core.errors import Refused, UnverifiedReason
from handler.core.planning.render import MAX_DELIVERIES
from handler.ingest import RETRY_AFTER
from relay.paths import PROJECT, TEMPLATE
from relay.stacks.template import parse

TEMPLATE_DATA = parse(TEMPLATE.read_text(encoding="utf-8"))
ANSWERS = (PROJECT / "docs" / "answers.md").read_text(encoding="utf-8")


def test_the_page_of_answers_names_every_answer_that_there_is() -> None:
    told = {int(status) for status in re.findall(r"^\|[^|]+\| (\d{3})\b", ANSWERS, re.MULTILINE)}
    refusals = {kind.status for kind in Refused.__subclasses__()}
    assert told == refusals | {200, 503}
    assert f"`Retry-After: {RETRY_AFTER['retry-after']}`" in ANSWERS
    assert f"more than {MAX_DELIVERIES} deliveries" in ANSWERS


def test_the_page_of_answers_explains_every_reason_of_a_401() -> None:
    told = re.findall(r"^\| `(\w+)` \|", ANSWERS, re.MULTILINE)
    assert told == list(get_args(UnverifiedReason))


PAGES = sorted((PROJECT / "docs").glob("*.md"))
LINKING = [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def contents(page: Path) -> list[str]:
    """Return the list of contents that a page with these headings must begin with."""
    return [
        f"{'  ' * (len(level) - 2)}- [{heading}](#{slug(heading)})"
        for level, heading in HEADING.findall(prose(page))
        if level in ("##", "###")
    ]


def anchors(page: Path) -> list[str]:
    return [slug(heading) for _, heading in HEADING.findall(prose(page))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_every_page_begins_with_a_list_of_its_contents(page: Path) -> None:
    beginning = prose(page).split("\n## ")[0]
    assert contents(page)
    assert "\n".join(["", "Contents:", "", *contents(page), ""]) in beginning


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_no_two_headings_of_a_page_have_one_anchor(page: Path) -> None:
    assert len(anchors(page)) == len(set(anchors(page)))


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_to_a_page_and_a_heading_that_exist(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        linked = page.parent / target if target else page
        assert linked.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(linked), f"{page.name} links to {link}"


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
        for actions in [statement.get("Fn::If", [None, statement])[1]["Action"]]
    ]
    assert told == granted


PLACE = re.compile(r"`((?:src|relay|tests|bench|docs|events|findings)/[\w./*-]+)`")


@pytest.mark.parametrize("page", [it for it in LINKING if it.name != "CHANGELOG.md"], ids=str)
def test_each_file_that_a_page_names_is_there(page: Path) -> None:
    named = PLACE.findall(page.read_text(encoding="utf-8"))
    yours = ("tests/cases/", "events/", "src/rules/")  # examples of files that a user will have
    assert [it for it in named if not it.startswith(yours) and not any(PROJECT.glob(it))] == []
