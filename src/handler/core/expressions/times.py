"""Times as senders write them: one reader for all functions of time and for `event.occurred_at`.

A text is read whole, by one of four forms, or not at all: a half understood time is a wrong one.
ISO 8601 (also its basic form, and as databases print it), the date of mail and of HTTP (RFC 5322,
3.3), JavaScript's Date.prototype.toString(), and epochs.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

from handler.core.json_types import JsonValue

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS: Final = 1e11  # from here on; as seconds this is the year 5138
_NO_EPOCH: Final = 1e13  # as milliseconds the year 2286: a day and an hour in digits, microseconds
_LONGEST: Final = 64
# Digits alone are an epoch only where they can be no date: 20261120 and 202611202100 are dates.
_WRITTEN_EPOCH: Final = re.compile(r"([0-9]{9,10})(\.[0-9]{1,9})?|([0-9]{13})")
_ISO: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d|\d{8}|\d{4}-W\d\d-\d|\d{4}W\d{3})"
    r"([T ](?P<time>\d\d(:\d\d(:\d\d([.,]\d+)?)?|\d\d(\d\d([.,]\d+)?)?)?)"
    r" ?(?P<offset>Z|UTC|[+-]\d\d(:?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
)
_DAY: Final = f"(?P<weekday>{'|'.join(_DAYS)})"
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_CLOCK: Final = r"(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d))?"
_COMMENT: Final = r"([ \t]+\([^()]*\))?"
_MAIL: Final = (
    rf"({_DAY},[ \t]*)?(?P<day>\d{{1,2}})[ \t]+{_MONTH}[ \t]+(?P<year>\d{{4}})[ \t]+{_CLOCK}"
    rf"([ \t]+(?P<zone>[+-]\d{{4}}|[A-Z]{{1,3}}){_COMMENT})?"
)
_JAVASCRIPT: Final = (
    rf"{_DAY} {_MONTH} (?P<day>\d\d) (?P<year>\d{{4}}) {_CLOCK} GMT(?P<zone>[+-]\d{{4}}){_COMMENT}"
)
_FIRST_YEAR: Final = 1900  # RFC 5322, 3.3: a mail's year is not before it
# RFC 5322, 4.3: the zones with names, in hours. All others are unknown there.
_NAMED: Final = {
    **dict.fromkeys(("ut", "utc", "gmt", "z"), 0),
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")


def moment(value: JsonValue, zone: tzinfo | None = None) -> datetime | None:
    """Return the moment that a value certainly means, in UTC, or None.

    A text that does not say where its clock stands is read in `zone`; without one it is unknown.
    A clock that is turned back shows some times twice, of which the first is taken; a time that a
    clock is turned past counts as if it had not been turned (RFC 5545, 3.3.5).
    """
    try:
        if isinstance(value, str):
            return _read(value.strip(), zone)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return _of_epoch(value)
    except (ValueError, OverflowError):  # no such day, or none that Python can hold
        return None


def offset(text: str) -> timezone | None:
    """Return the zone of an offset, such as +02:00; None for any other text."""
    found = _OFFSET.fullmatch(text)
    if found is None or found[2] > "23" or found[3] > "59":
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(ahead if found[1] == "+" else -ahead)


def _of_epoch(number: float) -> datetime | None:
    if abs(number) >= _NO_EPOCH:
        return None
    if abs(number) >= _MILLISECONDS:
        return _EPOCH + timedelta(milliseconds=number)
    return _EPOCH + timedelta(seconds=number)


def _read(text: str, zone: tzinfo | None) -> datetime | None:
    if len(text) > _LONGEST or not text.isascii():
        return None
    if found := _WRITTEN_EPOCH.fullmatch(text):
        return _of_epoch(int(found[3] or found[1])) if not found[2] else _of_epoch(float(text))
    local = _iso(text) or _spelt(text)
    if local is None or (local.tzinfo is None and zone is None):
        return None
    return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)


def _iso(text: str) -> datetime | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    day, clock, behind = found["date"], found["time"] or "00", found["offset"] or ""
    return datetime.fromisoformat(f"{day}T{clock}{behind}".upper().replace("UTC", "Z"))


def _spelt(text: str) -> datetime | None:
    """Return a time whose month is spelt; None for another form, or if its weekday is wrong."""
    # Compiled for the first of them: most senders write ISO 8601 or an epoch.
    forms = (re.fullmatch(one, text, re.ASCII | re.IGNORECASE) for one in (_MAIL, _JAVASCRIPT))
    found = next(filter(None, forms), None)
    if found is None or int(found["year"]) < _FIRST_YEAR:
        return None
    month = 1 + _MONTHS.index(found["month"].lower())
    day = date(int(found["year"]), month, int(found["day"]))
    if found["weekday"] and _DAYS.index(found["weekday"].lower()) != day.weekday():
        return None
    clock = (int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
    local = datetime(day.year, day.month, day.day, *clock)  # noqa: DTZ001 - its zone follows
    if found["zone"] is None:
        return local
    zone = _zone(found["zone"].lower())
    return None if zone is None else local.replace(tzinfo=zone)


def _zone(text: str) -> timezone | None:
    """Return a mail's zone: -0000 is UTC of a sender that does not say where it is."""
    if text in _NAMED:
        return timezone(timedelta(hours=_NAMED[text]))
    return offset(text)
