"""Times, spans and commands, as they are shown."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from relay.console.format import ago, counted, minute, moment, since, span, until
from relay.operations.clients import formation_name
from relay.stacks.local import NAME
from relay.stacks.selection import LOCAL, Operated, command


@pytest.mark.parametrize(
    "seconds, words",
    [(-5, "0 s"), (0, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (3600, "1 h"),
     (3725, "1 h 2 min"), (2 * 86_400 + 4 * 3600 + 59, "2 d 4 h")],
)  # fmt: skip
def test_a_span_has_its_two_largest_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put this machine where it is already the next day."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_times_are_utc_wherever_the_operator_is_and_of_another_day_have_its_date() -> None:
    noon = datetime(2026, 5, 4, 12, 0, 1, tzinfo=UTC).timestamp()
    assert moment(noon, noon + 60) == "12:00:01 UTC"
    assert moment(noon, noon + 86_400) == "2026-05-04 12:00:01 UTC"
    assert minute(noon) == "2026-05-04 12:00 UTC"
    assert since(noon, noon + 61) == "since 12:00:01 UTC (1 min 1 s)"
    assert ago(noon, noon + 61) == "12:00:01 UTC (1 min 1 s ago)"
    assert until(noon, noon - 61) == "until 12:00:01 UTC (in 1 min 1 s)"


@pytest.mark.parametrize(
    "number, name, words",
    [(1, "delivery", "1 delivery"), (2, "delivery", "2 deliveries"), (0, "letter", "0 letters"),
     (1200, "item", "1,200 items")],
)  # fmt: skip
def test_things_are_counted_in_words(number: int, name: str, words: str) -> None:
    assert counted(number, name) == words


def test_a_command_is_for_the_stack_that_it_is_said_of() -> None:
    outputs: dict[str, str] = {}
    deployed, local = (
        Operated("relay-prod", outputs),
        Operated(LOCAL, outputs, "http://127.0.0.1:1"),
    )
    assert command(deployed, "status") == ".venv/bin/relay status --stack-name relay-prod"
    assert command(local, "status") == ".venv/bin/relay status --local"
    assert formation_name(deployed) == "relay-prod"
    assert formation_name(local) == NAME
