"""The ledger's table: conditional writes of single items and consistent reads, by one key `pk`.

Every call raises Unavailable where DynamoDB does not answer: then nothing may be sent. `write_all`
yields it instead, in the place of the result.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.clock import Clock
from handler.aws.errors import error_name
from handler.aws.retry import Retry
from handler.core.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Answer = TypeVar("Answer", bound=Mapping[str, Any])

# One attribute value as the low-level API has it: {"S": "text"}, {"N": "1"}, {"L": [...]}.
Item = dict[str, Any]


def text(value: str) -> Item:
    """Return a string's attribute value."""
    return {"S": str(value)}


def number(value: int) -> Item:
    """Return an integer's attribute value."""
    return {"N": str(value)}


def number_in(item: Mapping[str, Item], name: str) -> int | None:
    """Return the number in an attribute of an item; None where the item lacks it."""
    return int(item[name]["N"]) if name in item else None


# DynamoDB reserves some 570 words, and more may come (DynamoDB guide, "Reserved words"): plain
# words are written with `#` before them everywhere.
_NAMES: Final = {
    f"#{word}": word
    for word in (
        *("state", "owner", "last", "event", "once", "source", "rule", "workspace", "members"),
        *("window", "count", "total", "failed", "reason", "until", "limit", "remaining", "reset"),
        *("pending", "accepted", "message", "at"),
    )
}


# Statements of one call (DynamoDB guide, "Running batch operations with PartiQL for DynamoDB").
BATCH: Final = 25
# An item that is there already (`insert`), or is missing or not the owner's (`set_owned`): codes of
# BatchStatementError (API reference). All others are failures.
_NOT_APPLIED: Final = ("DuplicateItem", "ConditionalCheckFailed")


class Applied(NamedTuple):
    """The result of an update: whether its condition held; the item before (`ALL_NEW`: after)."""

    applied: bool
    item: Mapping[str, Item]


class ItemUpdate(NamedTuple):
    """An update: expression, condition and values, as DynamoDB's UpdateItem has them.

    Plain words have `#` before them: see `_NAMES`.
    """

    update: str
    condition: str
    values: Mapping[str, Item]


class Statement(NamedTuple):
    """A conditional write of `Table.write_all`: its item's key, PartiQL, the values of its `?`."""

    key: str
    text: str
    values: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The table and a client for it; the dates of its answers correct the clock.

    A call that fails may be made again (see `Retry`), also one whose answer was lost.
    """

    client: "DynamoDBClient"
    name: str
    clock: Clock = field(default_factory=Clock)
    retry: Retry = field(default_factory=Retry)

    def update(
        self, key: str, change: ItemUpdate, returns: Literal["ALL_OLD", "ALL_NEW"] = "ALL_OLD"
    ) -> Applied:
        """Change an item if the condition holds; where it does not, return the item unchanged."""
        used = f"{change.update} {change.condition}"
        names = {name: word for name, word in _NAMES.items() if name in used}
        aliases: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        try:
            with _answering():
                answer = self._ask(
                    partial(
                        self.client.update_item,
                        TableName=self.name,
                        Key={"pk": {"S": key}},
                        UpdateExpression=change.update,
                        ConditionExpression=change.condition,
                        ExpressionAttributeValues=change.values,
                        ReturnValues=returns,
                        ReturnValuesOnConditionCheckFailure="ALL_OLD",
                        **aliases,  # an empty one is refused
                    )
                )
        except _Refused as refused:
            return Applied(applied=False, item=refused.item)
        return Applied(applied=True, item=cast("Mapping[str, Item]", answer.get("Attributes", {})))

    def get(self, key: str) -> Mapping[str, Item]:
        """Return an item by a consistent read; `{}` where there is none."""
        read = partial(self.client.get_item, TableName=self.name, ConsistentRead=True)
        with _answering():
            answer = self._ask(partial(read, Key={"pk": {"S": key}}))
        return cast("Mapping[str, Item]", answer.get("Item", {}))

    def insert(self, key: str, item: Mapping[str, Item]) -> Statement:
        """Return the statement that writes an item unless its key is there, even if expired."""
        names = ", ".join(f"'{name}': ?" for name in ("pk", *item))
        return Statement(
            key, f'INSERT INTO "{self.name}" VALUE {{{names}}}', ({"S": key}, *item.values())
        )

    def set_owned(
        self, key: str, owner: str, sets: Mapping[str, Item], removes: Iterable[str] = ()
    ) -> Statement:
        """Return the statement that changes an item if its `owner` is this one."""
        changes = [f'SET "{name}"=?' for name in sets] + [f'REMOVE "{name}"' for name in removes]
        return Statement(
            key,
            f'UPDATE "{self.name}" {" ".join(changes)} WHERE "pk"=? AND "owner"=?',
            (*sets.values(), {"S": key}, {"S": owner}),
        )

    def write_all(self, statements: Iterable[Statement]) -> Iterator[bool | Unavailable]:
        """Write items, each by itself; yield for each, in order, whether it was applied.

        Up to 25 statements, of different items, are taken right before the call that sends them,
        so that times can be read then. A call whose answer is lost is made again: where an insert
        yields False, the item may be its own. Where a statement yields Unavailable, it may have
        been applied.
        """
        for batch in _batches(statements):
            yield from self._write(batch)

    def _write(self, batch: Sequence[Statement]) -> list[bool | Unavailable]:
        write = partial(
            self.client.batch_execute_statement,
            Statements=[{"Statement": one.text, "Parameters": one.values} for one in batch],
        )
        try:
            answer = self._ask(write)
        except (ClientError, BotoCoreError) as error:
            return [Unavailable(f"ledger: {error_name(error)}")] * len(batch)
        found = cast("Sequence[Mapping[str, Any] | None]", answer.get("Responses", []))
        if len(found) != len(batch):  # which result is whose is not known
            return [Unavailable(f"ledger: {len(found)} results of {len(batch)}")] * len(batch)
        return [_result(one) for one in found]

    def _ask(self, operation: Callable[[], Answer]) -> Answer:
        def ask() -> Answer:
            asked_at = self.clock.local()
            answer = operation()
            headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
            self.clock.observe_date(headers.get("date", ""), asked_at)
            return answer

        return self.retry.call(ask)


def _batches(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Split statements, in order: a call that has an item twice is refused as a whole."""
    batch: dict[str, Statement] = {}
    for one in statements:
        if one.key in batch:
            yield [*batch.values()]
            batch = {}
        batch[one.key] = one
        if len(batch) == BATCH:
            yield [*batch.values()]
            batch = {}
    if batch:
        yield [*batch.values()]


def _result(found: Mapping[str, Any] | None) -> bool | Unavailable:
    if found is None:
        return Unavailable("ledger: no result")
    if "Error" not in found:
        return True
    code = found["Error"].get("Code", "")
    return False if code in _NOT_APPLIED else Unavailable(f"ledger: {code}")


class _Refused(Exception):
    def __init__(self, item: Mapping[str, Item]) -> None:
        super().__init__()
        self.item = item


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            raise _Refused(cast("Mapping[str, Item]", error.response.get("Item", {}))) from None
        raise Unavailable(f"ledger: {code}") from None
    except BotoCoreError as error:
        raise Unavailable(f"ledger: {type(error).__name__}") from None
