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


def request(delivery: Delivery) -> dict[str, JsonValue]:
    """Return the JSON object to POST to `delivery.path`.

    Braze takes `recipients`, a list, but on the transactional endpoint `recipient`, an object
    (its page "Send transactional email using API-triggered delivery"). Raise UnreadableMessage
    where the path is none of Braze's.
    """
    path = _PATH.fullmatch(delivery.path)
    if path is None:
        raise UnreadableMessage("the path is not one of Braze's send endpoints")
    if delivery.recipient is None:
        return dict(delivery.send)
    if path["transactional"]:
        return {**delivery.send, "recipient": delivery.recipient}
    return {**delivery.send, "recipients": [delivery.recipient]}


def encode_request(body: dict[str, JsonValue]) -> bytes:
    """Return the body's bytes: ASCII JSON."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode("ascii")
