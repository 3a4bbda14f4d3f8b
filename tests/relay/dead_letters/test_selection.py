"""Times are said as people say them, and are meant as they are said."""

import pytest
import typer

from relay.console.format import time_of
from relay.dead_letters import selection
from relay.paths import PROJECT
from tests.relay.dead_letters.desk import Desk, delivery
from tests.unframed import unframed

NOON = 1_800_014_400  # 2027-01-15T12:00:00Z


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("30s", NOON - 30),
        ("10m", NOON - 600),
        ("2h", NOON - 7_200),
        ("3d", NOON - 259_200),
        ("2027-01-15", NOON - 43_200),
        ("2027-01-15T11:00", NOON - 3_600),
        ("2027-01-15T11:00:00Z", NOON - 3_600),
        ("2027-01-15T12:00+02:00", NOON - 7_200),
    ],
)
def test_a_time_is_an_age_or_iso_in_utc(text: str, seconds: int) -> None:
    assert time_of(text, NOON + 0.9) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "2w", "yesterday", "15.01.2027", "٢h"])
def test_what_is_no_time_is_said_to_be_none(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="2h, 3d, or 2026"):
        time_of(text, NOON)


def test_what_is_longer_ago_than_there_are_computers_is_no_time() -> None:
    with pytest.raises(typer.BadParameter, match="before 1970"):
        time_of("99999d", NOON)


@pytest.mark.parametrize(
    "group, given, told",
    [
        ("dead-letters", "unrendrable", "did you mean unrenderable?"),
        ("dead-letters", "rejectd", "did you mean rejected?"),
        ("dead-letters", "notice", "no dead letter has the reason notice"),
        ("held", "xyz", "no held delivery has the reason xyz: notice, unknown"),
    ],
)
@pytest.mark.parametrize("command", ["list", "drop"])
def test_a_reason_that_no_letter_can_have_is_refused(
    desk: Desk, group: str, command: str, given: str, told: str
) -> None:
    done = desk.run(group, command, "--reason", given)
    assert done.exit_code == 2
    assert told in unframed(done.stderr)


def test_a_period_that_ends_before_it_begins_is_refused(desk: Desk) -> None:
    done = desk.run("dead-letters", "list", "--since", "1h", "--until", "2h")
    assert done.exit_code == 2
    assert "--since is not before --until" in done.stderr


@pytest.mark.parametrize(
    "choice, told",
    [
        (["--source", "shopfy"], "no source shopfy; did you mean shopify?"),
        (["--rule", "shopify/order-confirmatin"], "did you mean shopify/order-confirmation?"),
        (["--rule", "order-confirmatin"], "did you mean order-confirmation?"),
    ],
)
@pytest.mark.parametrize("command", ["list", "redrive", "drop"])
def test_a_name_that_no_rule_has_is_told_where_it_finds_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str, choice: list[str], told: str
) -> None:
    monkeypatch.setattr(selection, "RULES", PROJECT / "tests" / "rules")
    done = desk.run("dead-letters", command, *choice)
    assert done.exit_code == 0
    assert told in done.stderr
    known = desk.run("dead-letters", command, "--source", "shopify", "--rule", "order-confirmation")
    assert known.stderr == ""


def test_a_letter_of_a_rule_that_is_gone_is_found_without_a_word(desk: Desk) -> None:
    desk.bury(delivery(source="gone", rule="long-ago"))
    done = desk.run("dead-letters", "list", "--rule", "gone/long-ago")
    assert "gone/long-ago" in done.stdout
    assert done.stderr == ""
