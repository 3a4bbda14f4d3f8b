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
# Where no primary one does, the first finds the profile; else they are written ("User track").
_ADDRESSES: Final = ("email", "phone")
_EXISTING: Final = "_update_existing_only"
_ATTRIBUTES: Final = "attributes"
_EVENTS: Final = "events"

Object = Mapping[str, JsonValue]


def writes_state(delivery: Delivery) -> bool:
    """Return whether a delivery sets what an older one must not set after it."""
    recipient = delivery.recipient or {}
    at = endpoint_of(delivery.path)
    if at is None or not at.arrays:
        return bool(recipient.get(_ATTRIBUTES))
    if at == SUBSCRIBE or any(map(_sets, _objects(recipient.get(_ATTRIBUTES)))):
        return True
    return any(map(_written_beside, _objects(recipient.get(_EVENTS))))


def changes_consent(delivery: Delivery) -> bool:
    """Return whether a request about users changes what its user agrees to."""
    at, recipient = endpoint_of(delivery.path), delivery.recipient or {}
    if at is None or not at.arrays:
        return False
    if at == SUBSCRIBE:
        return True
    return any(one.keys() & CONSENT for one in _objects(recipient.get(_ATTRIBUTES)))


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
    kept = (_ATTRIBUTES, "send_to_existing_only")
    recipient = {name: one for name, one in delivery.recipient.items() if name not in kept}
    if "user_alias" not in recipient and not is_transactional(delivery):
        recipient["send_to_existing_only"] = True
    return replace(delivery, recipient=recipient)


def _kept(recipient: Object) -> Iterator[tuple[str, list[JsonValue]]]:
    """Yield what is kept of each array: events, and what attributes add."""
    found: dict[str, Iterable[dict[str, JsonValue]]] = {
        _EVENTS: map(_without_addresses, _objects(recipient.get(_EVENTS))),
        _ATTRIBUTES: filter(None, map(_added, _objects(recipient.get(_ATTRIBUTES)))),
    }
    for name in recipient:
        if array := [*found.get(name, ())]:
            yield name, [*array]


def _objects(array: JsonValue) -> Iterator[dict[str, JsonValue]]:
    yield from (one for one in (array if isinstance(array, list) else ()) if isinstance(one, dict))


def _written_beside(event: Object) -> tuple[str, ...]:
    """Return the addresses that an event writes to its profile, beside what identifies that."""
    found_by = _found_by(event)
    return tuple(name for name in _ADDRESSES if name in event and name != found_by)


def _without_addresses(event: dict[str, JsonValue]) -> dict[str, JsonValue]:
    left_out = _written_beside(event)
    return {name: one for name, one in event.items() if name not in left_out}


def _added(attributes: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what attributes add, with who they are about; nothing where they add nothing."""
    added = {name: one for name, one in attributes.items() if _adds(one)}
    kept = (*_about(attributes), *added)
    return {name: one for name, one in attributes.items() if name in kept} if added else {}


def _sets(attributes: Object) -> bool:
    """Return whether attributes set anything, beside what they add."""
    about = _about(attributes)
    return any(name not in about and not _adds(one) for name, one in attributes.items())


def _about(attributes: Object) -> tuple[str, ...]:
    """Return the keys of attributes that say who they are about, and whether they make them.

    A phone number beside the e-mail address that finds the profile is written, as all else is.
    """
    return (_found_by(attributes), _EXISTING)


def _found_by(thing: Object) -> str:
    return next((name for name in (*_PRIMARY, *_ADDRESSES) if name in thing), "")


def _adds(value: JsonValue) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint(ADDING)
