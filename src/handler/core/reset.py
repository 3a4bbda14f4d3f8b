"""When Braze says to come back: the rate-limit headers of its answers.

Braze's pages contradict each other (api_limits: `X-RateLimit-Reset` holds epoch seconds; the pages
on users/track: seconds left, and on a 429 only `X-Ratelimit-Retry-After`), so both are understood.
`Retry-After`, which whatever is in between may send, is seconds or a date (RFC 9110, 10.2.3).
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

# The windows of Braze are hours of the clock; what is further ahead than two is a mistake.
LONGEST: Final = 7_200
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
    """Return what a header says: seconds, or a date as seconds since the epoch."""
    if _SECONDS.fullmatch(text):
        return float(text)
    if not _DATE.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp()
    except ValueError:  # the 31st of February
        return None
