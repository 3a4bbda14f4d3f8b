"""Braze's rate limit, as its answers report it, and how the relay slows down before reaching it.

Source: Braze, "API limits": `X-RateLimit-Limit`, `-Remaining` and `-Reset` come with every answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

# Braze's windows are hours of the clock; a reset further ahead than two hours is a mistake.
HOUR: Final = 3_600
LONGEST: Final = 2 * HOUR
# A number of seconds above this is a date: 10^9 seconds after the epoch was in 2001.
_EPOCH: Final = 1_000_000_000
_SECONDS: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)
# The three forms of an HTTP date, which are all in UTC (RFC 9110, 5.6.7): the one in use, and what
# RFC 850 and C's asctime() make of it.
_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_DATE: Final = re.compile(
    rf"[A-Z][a-z]{{2}}, [0-9]{{2}} [A-Z][a-z]{{2}} [0-9]{{4}} {_TIME} GMT"
    rf"|[A-Z][a-z]{{5,8}}, [0-9]{{2}}-[A-Z][a-z]{{2}}-[0-9]{{2}} {_TIME} GMT"
    rf"|[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ 0-9][0-9] {_TIME} [0-9]{{4}}",
    re.ASCII,
)
_RETRY: Final = ("x-ratelimit-retry-after", "retry-after")
# Braze sends it with every answer: it is about the limit alone, and up to an hour away.
_RESET: Final = ("x-ratelimit-reset",)
# The share of an hour's limit that is kept for the rest of the hour: what comes late in it still
# gets through after a large import, at 0.05 * 250,000 / 3,600 s = 3.5 requests a second.
RESERVE: Final = 0.05
# Of the limit: with less left, deliveries of low priority leave it to the others.
LOW_PRIORITY_RESERVE: Final = 0.2
_LONGEST_NUMBER: Final = 9  # digits; a longer number in a header is no sane one


def seconds_asked(headers: Mapping[str, str], now: float, *, limited: bool) -> int | None:
    """Return the seconds to wait, 1 to 7,200, or None where no header says a sane number.

    Header names are in lower case; `now` is in seconds since the epoch; `limited` says that the
    rate limit is why the request failed.
    """
    for name in _RETRY + (_RESET if limited else ()):
        number = _number(headers.get(name, "").strip())
        if number is None:
            continue
        left = number - now if number > _EPOCH else number
        if 0 < left <= LONGEST:
            return max(1, round(left))
    return None


def _number(text: str) -> float | None:
    """Return a header's seconds, or its date as seconds since the epoch; None if it is neither."""
    if _SECONDS.fullmatch(text):
        return float(text)
    if not _DATE.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp()
    except ValueError:  # the 31st of February
        return None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit, and what is left of it until its window ends at `reset`, in epoch seconds."""

    remaining: int
    limit: int
    reset: int

    def opens_at(self, reserve: float) -> float:
        """Return from when on the next request may go, in epoch seconds; often long ago.

        `reserve` is the share of the limit that is kept for an hour. Of it, only the part of the
        time left is kept, so that it is used up when the window ends, and not before:
        `remaining >= reserve * limit * (reset - now) / HOUR`.
        """
        return self.reset - HOUR * self.remaining / (reserve * self.limit)

    def reserved_until(self, now: float) -> int:
        """Return when deliveries of low priority may go, in epoch seconds; 0 where they may now."""
        is_enough = self.remaining >= LOW_PRIORITY_RESERVE * self.limit
        return 0 if is_enough or now >= self.reset else self.reset


def limit_of(headers: Mapping[str, str], now: float) -> Limit | None:
    """Return the limit that an answer reports; None where a header is missing or no sane number."""
    remaining = number_of(headers, "x-ratelimit-remaining")
    limit = number_of(headers, "x-ratelimit-limit")
    left = seconds_asked(headers, now, limited=True)
    if remaining is None or not limit or left is None:
        return None
    return Limit(remaining, limit, int(now) + left)


def number_of(headers: Mapping[str, str], name: str) -> int | None:
    """Return a header's number of requests, None where it is none."""
    text = headers.get(name, "").strip()
    sane = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    return int(text) if sane else None
