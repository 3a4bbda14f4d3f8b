"""Braze's records of a delivery without a message: the profile, its events, and consent."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from handler.core.braze.endpoints import endpoint_of
from handler.core.models import Delivery
from relay.local.updates import amounts, updates_for
from relay.page.way.attempts import Progress
from relay.page.way.reach import BrazeEffect, compared, reached
from relay.page.way.request_json import plain_lines
from relay.stacks.ledger import Record

_COMMERCE: Final = "ecommerce."
_TITLES: Final = {"attributes": "Attributes", "events": "Event", "subscription_groups": "Group"}
# By the beginning of the simulated Braze's reason.
_REMEDIES: Final[Mapping[str, str]] = {
    "unknown user_alias": "An alias must exist before: name the user by external_id, or make it.",
    "no profile has it, and": "What makes the profile comes first: give this rule delay: 5m.",
    "unknown braze_id": "Braze itself gives a braze_id: name the user by external_id.",
    "unknown": "Write _update_existing_only: false in the object: then Braze makes the profile.",
    "no profile has it": "Braze keeps the state of an address or number for 30 days.",
    "the errors of the answer": "Braze refuses this object: its dead letter holds it alone.",
}
_DROPPED: Final = "Braze drops such an object, and takes the others: mend the rule."


def writes_records(delivery: Delivery) -> bool:
    """Return whether a delivery is no message, but writes to a profile."""
    at = endpoint_of(delivery.path)
    return at is not None and bool(at.arrays)


def recorded(
    delivery: Delivery, tried: Progress, updates: Sequence[Record], commerce: Record
) -> Iterator[BrazeEffect]:
    """Yield what came of a delivery in Braze: a row for each object, or for there being none."""
    if found := updates_for(delivery, updates):
        yield from (_row(tried.rule, one, commerce) for one in found)
    else:
        yield from reached(tried, [])


def _row(rule: str, update: Record, commerce: Record) -> BrazeEffect:
    before, after = update.get("profile_before"), update.get("profile_after")
    changes = list(compared(before, after))
    is_applied, because = bool(update["applied"]), str(update["because"] or "")
    words = _words(update, commerce) if is_applied else f"accepted, and not recorded: {because}"
    return BrazeEffect(
        rule=rule,
        kind="good" if is_applied else "bad",
        user=", ".join(update.get("users", ())) or str(update.get("external_id") or ""),
        words=words,
        remedy="" if is_applied else _remedy(because),
        is_new=before is None and after is not None,
        changes=tuple(one for one in changes if one.mark != "same"),
        same=tuple(one for one in changes if one.mark == "same"),
        message=plain_lines(update["object"]),
        content=_TITLES[update["array"]],
    )


def _words(update: Record, commerce: Record) -> str:
    one: Mapping[str, Any] = update["object"]
    if update["array"] == "attributes":
        return "its profile is written"
    if update["array"] == "subscription_groups":
        return f"{one['subscription_state']} in group {one['subscription_group_id']}"
    own = commerce.get("users", {}).get(update["external_id"], {})
    counted = f"; Braze counts {amounts(own)} of this user" if _counts(one, own) else ""
    return f"event {one['name']} is recorded{counted}"


def _counts(event: Mapping[str, Any], own: Record) -> bool:
    return str(event["name"]).startswith(_COMMERCE) and bool(amounts(own))


def _remedy(because: str) -> str:
    return next((one for name, one in _REMEDIES.items() if because.startswith(name)), _DROPPED)
