"""A time is what the standard readers make of it, or nothing at all."""

import sys
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from subprocess import run
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handler.core.expressions.times import moment, offset
from handler.core.expressions.zones import named, names
from relay.paths import SOURCE

ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda it: timezone(timedelta(minutes=it)))
MOMENTS = st.datetimes(datetime(1900, 1, 3), datetime(9998, 12, 30), timezones=ZONES)  # noqa: DTZ001 - of hypothesis
PIECES = (
    *("Fri", "fri,", "Mon,", "20", "Nov", "11", "2026", "26", "0026", "21:00:00", "9:00", "21:00"),
    *("GMT", "UTC", "Z", "z", "EST", "CET", "PM", "AM", "+0100", "-0000", "-05:00", "+9900", "1e9"),
    *("GMT-0500", "(EST)", "2026-11-20", "T21:00:00", "2026-11-20T21:00:00", "1795208400", "."),
    *("20261120", "T210000", "\u0662\u0660", "\u00a0", "-", "/"),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=7).flatmap(
    lambda parts: st.sampled_from([" ", "", "T"]).map(lambda blank: blank.join(parts))
)


@given(MOMENTS)
def test_every_time_that_is_written_by_the_standard_is_read(time: datetime) -> None:
    second = time.replace(microsecond=0)
    assert moment(time.isoformat()) == time
    assert moment(time.isoformat().replace("T", " ").lower()) == time
    assert moment(second.strftime("%Y%m%dT%H%M%S%z").rjust(20, "0")) == second
    assert moment(format_datetime(second)) == second
    assert moment(format_datetime(second.astimezone(UTC), usegmt=True)) == second
    assert moment(second.strftime("%a %b %d %Y %H:%M:%S GMT%z (Somewhere)")) == second


@given(
    TEXTS
    | MOMENTS.map(format_datetime).flatmap(lambda it: st.permutations(it.split())).map(" ".join)
)
@example("20 Nov 2026 9:00 PM GMT")
@example("Fri Nov 20 2026 16:00:00 GMT-0500 (EST)")
def test_whatever_is_read_is_what_the_standard_readers_make_of_it(text: str) -> None:
    found = moment(text)
    if found is not None:
        assert found in {each for read in READERS for each in read_by(read, text.strip())}


def read_by(read: Any, text: str) -> list[datetime]:
    try:
        made = read(text)
    except (ValueError, OverflowError, TypeError):
        return []
    return [made if made.tzinfo else made.replace(tzinfo=UTC)]


READERS = (
    parsedate_to_datetime,
    lambda text: datetime.fromisoformat(text.upper().replace(" UTC", "Z").replace(" +", "+")),
    lambda text: datetime.strptime(text.partition(" (")[0], "%a %b %d %Y %H:%M:%S GMT%z"),
    lambda text: datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC),
)


@given(MOMENTS, st.sampled_from(sorted(names())))
def test_a_zone_gives_what_the_library_gives(time: datetime, name: str) -> None:
    local = time.replace(tzinfo=None, microsecond=0, fold=0)
    zone = named(name)
    assert zone is not None
    assert moment(local.isoformat(), zone) == local.replace(tzinfo=zone).astimezone(UTC)


def test_every_zone_is_there_and_comes_from_the_package() -> None:
    assert len(names()) > 500
    assert {"Europe/Berlin", "America/New_York", "US/Eastern", "UTC", "CET"} <= names()
    assert all(isinstance(named(name), ZoneInfo) for name in names())


@pytest.mark.parametrize("text", ["+2", "+25:00", "02:00", "+02:60", "", "UTC", "+02:00 "])
def test_what_is_no_offset_is_none(text: str) -> None:
    assert offset(text) is None


@pytest.mark.parametrize("value", [True, None, [], {}, float("inf"), float("nan"), 10**400])
def test_what_is_neither_text_nor_a_number_is_no_time(value: Any) -> None:
    assert moment(value) is None


@pytest.mark.parametrize(
    "call, is_loaded",
    [
        ("time(`1`)", False),
        ("time(@, 'UTC')", False),
        ("time(@, '+02:00')", False),
        ("time(@, 'Europe/Berlin')", True),
    ],
)
def test_only_a_zones_name_loads_the_zones(call: str, *, is_loaded: bool) -> None:
    code = f"""
import sys
import handler.ingest
from handler.core.expressions.expression import search
search({call!r}, "2026-11-20T21:00:00")
print("tzdata" in sys.modules, "handler.core.expressions.zones" in sys.modules)
"""
    said = run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCE), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert said == f"{is_loaded} {is_loaded}"
