"""Updates of the simulated Braze: what requests without a message changed, for people. Pure.

An update is one object of a request: of attributes, an event, or a subscription group's state.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from handler.core.braze.request import objects_of
from handler.core.models import Delivery
from relay.console.format import counted
from relay.local.received import ExpectedDelivery, fields_lines

Record = Mapping[str, Any]  # as the simulated Braze shows it
# Those that identify a user, in Braze's order: of several the first one does.
_USERS: Final = ("external_id", "user_alias", "braze_id", "email", "phone")
_LISTS: Final = ("external_ids", "emails", "phones")
_LABELS: Final = {"attributes": "attributes", "events": "event", "subscription_groups": "group"}
_CONTROL: Final = "_update_existing_only"


def updates_for(delivery: Delivery, updates: Sequence[Record]) -> list[Record]:
    """Return the updates of a delivery's objects, the newest of each; none of a send."""
    left = list(reversed(updates))
    found: list[Record] = []
    for array, one in objects_of(delivery):
        own = next((each for each in left if (each["array"], each["object"]) == (array, one)), None)
        if own is not None:
            left.remove(own)
            found.append(own)
    return found


def updates_in_order(
    updates: Sequence[Record], known: Iterable[ExpectedDelivery]
) -> list[tuple[ExpectedDelivery | None, list[Record]]]:
    """Return the updates by delivery, in the order of posting; last those of no sample."""
    left = list(updates)
    found: list[tuple[ExpectedDelivery | None, list[Record]]] = []
    for one in known:
        if own := updates_for(one.delivery, left):
            taken = {id(each) for each in own}
            left = [each for each in left if id(each) not in taken]
            found.append((one, own))
    return [*found, *((None, [one]) for one in left)]


def update_lines(
    found: Iterable[tuple[ExpectedDelivery | None, Sequence[Record]]],
) -> Iterator[str]:
    """Yield what Braze received: for each delivery its sample, its user and its objects."""
    for one, updates in found:
        yield one.title if one else "of no sample"
        yield from object_lines(updates)
        yield ""


def object_lines(updates: Sequence[Record]) -> Iterator[str]:
    """Yield the user of a delivery's objects, then each object, and why one changed nothing."""
    shown: dict[str, Any] = {}
    for one in updates:
        user = _user(one["object"])
        if user != shown:
            yield from fields_lines("user", user)
        shown = user
        own = {
            name: value for name, value in one["object"].items() if name not in (*user, _CONTROL)
        }
        yield from fields_lines(_LABELS[one["array"]], own)
        if not one["applied"]:
            yield from fields_lines("nothing", {"because": one["because"]})


def _user(named: Record) -> dict[str, Any]:
    """Return the identifier that Braze finds a user by, with its name."""
    name = next((one for one in (*_USERS, *_LISTS) if one in named), None)
    return {name: named[name]} if name else {}


def counted_lines(commerce: Record) -> Iterator[str]:
    """Yield orders and revenue as Braze counts them of events; nothing where it counts none."""
    if words := amounts(commerce.get("total", {})):
        yield words


def _amount(number: float | None) -> str:
    """Return an amount in words; one that no float holds is shown as null."""
    return "too much" if number is None else f"{number:,.2f}"


def amounts(figures: Record) -> str:
    """Return orders and revenue in words; empty where there are none."""
    orders, revenue = figures.get("total_orders", 0), figures.get("total_revenue", {})
    if not (orders or revenue):
        return ""
    sums = ", ".join(f"{_amount(one)} {code}" for code, one in revenue.items())
    return f"{counted(orders, 'order')}, revenue {sums or 'none'}"
