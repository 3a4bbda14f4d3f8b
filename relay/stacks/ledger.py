"""The ledger of a stack for operators' commands, which read and change single items by key.

Every call raises botocore's errors: they name the call and the reason.
"""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from handler.aws.clock import Clock
from handler.core.delivery.claim_protocol import LedgerState, RequestState
from handler.core.delivery.occurrences import joined, under
from handler.core.models import Delivery
from handler.ledger.occurrences import key_of, occurrences_in
from relay.stacks.selection import Operated

Record = Mapping[str, Any]  # an item in Python's own types
_KEY: Final = "pk"
_DELIVERY: Final = "delivery#"
_MOST_KEYS: Final = 100  # DynamoDB API reference, BatchGetItem
_PAUSE: Final = 0.2  # seconds before unprocessed keys are requested again
_CONDITION_FAILED: Final = "ConditionalCheckFailedException"


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """The ledger's record of a delivery; times are in epoch seconds.

    `last` are the last attempts, the newest last. `item` is the whole item, as plain values.
    Fields that an older release did not write are None, 0 or empty.
    """

    state: str
    attempts: int = 0
    expires: int | None = None
    dead_at: int | None = None
    last: tuple[Mapping[str, Any], ...] = ()
    item: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, item: Record) -> Self:
        """Return the record in an item."""
        return cls(
            state=str(item.get("state", "")),
            attempts=item.get("attempts", 0),
            expires=item.get("expires"),
            dead_at=item.get("dead_at"),
            last=tuple(item.get("last", ())),
            item=item,
        )

    def is_over(self, now: float) -> bool:
        """Whether it counts as absent: DynamoDB deletes what has expired within days, not at once.

        (DynamoDB guide, "Working with expired items".)
        """
        return self.expires is not None and self.expires <= now


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger's table of one stack. Reading an item sets the clock."""

    client: Any
    name: str
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def of(cls, stack: Operated) -> Self:
        """Return the ledger of a stack."""
        return cls(stack.client("dynamodb"), stack.outputs["LedgerTable"])

    def get(self, key: str) -> Record:
        """Return an item as it is now; an empty one where there is none."""
        return plain(self._item(key))

    def get_many(self, keys: Iterable[str], *, is_consistent: bool = False) -> dict[str, Record]:
        """Return the items that exist, by key: as they are now where the read is consistent."""
        found: dict[str, Record] = {}
        wanted = [_key(one) for one in dict.fromkeys(keys)]
        for start in range(0, len(wanted), _MOST_KEYS):
            batch = self._batch(wanted[start : start + _MOST_KEYS], is_consistent=is_consistent)
            found |= {each[_KEY]: each for each in batch}
        return found

    def delivery(self, delivery_id: str) -> DeliveryRecord | None:
        """Return the record of a delivery as it is now; None where there is none."""
        key = f"{_DELIVERY}{delivery_id}"
        item = self.get(key)
        return DeliveryRecord.of(self.as_recorded({key: item})[key]) if item else None

    def deliveries(self, delivery_ids: Iterable[str]) -> dict[str, DeliveryRecord]:
        """Return the records of deliveries, of those that have one, by delivery id."""
        keys = [f"{_DELIVERY}{one}" for one in delivery_ids]
        found = self.as_recorded(self.get_many(keys, is_consistent=True))
        return {key.removeprefix(_DELIVERY): DeliveryRecord.of(each) for key, each in found.items()}

    def as_recorded(self, items: Mapping[str, Record]) -> dict[str, Record]:
        """Return the items of deliveries, by key, each with the state that it has come to.

        One that was held because its worker had vanished is ACCEPTED if that worker lived and has
        recorded so after all, in the item of its batch request.
        """
        held = {
            key: f"send#{each['held_from']}"
            for key, each in items.items()
            if each.get("state") == LedgerState.HELD and "held_from" in each
        }
        sends = self.get_many(held.values(), is_consistent=True) if held else {}
        accepted = (
            key
            for key, name in held.items()
            if sends.get(name, {}).get("state") == RequestState.ACCEPTED
            and key.removeprefix(_DELIVERY) in sends[name].get("members", ())
        )
        return {**items, **{key: {**items[key], "state": LedgerState.ACCEPTED} for key in accepted}}

    def under(self, delivery: Delivery) -> Delivery:
        """Return a delivery under the id of its occurrence in the ledger: see `occurrences`."""
        if delivery.again_after is None:
            return delivery
        occurrence, _ = joined(occurrences_in(self._item(key_of(delivery.id))), delivery)
        return under(occurrence, delivery)

    def keys_by(self, index: str, name: str, value: str) -> list[str]:
        """Return the keys of the items that have a value in an index."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=index,
            KeyConditionExpression="#name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value}},
        )
        return [item[_KEY]["S"] for page in pages for item in page["Items"]]

    def beginning(self, prefix: str) -> Iterator[Record]:
        """Yield the items whose key begins so: a scan of the whole table, slow and costly."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.name,
            FilterExpression="begins_with(#key, :prefix)",
            ExpressionAttributeNames={"#key": _KEY},
            ExpressionAttributeValues={":prefix": {"S": prefix}},
        )
        for page in pages:
            yield from map(plain, page["Items"])

    def change(
        self, key: str, update: str, condition: str, **given: Mapping[str, Any]
    ) -> tuple[bool, Record]:
        """Update an item if a condition holds.

        `given` has what DynamoDB calls ExpressionAttributeNames and ExpressionAttributeValues.
        Return whether it held, with the item: after the update, or as it was when it did not hold.
        """
        try:
            answer = self.client.update_item(
                TableName=self.name,
                Key=_key(key),
                UpdateExpression=update,
                ConditionExpression=condition,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **given,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _CONDITION_FAILED:
                raise
            return False, plain(error.response.get("Item", {}))  # type: ignore[arg-type] # as asked
        return True, plain(answer.get("Attributes", {}))

    def free(self, delivery_id: str, was: LedgerState, by: str, now: float) -> bool:
        """Make a final state FAILED, so that the delivery may be claimed; record operator and time.

        Return False where the state is no longer `was`. The horizon begins anew. The owner changes
        too, so that a worker that vanished with the claim can no longer mark.
        """
        freed = {"by": {"S": by}, "at": {"N": str(int(now))}, "was": {"S": str(was)}}
        values = {":failed": LedgerState.FAILED, ":was": was, ":owner": uuid.uuid4().hex}
        is_free, _ = self.change(
            f"{_DELIVERY}{delivery_id}",
            "SET #state = :failed, #owner = :owner, freed = :freed REMOVE since",
            "#state = :was",
            ExpressionAttributeNames={"#state": "state", "#owner": "owner"},  # reserved words
            ExpressionAttributeValues={
                ":freed": {"M": freed},
                **{name: {"S": str(value)} for name, value in values.items()},
            },
        )
        return is_free

    def remove(self, key: str) -> bool:
        """Delete an item; return whether there was one."""
        answer = self.client.delete_item(TableName=self.name, Key=_key(key), ReturnValues="ALL_OLD")
        return bool(answer.get("Attributes"))

    def _item(self, key: str) -> Mapping[str, Any]:
        asked_at = self.clock.local()
        answer = self.client.get_item(TableName=self.name, Key=_key(key), ConsistentRead=True)
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        self.clock.observe_date(headers.get("date", ""), asked_at)
        item: Mapping[str, Any] = answer.get("Item", {})
        return item

    def _batch(self, keys: list[dict[str, Any]], *, is_consistent: bool) -> Iterator[Record]:
        asked: dict[str, Any] = {self.name: {"Keys": keys, "ConsistentRead": is_consistent}}
        while asked:  # an answer names the keys that did not fit into it
            answer = self.client.batch_get_item(RequestItems=asked)
            yield from map(plain, answer["Responses"].get(self.name, []))
            asked = answer.get("UnprocessedKeys") or {}
            if asked:
                time.sleep(_PAUSE)


def plain(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an item of the low-level API in Python's own types; whole numbers are int."""
    return {name: _value(value) for name, value in item.items()}


def living(record: Record, now: float) -> Record:
    """Return a record, or an empty one where its time to live is over: DynamoDB deletes late."""
    return record if record.get("expires", now + 1) > now else {}


def _value(value: Mapping[str, Any]) -> Any:
    """Return the JSON value of a low-level attribute value; sets become sorted lists."""
    ((kind, inner),) = value.items()
    if kind == "N":
        return float(inner) if any(letter in inner for letter in ".eE") else int(inner)
    if kind == "M":
        return plain(inner)
    if kind == "L":
        return [_value(one) for one in inner]
    if kind == "NULL":
        return None
    return sorted(inner) if kind in ("SS", "NS") else inner


def _key(key: str) -> dict[str, dict[str, str]]:
    return {_KEY: {"S": key}}
