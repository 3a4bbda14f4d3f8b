"""Formats for operators: times, spans and counts, as they are printed and as they are typed."""

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import typer

DAY: Final = 86_400
FEW: Final = 3  # names in a line; the others are counted
_UNITS: Final = ((DAY, "d"), (3600, "h"), (60, "min"))
_AGO: Final = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def span(seconds: float) -> str:
    """Return a span in its two largest units: `2 d 4 h`, `35 s`; a negative one is 0."""
    rest = max(round(seconds), 0)
    words = []
    for size, unit in _UNITS:
        if rest >= size:
            words.append(f"{rest // size} {unit}")
            rest %= size
    if rest or not words:
        words.append(f"{rest} s")
    return " ".join(words[:2])


def clock(at: float) -> str:
    """Return a time of day in UTC, as all times are: `14:05:09 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"


def moment(at: float, now: float) -> str:
    """Return a time of today as 14:05:09 UTC, of another day with its date."""
    then, today = (datetime.fromtimestamp(one, UTC).date() for one in (at, now))
    return clock(at) if then == today else f"{then} {clock(at)}"


def minute(at: float) -> str:
    """Return a time as lists of dead letters show it: `2026-11-20 14:05 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def since(at: float, now: float) -> str:
    """Return when something began, and how long ago."""
    return f"since {moment(at, now)} ({span(now - at)})"


def ago(at: float, now: float) -> str:
    """Return when something happened, and how long ago."""
    return f"{moment(at, now)} ({span(now - at)} ago)"


def until(at: float, now: float) -> str:
    """Return when something ends, and how long from now."""
    return f"until {moment(at, now)} (in {span(at - now)})"


def counted(number: int, name: str) -> str:
    """Return `1 dead letter`, `2 dead letters`."""
    plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    plural = f"{name}es" if name.endswith("ch") else plural
    return f"{number:,} {name if number == 1 else plural}"


def few(names: Iterable[str]) -> str:
    """Return the first of these names, each once, and how many more there are."""
    known = list(dict.fromkeys(names))
    more = len(known) - FEW
    return ", ".join([*known[:FEW], *([f"and {more} more"] if more > 0 else [])])


def is_or_are(number: int) -> str:
    """Return the verb of a number of things."""
    return "is" if number == 1 else "are"


def time_of(text: str, now: float) -> int:
    """Return the epoch seconds of `2h` (that long ago) or of an ISO 8601 time, UTC by default.

    Raise typer.BadParameter for anything else.
    """
    at = _ago(text, now)
    if at is None:
        at = _iso(text)
    if at < 0:
        raise typer.BadParameter(f"{text} is before 1970: there was no relay")
    return at


def period(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """Return the ends of a period in epoch seconds, None for an end that is not given.

    Raise typer.BadParameter for text that is no time, and for an empty period.
    """
    now = time.time()
    start, end = (None if one is None else time_of(one, now) for one in (since, until))
    if start is not None and end is not None and start >= end:
        raise typer.BadParameter("--since is not before --until")
    return start, end


def _ago(text: str, now: float) -> int | None:
    found = _AGO.fullmatch(text)
    return int(now) - int(found[1]) * _SECONDS[found[2]] if found else None


def _iso(text: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        words = f"{text} is no time: 2h, 3d, or 2026-01-31T08:00 (UTC, unless it has an offset)"
        raise typer.BadParameter(words) from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
