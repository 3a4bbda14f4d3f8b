"""Runs of deliveries whose id is only a digest: one item of the ledger's table for each digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handler.aws.dynamodb import Change, Item, Table, number, number_in
from handler.core.delivery.occurrences import Run, joined, under
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.ledger.lease import DAY
from handler.ledger.records import record_from

_TRIES: Final = 5  # that another worker was quicker each time is no accident any more
# SQS and the dead letters keep a message for 10 + 14 days: of an older run nothing can come.
_KEPT: Final = 30 * DAY
_MOST: Final = 100  # runs of one digest; an item stays under 10 KB


@dataclass(frozen=True, slots=True)
class Runs:
    """The items, which live `days` after their last run."""

    table: Table
    days: int

    def under(self, delivery: Delivery, now: float) -> Delivery:
        """Return a delivery under the id of its run, which it may begin.

        Raise Unavailable where the table does not answer: then nothing may be claimed.
        """
        if delivery.again_after is None:
            return delivery
        for _ in range(_TRIES):
            item = self.table.get(key_of(delivery.id))
            known = runs_in(item) or self._of_the_former_release(delivery)
            run, all_of = joined(known, delivery)
            if run in known or self._write(delivery, item, all_of, now):
                return under(run, delivery)
        raise Unavailable("ledger: runs change all the time")

    def _of_the_former_release(self, delivery: Delivery) -> list[Run]:
        """Return the run of a record that was written before there were any."""
        record = record_from(self.table.get(f"delivery#{delivery.id}"))
        if record is None:
            return []
        last = record.last[-1].get("time") if record.last else record.since
        at = int(last or record.lease_until)
        return [Run(0, at, at)]

    def _write(
        self, delivery: Delivery, item: Mapping[str, Item], runs: Sequence[Run], now: float
    ) -> bool:
        kept = [run for run in runs if run.last > now - _KEPT][-_MOST:]
        change = Change(
            "SET runs = :runs, #count = :count, expires = :expires",
            "#count = :seen" if item else "attribute_not_exists(pk)",
            {
                ":runs": {"L": [_written(run) for run in kept]},
                ":count": number((number_in(item, "count") or 0) + 1),
                ":expires": number(int(now) + self.days * DAY),
                **({":seen": item["count"]} if item else {}),
            },
        )
        return self.table.update(key_of(delivery.id), change).applied


def key_of(delivery_id: str) -> str:
    """Return the key of the runs of a delivery's digest."""
    return f"runs#{delivery_id}"


def runs_in(item: Mapping[str, Item]) -> list[Run]:
    """Return the runs in an item of the table."""
    return [
        Run(*(int(value["N"]) for value in run["L"])) for run in item.get("runs", {"L": []})["L"]
    ]


def _written(run: Run) -> Item:
    return {"L": [number(value) for value in (run.name, run.first, run.last)]}
