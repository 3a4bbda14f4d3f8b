"""A workspace's breaker in the ledger's table: how its item is read, and what changes it.

Each function returns the update of one transition, whose condition keeps it from being made twice.
"""

from collections.abc import Mapping
from typing import Final

from handler.aws.dynamodb import Change
from handler.core.delivery.breaker import WINDOW, Breaker, Reason
from handler.ledger.lease import DAY
from handler.ledger.records import Item, number, number_in, text

KEPT: Final = 30 * DAY  # seconds; nothing of the breaker's kind is of use for longer


def breaker_from(item: Mapping[str, Item]) -> Breaker:
    """Return the breaker in an item of the table; `{}` is a closed one."""
    return Breaker(
        open_until=number_in(item, "open_until"),
        opened_at=number_in(item, "opened_at") or 0,
        opens=number_in(item, "opens") or 0,
        reason=item.get("reason", {}).get("S", ""),
        probe=item.get("probe", {}).get("S", ""),
        probe_until=number_in(item, "probe_until") or 0,
    )


def opening(opens: int, reason: Reason, now: int, seconds: int) -> Change:
    """Open it, for the `opens`th time in a row and so many seconds, unless another just has."""
    return Change(
        "SET open_until = :until, opened_at = if_not_exists(opened_at, :now), "
        "opens = :opens, #reason = :reason, expires = :expires REMOVE probe, probe_until",
        "attribute_not_exists(open_until) OR open_until <= :now",
        {
            ":until": number(now + seconds),
            ":now": number(now),
            ":opens": number(opens),
            ":reason": text(reason),
            ":expires": number(now + KEPT),
        },
    )


def probing(worker: str, now: int, until: int) -> Change:
    """Take the one probe of one that was open long enough."""
    return Change(
        "SET probe = :owner, probe_until = :until",
        "open_until <= :now AND "
        "(attribute_not_exists(probe_until) OR probe_until <= :now OR probe = :owner)",
        {":owner": text(worker), ":until": number(until), ":now": number(now)},
    )


def closing(now: int) -> Change:
    """Close it, unless it was opened again meanwhile."""
    fields = "open_until, opened_at, opens, #reason, probe, probe_until"
    return Change(
        f"REMOVE {fields}, #window, #total, #failed",
        "open_until <= :now",
        {":now": number(now)},
    )


def failing(requests: int, now: int) -> tuple[Change, Change]:
    """Add a failure among so many requests: to the window that is counted, or to a new one."""
    values = {
        ":window": number(now // WINDOW),
        ":requests": number(requests),
        ":one": number(1),
        ":expires": number(now + KEPT),
    }
    more = Change(
        "SET expires = :expires ADD #total :requests, #failed :one",
        "#window = :window",
        values,
    )
    first = Change(
        "SET #window = :window, #total = :requests, #failed = :one, expires = :expires",
        "attribute_not_exists(#window) OR #window < :window",
        values,
    )
    return more, first
