"""Keeps older attributes from overwriting newer ones, where a source's events have a version.

Braze applies two requests in whatever order they arrive, so that only one at a time is on its way
for each profile, source and rule. An item of the ledger's table holds the newest version that was
accepted, and the delivery that is on its way.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from pydantic import JsonValue

from handler.core.identifiers import user_of
from handler.core.models import Delivery
from handler.core.request import written
from handler.items import number, text
from handler.ledger import DAY
from handler.table import Change, Table

_VERSION: Final = 1
_DAYS: Final = 30  # far longer than any delivery is on its way

Turn = Literal["go", "stale", "wait"]


@dataclass(frozen=True, slots=True)
class Guard:
    """The items of profiles. Every call raises Unavailable where the table does not answer."""

    table: Table

    def begin(self, delivery: Delivery, now: float, until: float) -> Turn:
        """Ask whether a delivery may write its attributes now.

        `go`: until `until` nobody else does. `stale`: a newer one was accepted, so it goes without
        them. `wait`: another one is on its way, or a newer one waits to be sent again.
        """
        version = delivery.event_version or 0
        values = {
            ":id": text(delivery.id),
            ":version": {"N": repr(version)},
            ":now": number(int(now)),
            ":until": number(int(until)),
            ":expires": number(int(now) + _DAYS * DAY),
        }
        free = "attribute_not_exists(#pending) OR #pending = :id OR pending_version <= :version"
        idle = "attribute_not_exists(#pending) OR #pending = :id OR pending_until < :now"
        newest = "attribute_not_exists(#accepted) OR #accepted <= :version"
        change = Change(
            "SET #pending = :id, pending_version = :version, pending_until = :until, "
            "expires = :expires",
            f"({newest}) AND ({free}) AND ({idle})",
            values,
        )
        applied, item = self.table.update(key_of(delivery), change)
        if applied:
            return "go"
        accepted = item.get("accepted")
        stale = accepted is not None and float(accepted["N"]) > version
        return "stale" if stale else "wait"

    def end(self, delivery: Delivery, *, accepted: bool) -> None:
        """Let the next one go; an accepted one, or one that may have been, is now the newest."""
        version = {":version": {"N": repr(delivery.event_version or 0)}}
        mine = {":id": text(delivery.id)}
        pending = "#pending, pending_version, pending_until"
        done = Change(f"REMOVE {pending}", "#pending = :id", mine)
        if accepted:
            done = Change(
                f"SET #accepted = :version REMOVE {pending}", "#pending = :id", version | mine
            )
        self.table.update(key_of(delivery), done)

    def postpone(self, delivery: Delivery) -> None:
        """Let newer ones go, while older ones wait for this one to be sent again."""
        change = Change(
            "SET pending_until = :none",
            "#pending = :id",
            {":id": text(delivery.id), ":none": number(0)},
        )
        self.table.update(key_of(delivery), change)


def key_of(delivery: Delivery) -> str:
    """Return the key of a profile's item: no name and no address stands in it."""
    return user_key(delivery.workspace, user_of(delivery), delivery.source, delivery.rule)


def user_key(workspace: str, user: list[JsonValue] | None, source: str, rule: str) -> str:
    """Return the key of what is kept of one profile, workspace, source and rule."""
    who: list[JsonValue] = [_VERSION, workspace, user, source, rule]
    return f"user#{sha256(written(who).encode('ascii')).hexdigest()}"
