"""Times, spans and commands, as an operator reads and pastes them."""

from datetime import UTC, datetime
from typing import Final

from relay.stacks.selection import Operated

RELAY: Final = ".venv/bin/relay"
DAY: Final = 86_400
_UNITS: Final = ((DAY, "d"), (3600, "h"), (60, "min"))


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
    """Return a time of day, in UTC as all times are: `14:05:09 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"


def moment(at: float, now: float) -> str:
    """Return a time of today as 14:05:09 UTC, of another day with its date."""
    then, today = (datetime.fromtimestamp(one, UTC).date() for one in (at, now))
    return clock(at) if then == today else f"{then} {clock(at)}"


def minute(at: float) -> str:
    """Return a time as the lists of letters have it: `2026-11-20 14:05 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def since(at: float, now: float) -> str:
    """Return when something began and how long ago that is, both as people say it."""
    return f"since {moment(at, now)} ({span(now - at)})"


def ago(at: float, now: float) -> str:
    """Return when something happened and how long ago that is."""
    return f"{moment(at, now)} ({span(now - at)} ago)"


def until(at: float, now: float) -> str:
    """Return when something ends and how long that is from now."""
    return f"until {moment(at, now)} (in {span(at - now)})"


def counted(number: int, name: str) -> str:
    """Return `1 dead letter`, `2 dead letters`."""
    plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    return f"{number:,} {name if number == 1 else plural}"


def command(stack: Operated, words: str) -> str:
    """Return a command for the same stack, ready to be pasted."""
    chosen = "--local" if stack.endpoint is not None else f"--stack-name {stack.name}"
    return f"{RELAY} {words} {chosen}"
