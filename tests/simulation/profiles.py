"""Profiles as Braze has them after a run: revenue, orders, attributes, and who wants mail."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.simulation.braze import Applied
from tests.simulation.objects import objects, user_of

# What an event adds to revenue, and to the number of orders (Braze, "Recommended events").
COUNTS: Final = {
    "ecommerce.order_placed": (1, 1),
    "ecommerce.order_cancelled": (0, -1),
    "ecommerce.order_refunded": (-1, 0),
}


@dataclass(slots=True)
class Profile:
    """Of one user: `cents` of revenue, `orders`, all events by name, attributes and groups."""

    cents: int = 0
    orders: int = 0
    events: Counter[str] = field(default_factory=Counter)
    attributes: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


def counted(event: Mapping[str, Any]) -> tuple[int, int]:
    """Return the cents and the orders that an event counts for; none for an ordinary one."""
    revenue, orders = COUNTS.get(event["name"], (0, 0))
    return (round(event["properties"]["total_value"] * 100) * revenue if revenue else 0), orders


def profiles(applied: Iterable[Applied]) -> dict[str, Profile]:
    """Return all profiles, after what Braze has applied in the order in which it did."""
    found: dict[str, Profile] = defaultdict(Profile)
    for one in sorted(applied, key=lambda each: each.at):
        if "recipients" in one.body or "recipient" in one.body:
            continue
        for array, _, each in objects(one.body):
            _apply(found[user_of(each)], array, each)
    return found


def _apply(profile: Profile, array: str, each: Mapping[str, Any]) -> None:
    if array == "events":
        cents, orders = counted(each)
        profile.cents += cents
        profile.orders += orders
        profile.events[each["name"]] += 1
    elif array == "subscription_groups":
        profile.groups[each["subscription_group_id"]] = each["subscription_state"]
    else:
        for name, value in each.items():
            added = value["inc"] if isinstance(value, dict) and "inc" in value else None
            before = profile.attributes.get(name, 0)
            profile.attributes[name] = value if added is None else before + added
