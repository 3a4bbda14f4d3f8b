"""Turns of users at Canvases: an item of the ledger's table for each user and Canvas.

It holds when the next free turn begins, when the last request began, and under the names of the
deliveries that wait the turns that are kept for them. A worker that dies after it took a turn, and
an answer that is lost, only delay: the delivery takes another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from handler.aws.dynamodb import Item, ItemUpdate, Statement, Table, number, number_in
from handler.core.delivery.canvas_turns import APART, EARLY, SLOT, Step, Turns, step
from handler.ledger.lease import DAY

_KEPT: Final = 2 * DAY  # seconds; a delivery ends at its horizon of one
_TRIES: Final = 4  # others may be quicker; then a second passes


@dataclass(frozen=True, slots=True)
class CanvasTurns:
    """The items of turns; `turn` is a digest of `turn_of`, `now` in epoch seconds.

    Every call raises Unavailable where the table does not answer.
    """

    table: Table

    def first(self, turn: str, now: float) -> Statement:
        """Return the statement that takes the first turn of all; refused where there was another.

        `take` is for who is refused. It may have been applied where its answer was lost.
        """
        ms = int(now * 1_000)
        item = {"free_at": number(ms + SLOT), "begun_at": number(ms), "expires": _expires(now)}
        return self.table.insert(_key(turn), item)

    def take(self, turn: str, delivery: str, now: float, *, came_back: bool) -> int:
        """Return the seconds that a delivery waits for its turn; 0 where it has it now.

        `came_back`: a turn may be kept for it. The first entry of a user pays one write; one that
        waits pays two when it comes, and one when its turn has come.
        """
        ms, name = int(now * 1_000), f"kept_{delivery[:32]}"
        what: Step = "come" if came_back else "begin"
        for _ in range(_TRIES):
            applied, item = self.table.update(_key(turn), _change(what, name, ms), "ALL_NEW")
            if applied and what != "keep":
                return 0
            found = step(_turns_in(item, name), ms)
            if isinstance(found, int):
                return ceil(found / 1_000)
            what = found
        return 1


def _change(what: Step, name: str, ms: int) -> ItemUpdate:
    """Return the update of a step; its condition is that of `step`."""
    values = {":now": number(ms), ":expires": _expires(ms / 1_000)}
    if what == "keep":
        return ItemUpdate(
            f"SET {name} = free_at, free_at = free_at + :slot, expires = :expires",
            f"free_at > :now AND attribute_not_exists({name})",
            {**values, ":slot": number(SLOT)},
        )
    over = "(attribute_not_exists(begun_at) OR begun_at <= :over)"
    values[":over"] = number(ms - APART)
    if what == "come":
        return ItemUpdate(
            f"SET begun_at = :now, expires = :expires REMOVE {name}",
            f"{name} <= :early AND {over}",
            {**values, ":early": number(ms + EARLY)},
        )
    return ItemUpdate(
        "SET free_at = :next, begun_at = :now, expires = :expires",
        "(attribute_not_exists(free_at) OR free_at <= :now) "
        f"AND {over} AND attribute_not_exists({name})",
        {**values, ":next": number(ms + SLOT)},
    )


def _turns_in(item: Mapping[str, Item], name: str) -> Turns:
    free_at, begun_at = number_in(item, "free_at"), number_in(item, "begun_at")
    return Turns(free_at or 0, begun_at or 0, number_in(item, name))


def _expires(now: float) -> Item:
    return number(int(now) + _KEPT)


def _key(turn: str) -> str:
    return f"turn#{turn}"
