"""The table of docs/rules.md on the kinds of request: each cell is what a rules file may say."""

import re
from typing import Any, Final

import pytest

from handler.core.braze.endpoints import SENDS, SUBSCRIBE, TRACK
from handler.core.errors import RulesError
from handler.core.rules.terms import MAX_DELAY
from relay.rules.check.consent import consent_warnings
from tests.docs_pages import page
from tests.handler.core.rules.kinds import (
    ATTRIBUTES,
    BOUGHT,
    EVENT,
    EVENTS,
    SEND,
    WHO,
    said,
    source,
)
from tests.handler.core.rules.kinds import (
    SUBSCRIBE as CONSENT,
)

_TABLE: Final = page("rules").split("### What each word means for each kind\n")[1]
_CELLS: Final = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in re.findall(r"^\|.*\|$", _TABLE, re.MULTILINE)
]
RULES: Final = (SEND, ATTRIBUTES, EVENTS, CONSENT)
ENDS: Final = (SENDS[0], TRACK, TRACK, SUBSCRIBE)
PATHS: Final = (
    "external_user_id",
    "attributes.first_name",
    "events.properties.n",
    "subscription_groups.external_ids",
)
COMMON: Final[dict[str, Any]] = {
    "surge": "2/1m",
    "shadow": True,
    "enabled": False,
    "for_each": "body.items",
    "priority": "low",
    "workspace": "usa",
    "delay": "1m",
    "guard": "g",
}


def row(word: str) -> list[str]:
    """Return the cells of a word: of send, attributes, events and subscribe."""
    (found,) = (cells for cells in _CELLS if word in cells[0])
    return found[1:]


def is_refused(rule: dict[str, Any]) -> bool:
    try:
        return not source(rule).rules
    except RulesError:
        return True


def without(rule: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: one for name, one in rule.items() if name != key}


def test_the_table_has_a_column_for_each_kind() -> None:
    assert _CELLS[0] == ["", "`send`", "`track` attributes", "`track` events", "`subscribe`"]


@pytest.mark.parametrize("word", ["once", "on_unknown"])
def test_what_must_be_written_is_refused_where_it_is_not(word: str) -> None:
    for cell, rule in zip(row(f"`{word}`"), RULES, strict=True):
        assert is_refused(without(rule, word)) == cell.startswith("must be written"), cell


def test_where_the_page_says_retry_only_nothing_is_held() -> None:
    for cell, rule in zip(row("`on_unknown`"), RULES, strict=True):
        assert is_refused({**rule, "on_unknown": "hold"}) == ("only" in cell), cell
        assert not is_refused({**rule, "on_unknown": "retry"})


def test_what_the_page_calls_refused_is_refused() -> None:
    for cell, rule in zip(row("`expires_after`"), RULES, strict=True):
        assert is_refused({**rule, "expires_after": "6h"}) == cell.startswith("refused"), cell
    for cell, rule, path in zip(row("`keep_empty`"), RULES, PATHS, strict=True):
        assert is_refused({**rule, "keep_empty": [path]}) == cell.startswith("refused"), cell


def test_a_version_must_be_there_where_the_page_says_so() -> None:
    event = {name: one for name, one in EVENT.items() if name != "version"}
    for cell, rule in zip(row("`event.version`"), RULES, strict=True):
        must = cell.startswith("must be there")
        assert bool(must and said(rule, event=event)) == must, cell
        assert must or source(rule, event=event).rules


def test_consent_is_warned_of_where_the_page_says_so() -> None:
    taken = {"email_subscribe": "unsubscribed"}
    told = {"external_user_id": "${body.user}", "attributes": taken}
    rules: tuple[dict[str, Any], ...] = (
        {"send": {"campaign_id": "c", "recipients": [told]}},
        {"track": {"attributes": [{**WHO, **taken}]}},
        {**EVENTS, "track": {"events": [{**BOUGHT, "email": "${body.email}"}]}},
        CONSENT,
    )
    for cell, rule in zip(row("warnings on consent"), rules, strict=True):
        found = source(rule)
        (one,) = found.rules
        (body,) = one.recipients
        assert bool([*consent_warnings(body, one, found)]) == (cell == "yes"), cell


def test_what_all_kinds_take_is_taken_by_each() -> None:
    (cells,) = (one for one in _CELLS if "`surge`" in one[0])
    assert set(re.findall(r"`(\w+)`", cells[0])) == COMMON.keys()
    for rule in RULES:
        counted = {"once": "${item.id}"} if rule is EVENTS else {}
        assert source({**rule, **COMMON, **counted}).rules


def test_an_outage_is_waited_for_as_long_as_the_page_says() -> None:
    for cell, at in zip(row("an outage"), ENDS, strict=True):
        number, unit = re.match(r"(\d+) (hours|days)", cell).groups()  # type: ignore[union-attr] # each cell begins so
        assert int(number) * {"hours": 3600, "days": 86_400}[unit] == at.horizon


def test_the_longest_delay_is_that_of_the_limits() -> None:
    assert f"| `delay` | 1 s to {MAX_DELAY // 60} min | error in the file |" in page(
        "rules-reference"
    )
