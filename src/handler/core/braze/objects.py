"""Objects of a request by their names, as the log and commands tell them: none says who or what.

Names of events and ids of subscription groups are literals of rules; a subscription's state is the
user's, and so is each value of an attribute.
"""

from typing import Final

from handler.core.braze.endpoints import endpoint_of
from handler.core.json_types import JsonValue
from handler.core.models import Delivery

_ATTRIBUTES: Final = "attributes"
_NAMED_BY: Final = {
    "events": ("event", "name"),
    "subscription_groups": ("group", "subscription_group_id"),
}


def objects_named(delivery: Delivery) -> list[str]:
    """Return what a delivery writes of its user, such as `event order_placed`; empty for a send."""
    at = endpoint_of(delivery.path)
    recipient = delivery.recipient or {}
    arrays = at.arrays if at else ()
    return [name for array in arrays for name in _names(array, recipient.get(array))]


def _names(array: str, objects: JsonValue) -> list[str]:
    if not isinstance(objects, list) or not objects:
        return []
    if array == _ATTRIBUTES:
        return [_ATTRIBUTES]
    what, key = _NAMED_BY[array]
    return [f"{what} {one.get(key)}" for one in objects if isinstance(one, dict)]
