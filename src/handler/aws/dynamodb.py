"""The ledger's table: single conditional updates and consistent reads, by one key `pk`.

Every call raises Unavailable where DynamoDB does not answer: then nothing may be sent.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.clock import Clock
from handler.core.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


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


class Applied(NamedTuple):
    """Whether an update's condition held, and the item before it (after it with `ALL_NEW`)."""

    applied: bool
    item: Mapping[str, Item]


class Change(NamedTuple):
    """An update: expression, condition and values, as DynamoDB's UpdateItem has them.

    Plain words have `#` before them: see `_NAMES`.
    """

    update: str
    condition: str
    values: Mapping[str, Item]


@dataclass(frozen=True, slots=True)
class Table:
    """The table and a client for it; the dates of its answers correct the clock."""

    client: "DynamoDBClient"
    name: str
    clock: Clock = field(default_factory=Clock)

    def update(
        self, key: str, change: Change, returns: Literal["ALL_OLD", "ALL_NEW"] = "ALL_OLD"
    ) -> Applied:
        """Change an item if the condition holds; where it does not, return the item unchanged."""
        used = f"{change.update} {change.condition}"
        names = {name: word for name, word in _NAMES.items() if name in used}
        aliases: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        asked_at = self.clock.local()
        try:
            with _answering():
                answer = self.client.update_item(
                    TableName=self.name,
                    Key={"pk": {"S": key}},
                    UpdateExpression=change.update,
                    ConditionExpression=change.condition,
                    ExpressionAttributeValues=change.values,
                    ReturnValues=returns,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **aliases,  # an empty one is refused
                )
        except _Refused as refused:
            return Applied(applied=False, item=refused.item)
        self._observe_date(answer["ResponseMetadata"], asked_at)
        return Applied(applied=True, item=cast("Mapping[str, Item]", answer.get("Attributes", {})))

    def get(self, key: str) -> Mapping[str, Item]:
        """Return an item by a consistent read; `{}` where there is none."""
        asked_at = self.clock.local()
        with _answering():
            answer = self.client.get_item(
                TableName=self.name, Key={"pk": {"S": key}}, ConsistentRead=True
            )
        self._observe_date(answer["ResponseMetadata"], asked_at)
        return cast("Mapping[str, Item]", answer.get("Item", {}))

    def _observe_date(self, metadata: Mapping[str, Any], asked_at: float) -> None:
        self.clock.observe_date(metadata.get("HTTPHeaders", {}).get("date", ""), asked_at)


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
