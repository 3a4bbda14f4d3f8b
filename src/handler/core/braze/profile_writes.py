"""Writes to a profile: what a delivery sets there, and what is left of it without that.

Braze applies requests in the order of their arrival. An older state that arrives after a newer one
must not be applied; an event, and what is added to a value, is true however late it comes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from handler.core.braze.endpoints import SUBSCRIBE, endpoint_of
from handler.core.braze.identifiers import CONSENT
from handler.core.braze.request import is_transactional
from handler.core.json_types import JsonValue
from handler.core.models import Delivery

ADDING: Final = ("inc", "$add")  # operators that change a value by what they say
_PRIMARY: Final = ("external_id", "user_alias", "braze_id")
_ADDRESSES: Final = (
    "email",
    "phone",
)  # beside a primary identifier they are written ("User track")
_EXISTING: Final = "_update_existing_only"
_EVENTS: Final = "events"

Object = Mapping[str, JsonValue]


def writes_state(delivery: Delivery) -> bool:
    """Return whether a delivery sets what an older one must not set after it."""
    recipient = delivery.recipient or {}
    at = endpoint_of(delivery.path)
    if at is None or not at.arrays:
        return bool(recipient.get("attributes"))
    if any(recipient[name] for name in recipient if name != _EVENTS):
        return True
    return any(map(_written_beside, _objects(recipient.get(_EVENTS))))


def changes_consent(delivery: Delivery) -> bool:
    """Return whether a request about users changes what its user agrees to."""
    at, recipient = endpoint_of(delivery.path), delivery.recipient or {}
    if at is None or not at.arrays:
        return False
    if at == SUBSCRIBE:
        return True
    return any(one.keys() & CONSENT for one in _objects(recipient.get("attributes")))


def without_state(delivery: Delivery) -> Delivery:
    """Return a delivery that sets nothing on the profile; of arrays perhaps nothing is left.

    One that triggers a message creates no user either: `send_to_existing_only` is Braze's default,
    and not allowed with an alias ("Recipient object").
    """
    if delivery.recipient is None:
        return delivery
    at = endpoint_of(delivery.path)
    if at is not None and at.arrays:
        return replace(delivery, recipient=dict(_kept(delivery.recipient)))
    kept = ("attributes", "send_to_existing_only")
    recipient = {name: one for name, one in delivery.recipient.items() if name not in kept}
    if "user_alias" not in recipient and not is_transactional(delivery):
        recipient["send_to_existing_only"] = True
    return replace(delivery, recipient=recipient)


def _kept(recipient: Object) -> Iterator[tuple[str, list[JsonValue]]]:
    """Yield what is kept of each array: events, and what attributes add."""
    found: dict[str, Iterable[dict[str, JsonValue]]] = {
        _EVENTS: map(_without_addresses, _objects(recipient.get(_EVENTS))),
        "attributes": filter(None, map(_added, _objects(recipient.get("attributes")))),
    }
    for name in recipient:
        if array := [*found.get(name, ())]:
            yield name, [*array]


def _objects(array: JsonValue) -> Iterator[dict[str, JsonValue]]:
    yield from (one for one in (array if isinstance(array, list) else ()) if isinstance(one, dict))


def _written_beside(event: Object) -> tuple[str, ...]:
    """Return the addresses that an event writes to its profile, beside what identifies that."""
    is_known = not event.keys().isdisjoint(_PRIMARY)
    return tuple(name for name in _ADDRESSES if is_known and name in event)


def _without_addresses(event: dict[str, JsonValue]) -> dict[str, JsonValue]:
    left_out = _written_beside(event)
    return {name: one for name, one in event.items() if name not in left_out}


def _added(attributes: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what attributes add, with who they are about; nothing where they add nothing."""
    added = {name: one for name, one in attributes.items() if _adds(one)}
    is_known = not attributes.keys().isdisjoint(_PRIMARY)
    kept = (*(_PRIMARY if is_known else _ADDRESSES), _EXISTING, *added)
    return {name: one for name, one in attributes.items() if name in kept} if added else {}


def _adds(value: JsonValue) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint(ADDING)
