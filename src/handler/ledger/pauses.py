"""Pauses by operators: one item of the ledger's table, which each worker reads regularly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from handler.aws.dynamodb import Table
from handler.core.errors import Unavailable
from handler.core.models import Delivery

PAUSES: Final = "pause#"


@dataclass(slots=True)
class Pauses:
    """The scopes that are paused, as one worker knows them.

    Its copy is at most `known` seconds old. Where the table is away the last copy is used, and a
    worker without a copy sends nothing. `clock` returns seconds since the epoch.
    """

    table: Table
    clock: Callable[[], float]
    known: float
    _scopes: frozenset[str] | None = None
    _read_at: float = float("-inf")

    def stop(self, delivery: Delivery) -> bool:
        """Return whether a scope of a delivery is paused; raise Unavailable where it is unknown."""
        source = delivery.source
        scopes = {
            "all",
            f"source/{source}",
            f"rule/{source}/{delivery.rule}",
            f"workspace/{delivery.workspace}",
        }
        return not scopes.isdisjoint(self._current())

    def _current(self) -> frozenset[str]:
        now = self.clock()
        if self._scopes is None or not 0 <= now - self._read_at < self.known:
            self._read_at = now
            try:
                item = self.table.get(PAUSES)
            except Unavailable:
                if self._scopes is None:
                    raise
            else:
                self._scopes = frozenset(item.get("scopes", {"M": {}})["M"])
        return self._scopes
