"""The protocol's record and its table in DynamoDB's words."""

from collections.abc import Mapping
from typing import Any

from handler.core.delivery.claim_protocol import CLAIMABLE, CLAIMABLE_LATER, CLOCKS, Record, State
from handler.core.models import OnUnknown

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
        since=number_in(item, "since"),
        dead_at=number_in(item, "dead_at"),
        last=tuple(_entry(value["M"]) for value in item.get("last", {"L": []})["L"]),
        lost=number_in(item, "lost") or 0,
        surge=number_in(item, "surge"),
        alone=item.get("alone", {}).get("BOOL", False),
        message=item.get("message", {}).get("S", ""),
    )


def number_in(item: Mapping[str, Item], name: str) -> int | None:
    """Return an item's number of that name, None where it has none."""
    return int(item[name]["N"]) if name in item else None


def claim_condition(on_unknown: OnUnknown, now: int, sent_at: float) -> tuple[str, dict[str, Item]]:
    """Return the condition of a claim, written from the protocol's table, and its values."""
    values = {":now": number(now), ":sent": number(int(sent_at + CLOCKS))}
    parts = ["attribute_not_exists(pk)", "expires <= :now"]
    for index, state in enumerate(CLAIMABLE[on_unknown]):
        values[f":c{index}"] = text(state)
        parts.append(f"#state = :c{index}")
    for index, state in enumerate(CLAIMABLE_LATER):
        values[f":d{index}"] = text(state)
        before = "(attribute_not_exists(dead_at) OR dead_at <= :sent)"
        parts.append(f"(#state = :d{index} AND {before})")
    return " OR ".join(parts), values


def _entry(fields: Mapping[str, Item]) -> dict[str, str | int | None]:
    return {
        key: int(value["N"]) if "N" in value else str(value["S"]) for key, value in fields.items()
    }
