import pytest
from pydantic import JsonValue

from handler.core.expressions.expression import search

NINE = "2026-11-20T21:00:00Z"


@pytest.mark.parametrize(
    "value, found",
    [
        (NINE, NINE),
        ("2026-11-20T16:00:00-05:00", NINE),
        ("2026-11-20T22:30:00+01:30", NINE),
        ("2026-11-20T22:00:00+0100", NINE),
        ("2026-11-20 21:00:00z", NINE),
        ("2026-11-20T21:00:00.573Z", NINE),
        ("2026-11-20T21:00:00.290670248Z", NINE),
        ("2026-11-20T21:00Z", NINE),
        (" 2026-11-20T21:00:00Z ", NINE),
        ("Fri, 20 Nov 2026 21:00:00 GMT", NINE),
        ("Fri, 20 Nov 2026 22:00:00 +0100", NINE),
        ("20 Nov 2026 16:00:00 EST", NINE),
        (1795208400, NINE),
        (1795208400.9, NINE),
        (1795208400000, NINE),
        (1795208400999, NINE),
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (99999999999, "5138-11-16T09:46:39Z"),
        (100000000000, "1973-03-03T09:46:40Z"),
        ("2026-11-20T21:00:00", None),
        ("2026-11-20", None),
        ("2026-11-20 21:00:00 +0000", NINE),
        ("2026-11-20 21:00:00 UTC", NINE),
        ("20261120T210000Z", NINE),
        ("2026-W47-5T21:00:00Z", NINE),
        ("Fri, 20 Nov 2026 21:00:00 -0000", NINE),
        ("fri, 20 nov 2026 21:00 ut", NINE),
        ("Fri, 20 Nov 2026 13:00:00 -0800 (PST)", NINE),
        ("Fri Nov 20 2026 16:00:00 GMT-0500 (Eastern Standard Time)", NINE),
        ("Sat Nov 21 2026 06:00:00 GMT+0900", NINE),
        ("1795208400", NINE),
        ("1795208400.573", NINE),
        ("1795208400573", NINE),
        ("0026-11-20T21:00:00Z", "0026-11-20T21:00:00Z"),
        ("20 Nov 2026 9:00 PM GMT", None),
        ("20 Nov 2026 09:00 PM GMT", None),
        ("Fri, 20 Nov 2026 16:00:00 GMT-0500", None),
        ("Fri Nov 20 2026 16:00:00 EST-0500", None),
        ("20 Nov 0026 21:00:00 GMT", None),
        ("20 Nov 26 21:00:00 GMT", None),
        ("Mon, 20 Nov 2026 21:00:00 GMT", None),
        ("20 Nov 2026 21:00:00 CET", None),
        ("20 Nov 2026 21:00:00 A", None),
        ("20 Nov 2026 21:00:00 +9900", None),
        ("20 Nov 2026 25:00:00 GMT", None),
        ("31 Nov 2026 21:00:00 GMT", None),
        ("Fri Nov 20 21:00:00 2026", None),
        ("11/20/2026 21:00:00 GMT", None),
        ("2026-11-20T21:00:00Z or later", None),
        ("20261120", None),
        ("202611202100", None),
        ("20261120210000", None),
        (20261120210000, None),
        (1795208400573000, None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-11-20X21:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("tomorrow", None),
        ("", None),
        (1e18, None),
        (10**400, None),
    ],
)
def test_what_senders_write_is_one_time(value: JsonValue, found: str | None) -> None:
    assert search("time(@)", value) == found


@pytest.mark.parametrize(
    "value, offset, found",
    [
        ("2026-11-20T21:00:00", "UTC", NINE),
        ("2026-11-20T23:00:00", "+02:00", NINE),
        ("2026-11-20T15:30:00", "-05:30", NINE),
        ("2026-11-20", "UTC", "2026-11-20T00:00:00Z"),
        ("Fri, 20 Nov 2026 21:00:00 -0000", "UTC", NINE),
        ("2026-11-20T16:00:00-05:00", "+02:00", NINE),
        (1795208400, "+02:00", NINE),
        ("2026-11-20T16:00:00", "America/New_York", NINE),
        ("2026-11-20T22:00:00", "Europe/Berlin", NINE),
        ("2026-07-20T23:00:00", "Europe/Berlin", "2026-07-20T21:00:00Z"),
        ("20 Nov 2026 22:00", "Europe/Berlin", NINE),
        ("2026-11-20", "Asia/Kolkata", "2026-11-19T18:30:00Z"),
        ("2026-11-20T21:00:00Z", "Europe/Berlin", NINE),
        # The clock is turned from 2:00 to 3:00: as if it had not been.
        ("2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-03-08T02:30:00", "America/New_York", "2026-03-08T07:30:00Z"),
        # The clock is turned from 3:00 back to 2:00: the first of the two.
        ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-11-01T01:30:00", "America/New_York", "2026-11-01T05:30:00Z"),
        ("2026-11-20T21:00:00", "europe/berlin", None),
        ("2026-11-20T21:00:00", "Berlin", None),
        ("2026-11-20T21:00:00", "../zones", None),
        ("2026-11-20T21:00:00", "Factory", None),
        ("2026-11-20T21:00:00", "", None),
        ("2026-11-20T21:00:00", "+2", None),
        ("2026-11-20T21:00:00", "+25:00", None),
        ("2026-11-20T21:00:00", "+02:60", None),
    ],
)
def test_a_time_without_an_offset_is_told_one(
    value: JsonValue, offset: str, found: str | None
) -> None:
    assert search("time(v, o)", {"v": value, "o": offset}) == found


@pytest.mark.parametrize(
    "span, found",
    [
        ("3d", "2026-11-23T21:00:00Z"),
        ("-2h", "2026-11-20T19:00:00Z"),
        ("+30m", "2026-11-20T21:30:00Z"),
        ("90s", "2026-11-20T21:01:30Z"),
        ("0d", NINE),
        ("3", None),
        ("3 d", None),
        ("1.5h", None),
        ("3w", None),
        ("999999999d", None),
        ("-999999d", None),
    ],
)
def test_a_span_is_added(span: str, found: str | None) -> None:
    assert search("time_add(`1795208400`, @)", span) == found


@pytest.mark.parametrize(
    "expression, found",
    [
        ("epoch('2026-11-20T16:00:00-05:00')", 1795208400),
        ("epoch('2026-11-20T21:00:00.9Z')", 1795208400),
        ("epoch('1969-12-31T23:59:58.5Z')", -2),
        ("epoch(`1795208400999`)", 1795208400),
        ("epoch('2026-11-20T21:00:00')", None),
        ("epoch(time('2026-11-20T21:00:00', 'UTC'))", 1795208400),
        ("epoch_ms('2026-11-20T21:00:00.573Z')", 1795208400573),
        ("epoch_ms(`1795208400`)", 1795208400000),
        ("epoch_ms(`1795208400573`)", 1795208400573),
        ("epoch_ms('soon')", None),
    ],
)
def test_a_time_is_an_epoch(expression: str, found: int | None) -> None:
    value = search(expression, {})
    assert (value, type(value)) == (found, type(found))
