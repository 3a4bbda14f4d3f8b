"""The ledger as a person sees it: what it says of a delivery, and how a final state is set free."""

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from handler.core.delivery.claim_protocol import State
from handler.core.delivery.occurrences import joined, under
from handler.core.models import Delivery
from handler.ledger.occurrences import key_of, runs_in

_KEYS: Final = 100  # DynamoDB API reference, BatchGetItem
_PAUSE: Final = 0.2  # seconds before the keys that DynamoDB has left over are asked for again
_CONDITION_FAILED: Final = "ConditionalCheckFailedException"


@dataclass(frozen=True, slots=True)
class Record:
    """What the ledger holds of a delivery; times are in seconds since the epoch.

    `last` are the last attempts, the newest last. `item` is all of the item, as plain values.
    What an older relay has not written is None, 0 or empty.
    """

    state: str
    attempts: int = 0
    expires: int | None = None
    dead_at: int | None = None
    last: tuple[Mapping[str, Any], ...] = ()
    item: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """Return the record in an item as the low-level API gives it."""
        known = {name: plain(value) for name, value in item.items()}
        return cls(
            state=str(known.get("state", "")),
            attempts=known.get("attempts", 0),
            expires=known.get("expires"),
            dead_at=known.get("dead_at"),
            last=tuple(known.get("last", ())),
            item=known,
        )

    def is_over(self, now: float) -> bool:
        """Whether it counts as absent: DynamoDB deletes what has expired within days, not at once.

        (DynamoDB guide, "Working with expired items".)
        """
        return self.expires is not None and self.expires <= now


def plain(value: Mapping[str, Any]) -> Any:
    """Return the JSON value of a low-level attribute value; sets become sorted lists."""
    ((kind, inner),) = value.items()
    if kind == "N":
        return float(inner) if any(it in inner for it in ".eE") else int(inner)
    if kind == "M":
        return {name: plain(it) for name, it in inner.items()}
    if kind == "L":
        return [plain(it) for it in inner]
    if kind == "NULL":
        return None
    return sorted(inner) if kind in ("SS", "NS") else inner


@dataclass(frozen=True, slots=True)
class LedgerDesk:
    """The ledger's table, for a command. botocore's errors pass: they name call and reason."""

    client: Any
    table: str

    def under(self, delivery: Delivery) -> Delivery:
        """Return a delivery under the id that the ledger has it by: see `occurrences`."""
        if delivery.again_after is None:
            return delivery
        key = {"pk": {"S": key_of(delivery.id)}}
        answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        run, _ = joined(runs_in(answer.get("Item", {})), delivery)
        return under(run, delivery)

    def record(self, delivery_id: str) -> Record | None:
        """Return what the ledger says of a delivery at this moment; None where it knows nothing."""
        answer = self.client.get_item(
            TableName=self.table, Key=_key(delivery_id), ConsistentRead=True
        )
        return Record.of(answer["Item"]) if "Item" in answer else None

    def records(self, delivery_ids: Iterable[str]) -> dict[str, Record]:
        """Return what the ledger says of many deliveries, of those that it knows, by id."""
        ids = list(dict.fromkeys(delivery_ids))
        found: dict[str, Record] = {}
        for start in range(0, len(ids), _KEYS):
            for item in self._batch(ids[start : start + _KEYS]):
                found[item["pk"]["S"].removeprefix("delivery#")] = Record.of(item)
        return found

    def free(self, delivery_id: str, was: State, by: str, now: float) -> bool:
        """Make a final state FAILED, so that the delivery may be claimed; say who did it, and when.

        Return False where the state is no longer `was`. The horizon begins anew. The owner changes
        too, so that a worker who had vanished with the claim can no longer mark.
        """
        freed = {"by": {"S": by}, "at": {"N": str(int(now))}, "was": {"S": str(was)}}
        values = {":failed": State.FAILED, ":was": was, ":owner": uuid.uuid4().hex}
        update = "SET #state = :failed, #owner = :owner, freed = :freed REMOVE since"
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_key(delivery_id),
                UpdateExpression=update,
                ConditionExpression="#state = :was",
                ExpressionAttributeNames={"#state": "state", "#owner": "owner"},  # reserved words
                ExpressionAttributeValues={
                    ":freed": {"M": freed},
                    **{name: {"S": str(value)} for name, value in values.items()},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == _CONDITION_FAILED:
                return False
            raise
        return True

    def _batch(self, ids: Sequence[str]) -> Iterable[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            self.table: {"Keys": [_key(it) for it in ids], "ConsistentRead": True}
        }
        while asked:
            answer = self.client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(self.table, [])
            asked = answer.get("UnprocessedKeys", {})
            if asked:
                time.sleep(_PAUSE)


def _key(delivery_id: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"delivery#{delivery_id}"}}
