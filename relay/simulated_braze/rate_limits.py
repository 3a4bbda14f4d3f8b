"""Rate limits of the simulated Braze: requests in a window of the clock, and the answers' headers.

After Braze's page "API rate limits". That the windows of a minute are the clock's too is inferred.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

_HOUR: Final = 3600  # seconds
_MINUTE: Final = 60
_BURST: Final = 3
_SECONDS: Final = {"hour": _HOUR, "track": _BURST, "subscription": _MINUTE}


class Limits(BaseModel):
    """Requests an hour, broadcasts a minute, and broadcasts a minute to one audience.

    `track` is /users/track in three seconds, `subscription` the states of groups in a minute: what
    these count is nobody else's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    hour: int = Field(default=250_000, ge=0)
    broadcast: int = Field(default=250, ge=0)
    audience: int = Field(default=10, ge=0)
    track: int = Field(default=3_000, ge=0)
    subscription: int = Field(default=5_000, ge=0)


@dataclass(frozen=True, slots=True)
class Window:
    """One window: its limit, the rest (below 0: exceeded), and its end in epoch seconds."""

    limit: int
    remaining: int
    reset: int


class Limiter:
    """Counts requests by window."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._spent: Counter[tuple[str, int]] = Counter()

    def of(self, name: str, now: float) -> Window:
        """Return the present window of a limit: `hour`, which most share, or an endpoint's own."""
        return self._window(name, getattr(self.limits, name), now, _SECONDS[name])

    def spend_on(self, name: str, now: float) -> Window:
        """Count a request in such a limit; return its window."""
        self._spent[name, int(now // _SECONDS[name])] += 1
        return self.of(name, now)

    def spend(self, now: float, audience: str | None) -> Window:
        """Count a request (to an audience, or None); return its tightest window."""
        if audience is None:
            return self.spend_on("hour", now)
        whole, own = "broadcast", f"audience {audience}"
        self._spent.update([(whole, int(now // _MINUTE)), (own, int(now // _MINUTE))])
        return min(
            self._window(whole, self.limits.broadcast, now, _MINUTE),
            self._window(own, self.limits.audience, now, _MINUTE),
            key=lambda window: window.remaining,
        )

    def _window(self, name: str, limit: int, now: float, length: int) -> Window:
        number = int(now // length)
        return Window(limit, limit - self._spent[name, number], (number + 1) * length)


def _epoch(window: Window, _now: float) -> dict[str, str]:
    return _figures(window, str(window.reset))


def _figures(window: Window, reset: str) -> dict[str, str]:
    left = max(0, window.remaining)
    figures = {"limit": str(window.limit), "remaining": str(left), "reset": reset}
    return {f"x-ratelimit-{name}": text for name, text in figures.items()}


def _seconds(window: Window, now: float) -> dict[str, str]:
    return _figures(window, str(int(window.reset - now)))


def _retry_after(window: Window, now: float) -> dict[str, str]:
    """Return the headers of /users/track on some plans: a 429 has no other one."""
    if window.remaining < 0:
        return {"x-ratelimit-retry-after": str(int(window.reset - now))}
    return _seconds(window, now)


# Styles of the headers, by name: as Braze documents them (the first three), and wrong ones.
STYLES: Final[Mapping[str, Callable[[Window, float], dict[str, str]]]] = {
    "epoch": _epoch,
    "seconds": _seconds,
    "retry_after": _retry_after,
    "none": lambda _window, _now: {},
    "past": lambda window, now: _figures(window, str(int(now) - _HOUR)),
    "far": lambda window, now: _figures(window, str(int(now) + 366 * 24 * _HOUR)),
    "negative": lambda _window, _now: {"x-ratelimit-retry-after": "-1"},
    "huge": lambda _window, _now: {"x-ratelimit-retry-after": "9" * 400},
    "words": lambda _window, _now: {"retry-after": "Sat, 01 Jan 2000 00:00:00 GMT"},
}
