"""Lines that the emulator's log has lost: what the ledger knows better is no loss of the relay's.

The local stack's counts are read from its log lines. Under load the emulator drops some, and with
them the end of a delivery that was sent.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from handler.core.delivery.claim_protocol import LedgerState
from relay.operations.clients import StackClients
from relay.reconcile.accounting import STACK, AccountRow, Place
from relay.reconcile.cloudwatch_counts import Period
from relay.stacks.ledger import Ledger
from relay.stacks.logs import Search

_ENDED: Final = frozenset(
    {
        LedgerState.ACCEPTED,
        LedgerState.DEAD,
        LedgerState.HELD,
        LedgerState.WITHHELD,
        LedgerState.STALE,
    }
)


def without_lost_lines(rows: Sequence[AccountRow], unended: Collection[Place]) -> list[AccountRow]:
    """Return the rows of deliveries, those that are wrong for lost lines alone as open ones.

    `unended` are the rules with a planned delivery whose end the ledger does not know.
    """
    return [_told(row, unended) for row in rows]


def _told(row: AccountRow, unended: Collection[Place]) -> AccountRow:
    is_known = not unended if row.place == STACK else row.place not in unended
    if row.verdict != "wrong" or not is_known:
        return row
    why = (
        f"the emulator's log lost the lines of {row.difference:,}: the ledger has the end of every "
        "delivery that was planned"
    )
    return replace(row, verdict="open", why=why, look="")


def unended(desk: StackClients, period: Period) -> set[Place]:
    """Return the rules with a planned delivery that has no end in the ledger of a local stack.

    Raise botocore's errors, and NoSuchResource where the stack has no logs.
    """
    planned = dict(_planned(desk, period))
    found = Ledger.of(desk.stack).deliveries(planned)
    return {
        place
        for one, place in planned.items()
        if one not in found or found[one].state not in _ENDED
    }


def _planned(desk: StackClients, period: Period) -> Iterator[tuple[str, Place]]:
    group = desk.log_group("IngestLogGroup")
    for line in Search(period.start, period.end).lines(desk.clients["logs"], group):
        entry = line.entry
        if entry.get("message") == "webhook":
            for made in entry.get("deliveries", ()):
                yield made["id"], (entry["source"], made["rule"])
