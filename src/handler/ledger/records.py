"""Records and claim conditions of the claim protocol, in DynamoDB's format."""

from collections.abc import Mapping

from handler.aws.dynamodb import Item, number, number_in, text
from handler.core.delivery.claim_protocol import (
    CLAIMABLE,
    CLAIMABLE_LATER,
    CLOCKS,
    LedgerState,
    Record,
)
from handler.core.models import OnUnknown


def words_of(entry: Mapping[str, str | int | None]) -> Item:
    """Return a flat object's attribute value, without fields that are None."""
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
        state=LedgerState(item["state"]["S"]),
        owner=item["owner"]["S"],
        lease_until=int(item["lease_until"]["N"]),
        expires=int(item["expires"]["N"]),
        attempts=int(item["attempts"]["N"]),
        since=number_in(item, "since"),
        dead_at=number_in(item, "dead_at"),
        last=tuple(entry_from(value["M"]) for value in item.get("last", {"L": []})["L"]),
        lost=number_in(item, "lost") or 0,
        surge=number_in(item, "surge"),
        # Stored as `alone`: the tables of deployed stacks have that name.
        unbatched=item.get("alone", {}).get("BOOL", False),
        fenced=item.get("fenced", {}).get("BOOL", False),
        message=item.get("message", {}).get("S", ""),
        buried_at=number_in(item, "buried_at"),
    )


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


def entry_from(fields: Mapping[str, Item]) -> dict[str, str | int | None]:
    """Return the flat object in an attribute value: the reverse of `words_of`."""
    return {
        key: int(value["N"]) if "N" in value else str(value["S"]) for key, value in fields.items()
    }
