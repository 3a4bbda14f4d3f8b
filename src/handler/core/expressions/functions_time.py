"""Functions of time: times of senders, as ISO 8601 in UTC or as an epoch.

There is no `now`: a rule makes the same of an event whenever it runs.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from handler.core.expressions.arguments import AMOUNT, Argument, takes
from handler.core.expressions.scalars import written
from handler.core.expressions.times import moment, offset
from handler.core.json_types import JsonValue

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION: Final = re.compile(r"([+-]?[0-9]{1,9})([smhd])")
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
_FROM_GREENWICH: Final = re.compile(r"(?:GMT|UTC)([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _zone(text: str) -> tzinfo | None:
    """Return a zone by its offset or its name; None where there is none."""
    if text == "UTC":
        return UTC
    if known := offset(text):
        return known
    # Names cost 2 ms of a cold start, and most rules know their offset.
    from handler.core.expressions.zones import named  # noqa: PLC0415 - as said

    return named(text)


def _nearest_zone(text: JsonValue) -> str | None:
    if isinstance(text, str) and (found := _FROM_GREENWICH.fullmatch(text)):
        return f"'{found[1]}{int(found[2]):02}:{found[3] or '00'}'"  # as people mean GMT+1
    from handler.core.expressions.zones import nearest  # noqa: PLC0415 - as in _zone

    near = nearest(text) if isinstance(text, str) else None
    return near and f"'{near}'"


def _span_of_number(value: JsonValue) -> str | None:
    """Return a duration for a number of seconds, as it is most often meant."""
    text = written(value) if isinstance(value, str | int | float) else ""
    if not _WHOLE.fullmatch(text):
        return None
    larger = [unit for unit in "dhm" if int(text) and int(text) % _SECONDS[unit] == 0]
    more = f" or '{int(text) // _SECONDS[larger[0]]}{larger[0]}'" if larger else ""
    return f"'{text}s'{more}"


_ZONE: Final[Argument] = {
    "types": ["string", "null"],
    "optional": True,
    "fits": lambda zone: isinstance(zone, str) and _zone(zone) is not None,
    "says": "a zone, such as 'America/New_York', 'UTC' or '+02:00',",
    "near": _nearest_zone,
}
_SPAN: Final[Argument] = {
    "types": ["string", "null"],
    "fits": lambda span: isinstance(span, str) and _DURATION.fullmatch(span) is not None,
    "says": "a duration such as '3d', '-2h' or '30m'",
    "near": _span_of_number,
}


class TimeFunctions:
    """Functions of time."""

    @takes(AMOUNT, _ZONE)
    def _func_time(self, value: str | float | None, zone: str | None = "") -> str | None:
        """Return a time in UTC, such as '2026-11-20T21:00:00Z': `time(body.created_at)`.

        `times` says what is read. A time that does not say where it counts needs its zone:
        `time(body.date_created_gmt, 'UTC')`, `time(body.created, 'America/New_York')`.
        """
        if zone is None:
            return None
        return _written(moment(value, _zone(zone) if zone else None))

    @takes(AMOUNT, _SPAN)
    def _func_time_add(self, value: str | float | None, span: str | None) -> str | None:
        """Return a time later or earlier: `time_add(body.created_at, '3d')`, '-2h', '30m'."""
        begun, found = moment(value), _DURATION.fullmatch(span or "")
        if begun is None or found is None:
            return None
        try:
            return _written(begun + timedelta(seconds=int(found[1]) * _SECONDS[found[2]]))
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


def _written(found: datetime | None) -> str | None:
    if found is None:
        return None
    return found.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _since_epoch(value: str | float | None, unit: timedelta) -> int | None:
    found = moment(value)
    return None if found is None else (found - _EPOCH) // unit
