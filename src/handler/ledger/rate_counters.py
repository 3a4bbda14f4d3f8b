"""Rate counters: the surge limits of rules, and Braze's rate limit of broadcasts.

Each counts a window of time in an item of the ledger's table, which all workers share.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from handler.aws.dynamodb import Item, ItemUpdate, Table, number, number_in
from handler.ledger.breaker_state import KEPT

# Braze, "API limits": calls a minute that target an audience, of all audiences and of each one.
MINUTE: Final = 60
BROADCASTS: Final = 250
BROADCASTS_OF_ONE: Final = 10
_TRIES: Final = 4  # other workers may count, or begin a window, between two of them


@dataclass(frozen=True, slots=True)
class SurgeDecisions:
    """An operator's decisions on a rule's surge limit; times are in epoch seconds, 0 for never."""

    released_at: int = 0
    dropped_at: int = 0

    def of(self, since: int) -> Literal["released", "dropped", "stopped"]:
        """Return the first decision on a delivery that was stopped at `since`."""
        decisions: list[tuple[int, Literal["released", "dropped"]]] = [
            (self.dropped_at, "dropped"),
            (self.released_at, "released"),
        ]
        return min((one for one in decisions if one[0] >= since), default=(0, "stopped"))[1]


class _Window(NamedTuple):
    """A window of time, its limit, and now, in epoch seconds."""

    begin: int
    limit: int
    now: float

    def more(self, count: int) -> ItemUpdate:
        """Return the change that counts so many more, where all of them may pass."""
        return ItemUpdate(
            "SET expires = :expires ADD #count :count",
            # A later window counts too: another worker's clock may be ahead of this one's.
            "#window >= :window AND #count <= :most",
            {**self._values(count), ":most": number(self.limit - count)},
        )

    def first(self, count: int) -> ItemUpdate:
        """Return the change that begins the window with so many."""
        return ItemUpdate(
            "SET #window = :window, #count = :count, expires = :expires",
            "attribute_not_exists(#window) OR #window < :window",
            self._values(count),
        )

    def _values(self, count: int) -> dict[str, Item]:
        return {
            ":window": number(self.begin),
            ":count": number(count),
            ":expires": number(int(self.now) + KEPT),
        }


@dataclass(frozen=True, slots=True)
class RateCounters:
    """The counters. Every call raises Unavailable where the table does not answer."""

    table: Table

    def pass_surge(self, rule: str, surge_limit: tuple[int, int], now: float, count: int) -> int:
        """Count deliveries of a rule, `source/rule`; return how many the limit lets pass."""
        limit, seconds = surge_limit
        key = f"surge#{rule}"
        # A window is kept as its first second: one of another length begins once it is over.
        passed = self._take(key, _Window(int(now) // seconds * seconds, limit, now), count)
        if passed < count:
            values = {
                ":now": number(int(now)),
                ":expires": number(int(now) + KEPT),
                ":stopped": number(count - passed),
            }
            update = (
                "SET stopped_at = if_not_exists(stopped_at, :now), expires = :expires "
                "ADD stopped :stopped"
            )
            self.table.update(key, ItemUpdate(update, "attribute_exists(pk)", values))
        return passed

    def surge(self, rule: str) -> SurgeDecisions:
        """Return an operator's decisions on a rule's surge limit."""
        item = self.table.get(f"surge#{rule}")
        released, dropped = number_in(item, "released_at"), number_in(item, "dropped_at")
        return SurgeDecisions(released or 0, dropped or 0)

    def pass_broadcast(self, workspace: str, audience: str, now: float) -> bool:
        """Count a request to an audience; return False where Braze takes no more this minute.

        The audience's own counter is first: a request that it stops does not count for the others.
        """
        minute = int(now) // MINUTE
        own = f"rate#{workspace}#{audience}"
        return bool(
            self._take(own, _Window(minute, BROADCASTS_OF_ONE, now), 1)
            and self._take(f"rate#{workspace}#audiences", _Window(minute, BROADCASTS, now), 1)
        )

    def _take(self, key: str, window: _Window, count: int) -> int:
        """Count up to so many in a window; return how many of them its limit lets pass."""
        for _ in range(_TRIES):
            count = min(count, window.limit)
            applied, item = self.table.update(key, window.more(count))
            if applied:
                return count
            if (number_in(item, "window") or 0) < window.begin:
                if self.table.update(key, window.first(count)).applied:
                    return count
                continue  # another worker has just begun it
            count = min(count, window.limit - (number_in(item, "count") or 0))
            if count <= 0:
                return 0
        return 0
