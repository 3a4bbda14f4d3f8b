"""Requests to Braze: the body of one delivery, or of a batch of them."""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from handler.core.braze.endpoints import Endpoint, endpoint_of, reaches_audience
from handler.core.errors import UnreadableMessage
from handler.core.json_types import JsonValue
from handler.core.models import Delivery

_PROPERTIES: Final = "trigger_properties"
# Made once: `json.dumps` makes one for each call.
_AS_SENT: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_ASCII: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def request(delivery: Delivery) -> dict[str, JsonValue]:
    """Return the JSON object to POST to `delivery.path`.

    Braze takes `recipients`, a list, but on the transactional endpoint `recipient`, an object
    (its page "Send transactional email using API-triggered delivery"). Raise UnreadableMessage
    where the path is none of Braze's, where there is neither a recipient nor an audience (see
    `endpoints.reaches_audience`), and where arrays are not what the endpoint takes.
    """
    at = endpoint_of(delivery.path)
    if at is None:
        raise UnreadableMessage("the path is not one of Braze's endpoints")
    if at.arrays:
        return _of_arrays(delivery, at)
    if delivery.recipient is None:
        if not reaches_audience(delivery.send):
            raise UnreadableMessage("it has no recipient, and is no broadcast")
        return dict(delivery.send)
    if at.is_single:
        return _single(delivery, delivery.recipient)
    return {**delivery.send, "recipients": [delivery.recipient]}


def _of_arrays(delivery: Delivery, at: Endpoint) -> dict[str, JsonValue]:
    own = delivery.recipient or {}
    listed = [one for array in own.values() for one in (array if isinstance(array, list) else [0])]
    if delivery.send or not own.keys() <= set(at.arrays) or not 0 < len(listed) <= at.most:
        raise UnreadableMessage(f"it takes 1 to {at.most} objects of {' and '.join(at.arrays)}")
    if not all(isinstance(one, dict) for one in listed):
        raise UnreadableMessage("its arrays hold objects")
    return dict(own)


def objects_of(delivery: Delivery) -> Iterator[tuple[str, JsonValue]]:
    """Yield the objects of a delivery in the order of its request, each with its array's name.

    There are none where the endpoint has no arrays. `request` has taken the delivery.
    """
    at, own = endpoint_of(delivery.path), delivery.recipient or {}
    for name in at.arrays if at else ():
        array = own.get(name)
        yield from ((name, one) for one in (array if isinstance(array, list) else ()))


def _single(delivery: Delivery, recipient: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a request with its properties beside the recipient, as this endpoint wants them.

    Braze takes one `external_send_id` once in 24 hours: the only request that is safe to repeat.
    """
    who = dict(recipient)
    own, shared = who.pop(_PROPERTIES, {}), delivery.send.get(_PROPERTIES, {})
    merged = {**shared, **own} if isinstance(own, dict) and isinstance(shared, dict) else {}
    given = {**delivery.send, _PROPERTIES: merged} if merged else delivery.send
    return {**given, "recipient": who, "external_send_id": delivery.id}


def batch_request(deliveries: Sequence[Delivery]) -> dict[str, JsonValue]:
    """Return the batch request of deliveries that share all but their recipients.

    Of objects in arrays, those of the first delivery come first in each array.
    """
    body = request(deliveries[0])
    if len(deliveries) == 1:
        return body
    at = endpoint_of(deliveries[0].path)
    if at is not None and at.arrays:
        found = [object_ for one in deliveries for object_ in objects_of(one)]
        merged: dict[str, list[JsonValue]] = {name: [] for name in at.arrays}
        for name, each in found:
            merged[name].append(each)
        return {name: [*array] for name, array in merged.items() if array}
    return {**body, "recipients": [one.recipient for one in deliveries]}


def is_transactional(delivery: Delivery) -> bool:
    """Return whether Braze takes a repeat of a delivery's request for the same request."""
    at = endpoint_of(delivery.path)
    return at is not None and at.is_repeatable


def audience_of(delivery: Delivery) -> str:
    """Return a digest of a broadcast's audience, in hex; empty for any other request.

    Source: Braze, "API limits": broadcasts of the same target, segments and filters are one
    audience; a request that names recipients is none, whatever audience it has beside them.
    """
    if delivery.recipient is not None:
        return ""
    audience = delivery.send.get("audience")
    target = [delivery.send.get(key) for key in ("campaign_id", "canvas_id")]
    return sha256(written([*target, audience]).encode("ascii")).hexdigest()[:32]


def has_limit_of_its_own(delivery: Delivery) -> bool:
    """Return whether a request may count in another rate limit than those that name people.

    Braze's pages differ where an audience stands beside recipients: by "API limits" it counts as
    one that names people, by the page "Send Canvas messages" it is one of 250 in a minute.
    """
    return delivery.recipient is None or "audience" in delivery.send


def encode_request(value: JsonValue) -> bytes:
    """Return a request's body, or a part of one, as it is sent: compact JSON in UTF-8.

    Braze's limits of bytes are measured by this function alone.
    """
    return utf8(_AS_SENT.encode(value))


def utf8(text: str) -> bytes:
    """Return text in UTF-8. A surrogate without its other half is no character: it is U+FFFD."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole.encode("utf-8")


def written(value: JsonValue) -> str:
    """Return a value as compact ASCII JSON: for keys of the ledger, and to compare."""
    return _ASCII.encode(value)
