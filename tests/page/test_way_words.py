"""The words of the way's steps are those of the documentation, for every reason that there is."""

import re
from typing import get_args

import pytest

from handler.core.errors import UnverifiedReason
from handler.core.reasons import FACTS, standing
from relay.page.remedies import BUTTONS, cause, remedy
from relay.page.way.docs_words import checklist, table


def test_a_table_is_found_by_its_heading_and_the_first_word_of_its_head() -> None:
    found = table("operations.md", "The delivery log line", "outcome")
    assert found["held"] == ("it waits for a person",)
    assert found["accepted"][0].startswith("Braze answered 2xx; not that anybody was reached")
    assert "held" not in table("operations.md", "The delivery log line", "reason in the line")


def test_an_item_of_a_checklist_is_whole_and_without_marks() -> None:
    (item,) = [one for one in checklist("braze.md", "In the dashboard") if "API-triggered" in one]
    assert item.startswith("It is API-triggered, and active. A draft, paused or archived one")
    assert item.endswith("pause its rules.")


def test_a_page_or_a_table_that_is_not_there_has_no_words() -> None:
    assert table("no.md", "x", "y") == {}
    assert table("braze.md", "In the dashboard", "y") == {}
    assert checklist("braze.md", "Consent") == ()


@pytest.mark.parametrize("reason", get_args(UnverifiedReason))
def test_every_reason_of_a_401_has_a_meaning(reason: str) -> None:
    assert table("answers.md", "Reasons of a 401", "reason")[reason]


@pytest.mark.parametrize(
    "reason", sorted(FACTS.keys() - {"by_sqs", "refused_by_sqs", "unavailable"})
)
def test_every_reason_of_an_attempt_or_a_wait_has_a_meaning(reason: str) -> None:
    assert table("operations.md", "The delivery log line", "reason in the line")[reason]


@pytest.mark.parametrize("reason", sorted(standing("dead") | standing("held")))
def test_every_reason_of_a_letter_has_a_cause_and_a_remedy(reason: str) -> None:
    assert cause(reason)
    assert remedy(reason)


def test_a_remedy_names_no_button_that_there_is_not() -> None:
    named = {one for each in standing("dead") for one in re.findall("“([^”]+)”", remedy(each))}
    assert named <= {*BUTTONS.values(), "Pause and resume", "also what has expired"}
