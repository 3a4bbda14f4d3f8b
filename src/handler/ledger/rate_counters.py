"""Rate counters: the surge limits of rules, and Braze's rate limit of broadcasts.

Each counts a window of time in an item of the ledger's table, which all workers share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from handler.aws.dynamodb import Change, Item, Table, number, number_in
from handler.ledger.breaker_state import KEPT

# Braze, "API limits": calls a minute that target an audience, of all audiences and of each one.
MINUTE: Final = 60
BROADCASTS: Final = 250
BROADCASTS_OF_ONE: Final = 10


@dataclass(frozen=True, slots=True)
class Surge:
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


@dataclass(frozen=True, slots=True)
class RateCounters:
    """The counters. Every call raises Unavailable where the table does not answer."""

    table: Table

    def pass_surge(self, rule: str, surge_limit: tuple[int, int], now: float) -> bool:
        """Count a delivery of a rule, `source/rule`; return False where the limit stops it."""
        limit, seconds = surge_limit
        key = f"surge#{rule}"
        # A window is kept as its first second: one of another length begins once it is over.
        if self._take(key, int(now) // seconds * seconds, limit, now):
            return True
        change = Change(
            "SET stopped_at = if_not_exists(stopped_at, :now), expires = :expires ADD stopped :one",
            "attribute_exists(pk)",
            {":now": number(int(now)), ":expires": number(int(now) + KEPT), ":one": number(1)},
        )
        self.table.update(key, change)
        return False

    def surge(self, rule: str) -> Surge:
        """Return an operator's decisions on a rule's surge limit."""
        item = self.table.get(f"surge#{rule}")
        released, dropped = number_in(item, "released_at"), number_in(item, "dropped_at")
        return Surge(released or 0, dropped or 0)

    def pass_broadcast(self, workspace: str, audience: str, now: float) -> bool:
        """Count a request to an audience; return False where Braze takes no more this minute.

        The audience's own counter is first: a request that it stops does not count for the others.
        """
        minute = int(now) // MINUTE
        own = f"rate#{workspace}#{audience}"
        return self._take(own, minute, BROADCASTS_OF_ONE, now) and self._take(
            f"rate#{workspace}#audiences", minute, BROADCASTS, now
        )

    def _take(self, key: str, window: int, limit: int, now: float) -> bool:
        values: Mapping[str, Item] = {
            ":window": number(window),
            ":one": number(1),
            ":expires": number(int(now) + KEPT),
        }
        more = Change(
            "SET expires = :expires ADD #count :one",
            # A later window counts too: another worker's clock may be ahead of this one's.
            "#window >= :window AND #count < :limit",
            {**values, ":limit": number(limit)},
        )
        first = Change(
            "SET #window = :window, #count = :one, expires = :expires",
            "attribute_not_exists(#window) OR #window < :window",
            values,
        )
        return any(self.table.update(key, change).applied for change in (more, first, more))
