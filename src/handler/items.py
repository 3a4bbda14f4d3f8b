"""DynamoDB's attribute values, to and from the protocol's record."""

from collections.abc import Mapping
from typing import Any

from handler.core.protocol import Record, State

# One attribute value as the low-level API has it: {"S": "text"}, {"N": "1"}, {"L": [...]}.
Item = dict[str, Any]


def text(value: str) -> Item:
    """Return a string's attribute value."""
    return {"S": str(value)}


def number(value: int) -> Item:
    """Return an integer's attribute value."""
    return {"N": str(value)}


def words_of(entry: Mapping[str, str | int | None]) -> Item:
    """Return a flat object's attribute value, without what is None."""
    return {
        "M": {
            key: number(value) if isinstance(value, int) else text(value)
            for key, value in entry.items()
            if value is not None
        }
    }


def record_from(item: Mapping[str, Item]) -> Record | None:
    """Return the record in an item of the table; None for no item.

    Raise KeyError or ValueError for an item that the ledger did not write.
    """
    if not item:
        return None
    return Record(
        state=State(item["state"]["S"]),
        owner=item["owner"]["S"],
        lease_until=int(item["lease_until"]["N"]),
        expires=int(item["expires"]["N"]),
        attempts=int(item["attempts"]["N"]),
        since=int(item["since"]["N"]) if "since" in item else None,
        last=tuple(_entry(value["M"]) for value in item.get("last", {"L": []})["L"]),
    )


def _entry(fields: Mapping[str, Item]) -> dict[str, str | int | None]:
    return {
        key: int(value["N"]) if "N" in value else str(value["S"]) for key, value in fields.items()
    }
