"""Occurrences of deliveries whose id is only a digest: one item of the table for each digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handler.aws.dynamodb import Item, ItemUpdate, Table, number, number_in
from handler.core.delivery.occurrences import Occurrence, joined, under
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.ledger.lease import DAY
from handler.ledger.records import record_from

_TRIES: Final = 5  # another worker that is quicker five times in a row is a fault
# Queue and dead letters keep a message for 10 + 14 days: nothing older can arrive.
_KEPT: Final = 30 * DAY
_MOST: Final = 100  # occurrences of one digest; an item stays under 10 KB


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The items of digests, kept for `days` after their last occurrence."""

    table: Table
    days: int

    def under(self, delivery: Delivery, now: float) -> Delivery:
        """Return a delivery under the id of its occurrence, which it may begin.

        Raise Unavailable where the table does not answer: then nothing may be claimed.
        """
        if delivery.again_after is None:
            return delivery
        for _ in range(_TRIES):
            item = self.table.get(key_of(delivery.id))
            known = occurrences_in(item) or self._of_the_former_release(delivery)
            occurrence, all_of = joined(known, delivery)
            if occurrence in known or self._write(delivery, item, all_of, now):
                return under(occurrence, delivery)
        raise Unavailable("ledger: runs change all the time")

    def _of_the_former_release(self, delivery: Delivery) -> list[Occurrence]:
        """Return the occurrence of a record that an earlier release wrote without this item."""
        record = record_from(self.table.get(f"delivery#{delivery.id}"))
        if record is None:
            return []
        last = record.last[-1].get("time") if record.last else record.since
        at = int(last or record.lease_until)
        return [Occurrence(0, at, at)]

    def _write(
        self,
        delivery: Delivery,
        item: Mapping[str, Item],
        occurrences: Sequence[Occurrence],
        now: float,
    ) -> bool:
        kept = [one for one in occurrences if one.last > now - _KEPT][-_MOST:]
        change = ItemUpdate(
            "SET runs = :runs, #count = :count, expires = :expires",
            "#count = :seen" if item else "attribute_not_exists(pk)",
            {
                ":runs": {"L": [_written(one) for one in kept]},
                ":count": number((number_in(item, "count") or 0) + 1),
                ":expires": number(int(now) + self.days * DAY),
                **({":seen": item["count"]} if item else {}),
            },
        )
        return self.table.update(key_of(delivery.id), change).applied


def key_of(delivery_id: str) -> str:
    """Return the key of the item of a delivery's digest."""
    return f"runs#{delivery_id}"


def occurrences_in(item: Mapping[str, Item]) -> list[Occurrence]:
    """Return the occurrences in an item of the table."""
    return [
        Occurrence(*(int(value["N"]) for value in one["L"]))
        for one in item.get("runs", {"L": []})["L"]
    ]


def _written(one: Occurrence) -> Item:
    return {"L": [number(value) for value in (one.name, one.first, one.last)]}
