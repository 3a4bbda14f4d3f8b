"""PartiQL in memory: the two statements that the relay makes, by their text, and no others.

DynamoDB guide, "PartiQL insert statements" and "PartiQL update statements".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from botocore.exceptions import ParamValidationError

from tests.simulation.line import check_names
from tests.simulation.values import Invalid, Item, Value, clean

MOST: Final = 25  # statements of one call (guide, "Running batch operations with PartiQL")
_INSERT: Final = re.compile(r"""INSERT INTO "([^"]+)" VALUE \{('\w+': \?(?:, '\w+': \?)*)\}""")
_UPDATE: Final = re.compile(
    r"""UPDATE "([^"]+)"((?: SET "\w+"=\?)*)((?: REMOVE "\w+")*) WHERE "pk"=\? AND "owner"=\?"""
)
# What a member's failure is called (API reference, BatchStatementError), by the kind of its fault.
# Of `lost` the service does not know itself whether it was applied; it was.
CODES: Final = {
    "error": "InternalServerError",
    "throttled": "ProvisionedThroughputExceeded",
    "conflict": "TransactionConflict",
    "lost": "InternalServerError",
}


class Failed(Exception):
    """A statement that fails by itself, with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Parsed:
    """A statement's table and names; `owner` is whether it looks for an item and its owner."""

    table: str
    sets: tuple[str, ...]
    removes: tuple[str, ...] = ()
    owned: bool = False


class Write(NamedTuple):
    """A statement with its values."""

    parsed: Parsed
    key: str
    values: Mapping[str, Value]
    owner: Value | None = None

    def apply(self, old: Item | None) -> Item:
        """Return the item after this write; raise Failed where there is none."""
        if not self.parsed.owned:
            if old is not None:
                raise Failed("DuplicateItem", "Duplicate primary key exists in table")
            return {**self.values}
        if old is None or old.get("owner") != self.owner:
            raise Failed("ConditionalCheckFailed", "The conditional request failed")
        after = {**old, **self.values}
        return {name: value for name, value in after.items() if name not in self.parsed.removes}


def write_of(given: Mapping[str, Any]) -> Write:
    """Return the write of a BatchStatementRequest; raise Invalid for any other statement."""
    check_names(given, ("Statement", "Parameters"))
    parsed = _parsed(given["Statement"])
    values = [clean(value) for value in given["Parameters"]]
    if len(values) != len(parsed.sets) + 2 * parsed.owned:
        raise Invalid("Number of parameters in request and statement don't match.")
    found = dict(zip(parsed.sets, values, strict=False))
    key, owner = values[-2:] if parsed.owned else (found.get("pk", {}), None)
    if not key.get("S"):
        raise Invalid("The key is missing, empty or not a string")
    return Write(parsed, key["S"], found, owner)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Parsed:
    if made := _INSERT.fullmatch(text):
        parsed = Parsed(made[1], _names(made[2]))
    elif (made := _UPDATE.fullmatch(text)) and made[2] + made[3]:
        parsed = Parsed(made[1], _names(made[2]), _names(made[3]), owned=True)
    else:
        raise Invalid("Statement wasn't well formed, can't be processed")
    written = [*parsed.sets, *parsed.removes]
    if len({*written}) != len(written) or (parsed.owned and "pk" in written):
        raise Invalid("Two document paths overlap, or one is the key")
    return parsed


def _names(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"""["'](\w+)["']""", text))


def check_count(statements: Sequence[object]) -> None:
    """Raise what boto3 raises for a batch of nothing."""
    if not statements:
        raise ParamValidationError(report="Invalid length for parameter Statements, value: 0")


def check_batch(writes: Sequence[Write | Invalid]) -> None:
    """Raise Invalid for a call that is refused as a whole."""
    if len(writes) > MOST:
        raise Invalid("Member must have length less than or equal to 25")
    items = [(one.parsed.table, one.key) for one in writes if isinstance(one, Write)]
    if len({*items}) != len(items):
        raise Invalid("Provided list of item keys contains duplicates")
