"""Services that the peers need and the relay does not: a deletion, and a clock for Powertools."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from aws_lambda_powertools.utilities.idempotency import base as handling
from aws_lambda_powertools.utilities.idempotency.persistence import base, datarecord, dynamodb

from handler.aws.retry import Retry
from tests.simulation.dynamodb import DynamoDB, Table

RECORDS: Final = "records"
_KEY: Final = "id"


class Deleting(DynamoDB):
    """The table's client, with DeleteItem; to the faults it is a write like any other.

    Peers do not repeat calls: their client does so once, as botocore's does.
    """

    def delete_item(self, **given: Any) -> dict[str, Any]:
        """DeleteItem (API reference), without a condition."""

        def apply() -> dict[str, Any]:
            self.tables[given["TableName"]].items.pop(given["Key"][_KEY]["S"], None)
            return {}

        return self._call("update_item", apply)

    def _call(self, operation: str, apply: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        once = partial(super()._call, operation, apply)
        retry = Retry(tries=2, clock=self.clock, sleep=self.clock.sleep, random=lambda: 0.5)
        return retry.call(once)


def with_records(old: DynamoDB) -> Deleting:
    """Return a client with the same tables, and one of records as Powertools has it."""
    tables = {**old.tables, RECORDS: Table(key=_KEY, expires="expiration")}
    return Deleting(old.clock, old.faults, tables)


def put_once(client: DynamoDB, key: str, now: float, seconds: float, status: str) -> None:
    """Put a record unless there is one that has not expired; raise what boto3 raises."""
    condition = {
        "ConditionExpression": "attribute_not_exists(#id) OR #expiry < :now",
        "ExpressionAttributeNames": {"#id": _KEY, "#expiry": "expiration"},
        "ExpressionAttributeValues": {":now": {"N": str(now)}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    put(client, key, now + seconds, status, condition)


def put(
    client: DynamoDB, key: str, until: float, status: str, condition: Mapping[str, Any] = {}
) -> None:
    """Put a record, whatever there was."""
    item = {_KEY: {"S": key}, "expiration": {"N": str(until)}, "status": {"S": status}}
    client.put_item(TableName=RECORDS, Item=item, **condition)


def delete(client: Deleting, key: str) -> None:
    """Delete a record, whoever has written it."""
    client.delete_item(TableName=RECORDS, Key={_KEY: {"S": key}})


@contextmanager
def clock_of_powertools(clock: Callable[[], float]) -> Iterator[None]:
    """Let Powertools read virtual time; it asks `datetime` in four modules."""

    def now() -> datetime:
        return datetime.fromtimestamp(clock(), UTC)

    words = SimpleNamespace(datetime=SimpleNamespace(now=now), timedelta=timedelta)
    with ExitStack() as stack:
        for module in (handling, base, datarecord, dynamodb):
            stack.enter_context(patch.object(module, "dt", words))
        yield
