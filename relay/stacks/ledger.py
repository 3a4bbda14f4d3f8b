"""The ledger as an operator's commands read and change it: single items, by their keys."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from handler.aws.clock import Clock
from relay.ledger_desk import plain as value_of
from relay.stacks.selection import Operated

Record = Mapping[str, Any]  # an item in Python's own types
_KEY: Final = "pk"
_MOST_KEYS: Final = 100  # DynamoDB, BatchGetItem: items of one call


@dataclass(frozen=True, slots=True)
class Table:
    """The ledger of one stack. Every call raises botocore's errors; reading sets the clock."""

    client: Any
    name: str
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def of(cls, stack: Operated) -> "Table":
        """Return the ledger of a stack."""
        return cls(stack.client("dynamodb"), stack.outputs["LedgerTable"])

    def get(self, key: str) -> Record:
        """Return an item as it is now; an empty one where there is none."""
        asked_at = self.clock.local()
        answer = self.client.get_item(TableName=self.name, Key=_key(key), ConsistentRead=True)
        headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
        self.clock.heard(headers.get("date", ""), asked_at)
        return plain(answer.get("Item", {}))

    def get_many(self, keys: Iterable[str]) -> dict[str, Record]:
        """Return those of the items that are there, by key."""
        found: dict[str, Record] = {}
        wanted = [_key(one) for one in dict.fromkeys(keys)]
        for start in range(0, len(wanted), _MOST_KEYS):
            asked = {self.name: {"Keys": wanted[start : start + _MOST_KEYS]}}
            while asked:  # what does not fit into one answer is named in it
                answer = self.client.batch_get_item(RequestItems=asked)
                items = map(plain, answer["Responses"].get(self.name, []))
                found |= {item[_KEY]: item for item in items}
                asked = answer.get("UnprocessedKeys") or {}
        return found

    def keys_by(self, index: str, name: str, value: str) -> list[str]:
        """Return the keys of the items that an index has under a value."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=index,
            KeyConditionExpression="#name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value}},
        )
        return [item[_KEY]["S"] for page in pages for item in page["Items"]]

    def beginning(self, prefix: str) -> Iterator[Record]:
        """Yield the items whose key begins so. It reads the whole table: slow, and it costs."""
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
        Return whether it held, with the item: after the update, or as it stood in the way.
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
        except self.client.exceptions.ConditionalCheckFailedException as error:
            return False, plain(error.response.get("Item", {}))
        return True, plain(answer.get("Attributes", {}))

    def remove(self, key: str) -> bool:
        """Delete an item; return whether there was one."""
        answer = self.client.delete_item(TableName=self.name, Key=_key(key), ReturnValues="ALL_OLD")
        return bool(answer.get("Attributes"))


def plain(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an item of the low-level API in Python's own types; whole numbers are int."""
    return {name: value_of(value) for name, value in item.items()}


def living(record: Record, now: float) -> Record:
    """Return a record, or an empty one where its time to live is over: DynamoDB deletes late."""
    return record if record.get("expires", now + 1) > now else {}


def _key(key: str) -> dict[str, dict[str, str]]:
    return {_KEY: {"S": key}}
