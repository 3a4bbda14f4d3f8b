"""What lets only so many deliveries pass in a time: surge brakes, and Braze's rate of broadcasts.

Each is a counter of a window of time in the ledger's table, which all workers share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from handler.aws.dynamodb import Change, Item, Table, number, number_in
from handler.ledger.breaker_state import KEPT

# Braze, "API limits": calls that target an audience, for all audiences and for each one.
MINUTE: Final = 60
BROADCASTS: Final = 250
BROADCASTS_OF_ONE: Final = 10


@dataclass(frozen=True, slots=True)
class Surge:
    """What a person has said of a rule's brake; times are in epoch seconds, 0 for never."""

    released_at: int = 0
    dropped_at: int = 0

    def of(self, since: int) -> Literal["released", "dropped", "stopped"]:
        """Return what was said first of what was stopped at that time."""
        said: list[tuple[int, Literal["released", "dropped"]]] = [
            (self.dropped_at, "dropped"),
            (self.released_at, "released"),
        ]
        return min((it for it in said if it[0] >= since), default=(0, "stopped"))[1]


@dataclass(frozen=True, slots=True)
class RateCounters:
    """The counters. Every call raises Unavailable where the table does not answer."""

    table: Table

    def pass_surge(self, rule: str, brake: tuple[int, int], now: float) -> bool:
        """Count a delivery of a rule, `source/rule`; False where the brake stops it."""
        limit, seconds = brake
        key = f"surge#{rule}"
        # By its first second: a window of another length begins anew where this one is over.
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
        """Return what a person has said of a rule's brake."""
        item = self.table.get(f"surge#{rule}")
        released, dropped = number_in(item, "released_at"), number_in(item, "dropped_at")
        return Surge(released or 0, dropped or 0)

    def pass_broadcast(self, workspace: str, audience: str, now: float) -> bool:
        """Count a request to an audience; False where Braze would take no more this minute.

        The audience's own counter is the first: what it stops takes nothing from the others.
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
            # A later one, too: another worker's clock may be ahead of this one's.
            "#window >= :window AND #count < :limit",
            {**values, ":limit": number(limit)},
        )
        first = Change(
            "SET #window = :window, #count = :one, expires = :expires",
            "attribute_not_exists(#window) OR #window < :window",
            values,
        )
        return any(self.table.update(key, change).applied for change in (more, first, more))
