"""What the docs say is what the code does."""

import re
from typing import get_args

from handler.core.errors import Refused
from handler.core.plan import MAX_DELIVERIES
from handler.core.verify import Reason
from handler.ingest import RETRY_AFTER
from relay.paths import PROJECT

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
