"""The request to Braze that a delivery stands for."""

import json
import re
from typing import Final

from pydantic import JsonValue

from handler.core.errors import UnreadableMessage
from handler.core.models import Delivery

# The three endpoints of Braze that the relay knows. The path is put behind the host as it is,
# and others may write into the queue: anything else could lead the key elsewhere.
_PATH: Final = re.compile(
    r"/campaigns/trigger/send|/canvas/trigger/send"
    r"|(?P<transactional>/transactional/v1/campaigns/[0-9A-Za-z-]{1,64}/send)",
    re.ASCII,
)
_PROPERTIES: Final = "trigger_properties"


def request(delivery: Delivery) -> dict[str, JsonValue]:
    """Return the JSON object to POST to `delivery.path`.

    Braze takes `recipients`, a list, but on the transactional endpoint `recipient`, an object
    (its page "Send transactional email using API-triggered delivery"). Raise UnreadableMessage
    where the path is none of Braze's, or where nothing says who is reached: Braze's pages have
    said both that such a request fails and that it reaches a whole audience.
    """
    path = _PATH.fullmatch(delivery.path)
    if path is None:
        raise UnreadableMessage("the path is not one of Braze's send endpoints")
    if delivery.recipient is None:
        if delivery.send.get("broadcast") is not True:
            raise UnreadableMessage("it has no recipient, and is no broadcast")
        return dict(delivery.send)
    if path["transactional"]:
        return _transactional(delivery, delivery.recipient)
    return {**delivery.send, "recipients": [delivery.recipient]}


def _transactional(delivery: Delivery, recipient: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a request with its properties beside the recipient, as this endpoint wants them.

    Braze takes one `external_send_id` once in 24 hours: the only request that is safe to repeat.
    """
    who = dict(recipient)
    own, shared = who.pop(_PROPERTIES, {}), delivery.send.get(_PROPERTIES, {})
    merged = {**shared, **own} if isinstance(own, dict) and isinstance(shared, dict) else {}
    given = {**delivery.send, _PROPERTIES: merged} if merged else delivery.send
    return {**given, "recipient": who, "external_send_id": delivery.id}


def encode_request(body: dict[str, JsonValue]) -> bytes:
    """Return the body's bytes: ASCII JSON."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode("ascii")
