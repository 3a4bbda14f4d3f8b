"""Functions of time: times of senders, as ISO 8601 in UTC or as an epoch.

There is no `now`: a rule makes the same of an event whenever it runs.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final

from handler.core.expressions.arguments import AMOUNT, Argument, takes

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS: Final = 1e11  # as seconds this is the year 5138
_LONGEST: Final = 64
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9].*)?")
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_DURATION: Final = re.compile(r"([+-]?[0-9]{1,9})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _zone(offset: str) -> timezone | None:
    if offset == "UTC":
        return UTC
    found = _OFFSET.fullmatch(offset)
    if found is None or found[2] > "23" or found[3] > "59":
        return None
    behind = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(behind if found[1] == "+" else -behind)


_ZONE: Final[Argument] = {
    "types": ["string", "null"],
    "optional": True,
    "fits": lambda offset: isinstance(offset, str) and _zone(offset) is not None,
    "says": "'UTC' or an offset such as '+02:00'",
}
_SPAN: Final[Argument] = {
    "types": ["string", "null"],
    "fits": lambda span: isinstance(span, str) and _DURATION.fullmatch(span) is not None,
    "says": "a duration such as '3d', '-2h' or '30m'",
}


class TimeFunctions:
    """Functions of time."""

    @takes(AMOUNT, _ZONE)
    def _func_time(self, value: str | float | None, offset: str | None = "") -> str | None:
        """Return a time in UTC, such as '2026-11-20T21:00:00Z': `time(body.created_at)`.

        Read are ISO 8601, the mail format (RFC 2822) and epochs in seconds or milliseconds. A time
        that does not say where it counts needs `time(body.date_created_gmt, 'UTC')`.
        """
        return None if offset is None else _written(_moment(value, offset))

    @takes(AMOUNT, _SPAN)
    def _func_time_add(self, value: str | float | None, span: str | None) -> str | None:
        """Return a time later or earlier: `time_add(body.created_at, '3d')`, '-2h', '30m'."""
        moment, found = _moment(value), _DURATION.fullmatch(span or "")
        if moment is None or found is None:
            return None
        try:
            return _written(moment + timedelta(seconds=int(found[1]) * _SECONDS[found[2]]))
        except OverflowError:
            return None

    @takes(AMOUNT)
    def _func_epoch(self, value: str | float | None) -> int | None:
        """Return a time in whole seconds since 1970: `epoch(body.created_at)`."""
        return _since_epoch(value, timedelta(seconds=1))

    @takes(AMOUNT)
    def _func_epoch_ms(self, value: str | float | None) -> int | None:
        """Return a time in whole milliseconds since 1970: `epoch_ms(body.created_at)`."""
        return _since_epoch(value, timedelta(milliseconds=1))


def _moment(value: str | float | None, offset: str = "") -> datetime | None:
    try:
        if isinstance(value, str):
            return _read(value.strip(), _zone(offset))
        return None if value is None else _EPOCH + _elapsed(value)
    except (ValueError, OverflowError):  # no such day, or none that Python can hold
        return None


def _elapsed(number: float) -> timedelta:
    if abs(number) >= _MILLISECONDS:
        return timedelta(milliseconds=number)
    return timedelta(seconds=number)


def _read(text: str, zone: timezone | None) -> datetime | None:
    if len(text) > _LONGEST or not text.isascii():
        return None
    iso = _ISO.fullmatch(text.upper())
    moment = datetime.fromisoformat(text.upper()) if iso else parsedate_to_datetime(text)
    if moment.tzinfo is None:
        if zone is None:
            return None
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _written(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _since_epoch(value: str | float | None, unit: timedelta) -> int | None:
    moment = _moment(value)
    return None if moment is None else (moment - _EPOCH) // unit
