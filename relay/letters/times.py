"""Times and periods as options give them: so long ago, or ISO 8601, in UTC by default."""

import re
import time
from datetime import UTC, datetime
from typing import Final

import typer

_AGO: Final = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def moment(text: str, now: float) -> int:
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
    """Return the ends of a period in epoch seconds, None for one that is not given.

    Raise typer.BadParameter for what is no time, or no period.
    """
    now = time.time()
    start, end = (None if it is None else moment(it, now) for it in (since, until))
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
