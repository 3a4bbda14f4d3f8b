"""Braze's rate limit as its answers tell it, and how the relay slows down before it is reached.

Source: Braze, "API limits": `X-RateLimit-Limit`, `-Remaining` and `-Reset` come with every answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from handler.core.reset import seconds_asked

RESERVE: Final = 0.05  # the share of the limit from which on requests are spread over what is left
_LONGEST_NUMBER: Final = 9  # digits; whatever a header says, it stays a sane number


@dataclass(frozen=True, slots=True)
class Limit:
    """What is left of a limit until its window ends, at `reset`, in seconds since the epoch."""

    remaining: int
    limit: int
    reset: int

    def share(self, now: float) -> float:
        """Return which share of the requests may go now, 0 to 1."""
        reserve = RESERVE * self.limit
        if now >= self.reset or self.remaining >= reserve:
            return 1.0
        return self.remaining / reserve


def limit_of(headers: Mapping[str, str], now: float) -> Limit | None:
    """Return the limit that an answer tells; None where a header is missing or no sane number."""
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
