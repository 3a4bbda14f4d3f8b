"""DynamoDB in memory, as boto3's client has it: the calls that the relay makes, and no others.

What it does beyond an emulator: reads that are not consistent may be stale (fault `stale`), what
has expired is deleted some time later, and placeholders that nobody uses are refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final
from zlib import crc32

from botocore.exceptions import ClientError

from tests.simulation.clock import Time
from tests.simulation.faults import Calm, Fault, Faults
from tests.simulation.line import Died, Line, check_names, refusal
from tests.simulation.partiql import CODES, Failed, Write, check_batch, check_count, write_of
from tests.simulation.programs import Program, program
from tests.simulation.values import Invalid, Item, Value, clean

_CONDITION: Final = (
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
)
_ALL_RETURNS: Final = ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW")
LONGEST_LAG: Final = 172_800  # seconds; "typically within two days" (guide, "Time to live")
_STALE_FOR: Final = 1.0  # seconds after a write in which a read may miss it


class ConditionalCheckFailedException(ClientError):
    """The condition was false; `response["Item"]` is the item, if that was asked for."""


class ResourceNotFoundException(ClientError):
    """There is no such table."""


@dataclass(slots=True)
class Table:
    """One table; `before` holds, by key, what each item was before its last write, and when.

    `turned` holds the same of the last write that has changed its state.
    """

    key: str = "pk"
    expires: str | None = "expires"
    items: dict[str, Item] = field(default_factory=dict)
    before: dict[str, tuple[float, Item | None]] = field(default_factory=dict)
    turned: dict[str, tuple[float, Item | None]] = field(default_factory=dict)


@dataclass(slots=True)
class DynamoDB:
    """The client. Make tables by putting them into `tables`."""

    clock: Time
    faults: Faults = field(default_factory=Calm)
    tables: dict[str, Table] = field(default_factory=dict)
    lag: int = LONGEST_LAG
    exceptions: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            ClientError=ClientError,
            ConditionalCheckFailedException=ConditionalCheckFailedException,
            ResourceNotFoundException=ResourceNotFoundException,
        )
    )

    def update_item(self, **given: Any) -> dict[str, Any]:
        """UpdateItem (API reference); raise what boto3 raises.

        At `dynamodb.request` the caller may freeze that is about to write a batch request's item.
        """
        check_names(given, ("TableName", "Key"), ("UpdateExpression", *_CONDITION))
        if given["Key"].get("pk", {}).get("S", "").startswith("send#"):
            self.faults.at("dynamodb.request")
        return self._call("update_item", lambda: self._update(given))

    def put_item(self, **given: Any) -> dict[str, Any]:
        """PutItem (API reference); raise what boto3 raises."""
        check_names(given, ("TableName", "Item"), _CONDITION)
        return self._call("put_item", lambda: self._put(given))

    def get_item(self, **given: Any) -> dict[str, Any]:
        """GetItem (API reference), of whole items; raise what boto3 raises."""
        check_names(given, ("TableName", "Key"), ("ConsistentRead",))
        stale = self.faults.at("dynamodb.stale") if not given.get("ConsistentRead") else None
        return self._call("get_item", lambda: self._get(given, stale))

    def batch_execute_statement(self, **given: Any) -> dict[str, Any]:
        """BatchExecuteStatement (API reference), of writes; raise what boto3 raises.

        Each statement may meet a fault of its own, `dynamodb.entry`: then those behind it are done
        all the same, unless the caller dies. The answer may be `short`, the last result missing,
        at `dynamodb.answer`.
        """
        check_names(given, ("Statements",))
        check_count(given["Statements"])
        writes = [_write_or_error(one) for one in given["Statements"]]
        return self._call("batch_execute_statement", lambda: self._run(writes))

    def _call(self, operation: str, apply: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        def applied() -> dict[str, Any]:
            try:
                return apply()
            except Invalid as error:
                raise refusal(_named(operation), "ValidationException", str(error)) from None

        return Line("dynamodb", self.clock, self.faults).call(operation, applied)

    def _update(self, given: Mapping[str, Any]) -> dict[str, Any]:
        table, key = self._place(given, "UpdateItem", given["Key"])
        values = _values(given)
        returns = _returns(given, _ALL_RETURNS)
        made = program(given, values)
        made.check(values)
        if any(path[0] == table.key for path in made.paths):
            raise Invalid(
                "One or more parameter values were invalid: Cannot update attribute "
                f"{table.key}. This attribute is part of the key"
            )
        old = self._checked(table, key, (made, values, given), "UpdateItem")
        before = old if old is not None else {}
        after = {**before, table.key: {"S": key}}
        for change in made.changes:
            change(before, values, after)
        self._write(table, key, after)
        return self._answer(_shown(returns, made, before, after))

    def _put(self, given: Mapping[str, Any]) -> dict[str, Any]:
        item = {name: clean(value) for name, value in given["Item"].items()}
        table, key = self._place(given, "PutItem", item)
        values = _values(given)
        returns = _returns(given, ("NONE", "ALL_OLD"))
        made = program(given, values)
        made.check(values)
        old = self._checked(table, key, (made, values, given), "PutItem")
        self._write(table, key, item)
        return self._answer(_shown(returns, made, old or {}, item))

    def _get(self, given: Mapping[str, Any], stale: Fault | None) -> dict[str, Any]:
        table, key = self._place(given, "GetItem", given["Key"])
        item = self._item(table, key)
        if stale is not None and key in table.before:
            written, before = table.before[key]
            item = before if self.clock() - written < _STALE_FOR else item
        return self._answer({} if item is None else {"Item": dict(item)})

    def _run(self, writes: list[Write | Invalid]) -> dict[str, Any]:
        check_batch(writes)
        results = [self._result(one) for one in writes]
        fault = self.faults.at("dynamodb.answer")
        if fault is not None and fault.kind == "short":
            results.pop()
        return self._answer({"Responses": results})

    def _result(self, write: Write | Invalid) -> dict[str, Any]:
        if isinstance(write, Invalid):
            return {"Error": {"Code": "ValidationError", "Message": str(write)}}
        table = self.tables.get(write.parsed.table)
        if table is None:
            return {"Error": {"Code": "ResourceNotFound", "Message": "no table"}}
        named = {"TableName": write.parsed.table}
        try:
            self._execute(table, write)
        except Failed as failed:
            return {"Error": {"Code": failed.code, "Message": str(failed)}} | named
        return named

    def _execute(self, table: Table, write: Write) -> None:
        fault = self.faults.at("dynamodb.entry")
        if fault is not None and fault.kind == "dies_before":
            raise Died
        code = CODES.get(fault.kind) if fault is not None else None
        if code is None or (fault is not None and fault.kind == "lost"):
            self._write(table, write.key, write.apply(self._item(table, write.key)))
        if code is not None:
            raise Failed(code, "not done, or not known to be done")

    def _answer(self, words: dict[str, Any]) -> dict[str, Any]:
        headers = {"date": _date(int(self.clock()))}
        return {**words, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": headers}}

    def _place(
        self, given: Mapping[str, Any], operation: str, within: Mapping[str, Value]
    ) -> tuple[Table, str]:
        table = self.tables.get(given["TableName"])
        if table is None:
            response: Any = refusal(operation, "ResourceNotFoundException", "no table").response
            raise ResourceNotFoundException(response, operation)
        value = within.get(table.key, {})
        if "S" not in value or (operation != "PutItem" and len(within) != 1):
            raise Invalid(
                "One or more parameter values were invalid: "
                f"Missing the key {table.key} in the item"
                if operation == "PutItem"
                else "The provided key element does not match the schema"
            )
        if not value["S"]:
            raise Invalid(
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty string value. Key: {table.key}"
            )
        return table, value["S"]

    def _checked(
        self,
        table: Table,
        key: str,
        asked: tuple[Program, Mapping[str, Value], Mapping[str, Any]],
        operation: str,
    ) -> Item | None:
        """Return the item as it is; raise where the condition does not hold."""
        made, values, given = asked
        old = self._item(table, key)
        if made.test is None or made.test(old or {}, values):
            return old
        message = "The conditional request failed"
        error: Any = refusal(operation, "ConditionalCheckFailedException", message).response
        if given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None:
            error["Item"] = dict(old)
        raise ConditionalCheckFailedException(error, operation)

    def _item(self, table: Table, key: str) -> Item | None:
        item = table.items.get(key)
        if item is None or table.expires is None or table.expires not in item:
            return item
        ends = item[table.expires].get("N")
        # The same key always lags as long, so that a run can be repeated.
        if ends is None or float(ends) + crc32(key.encode()) % max(1, self.lag) > self.clock():
            return item
        del table.items[key]
        return None

    def _write(self, table: Table, key: str, item: Item) -> None:
        old = table.items.get(key)
        table.before[key] = (self.clock(), old)
        if old is None or old.get("state") != item.get("state"):
            table.turned[key] = table.before[key]
        table.items[key] = item


def _write_or_error(given: Mapping[str, Any]) -> Write | Invalid:
    try:
        return write_of(given)
    except Invalid as error:
        return error


def _values(given: Mapping[str, Any]) -> dict[str, Value]:
    values = given.get("ExpressionAttributeValues", {})
    return {name: clean(value) for name, value in values.items()}


def _returns(given: Mapping[str, Any], known: tuple[str, ...]) -> str:
    returns = str(given.get("ReturnValues", "NONE"))
    if returns not in known:
        raise Invalid("Return values set to invalid value")
    return returns


def _shown(returns: str, made: Program, before: Item, after: Item) -> dict[str, Any]:
    if returns == "NONE":
        return {}
    found = before if returns.endswith("OLD") else after
    shown = made.part(found) if returns.startswith("UPDATED") else dict(found)
    return {"Attributes": shown} if shown else {}


@lru_cache(maxsize=1)  # many answers come within one second
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _named(operation: str) -> str:
    return "".join(part.capitalize() for part in operation.split("_"))
