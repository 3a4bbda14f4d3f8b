"""Times are said as people say them, and are meant as they are said."""

import pytest
import typer

from relay.letters.choosing import moment

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
    assert moment(text, NOON + 0.9) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "2w", "yesterday", "15.01.2027", "٢h"])
def test_what_is_no_time_is_said_to_be_none(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="2h, 3d, or 2026"):
        moment(text, NOON)
