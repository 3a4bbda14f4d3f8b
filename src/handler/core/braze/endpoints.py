"""Braze's endpoints: the one table of everything in which they differ.

Sources: braze.com/docs/api/endpoints/messaging/send_messages/ (post_send_triggered_campaigns,
post_send_triggered_canvases and post_send_transactional_message), "User track", "Update user's
subscription group status (V2)", "API limits" and "API keys".
The checks of a request's content are in `contract`; a new endpoint is a row here, a check there
and a row in the simulated Braze's own table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final, Literal

from handler.core.braze.identifiers import IDENTIFIERS

TRANSACTIONAL: Final = "transactional_campaign_id"
RECIPIENTS: Final = "recipients"
MAX_RECIPIENTS: Final = 50  # of one request, on both pages of the triggered sends
MAX_OBJECTS: Final = 75  # of all arrays of a request together ("User track")
MAX_GROUPS: Final = 50  # of one request ("Update user's subscription group status (V2)")
_DAY: Final = 86_400
MAX_PROPERTIES_BYTES: Final = 50 * 1024
MAX_IDENTIFIER_BYTES: Final = 987
# What decides who is reached, and with what: no webhook may have a say in it.
LITERAL_KEYS: Final = (
    "campaign_id",
    "canvas_id",
    TRANSACTIONAL,
    "send_id",
    "broadcast",
    "audience",
)
_RECIPIENT_KEYS: Final = (*IDENTIFIERS, "prioritization", "send_to_existing_only", "attributes")
_ID: Final = "{}"  # in a path, stands for the id under the endpoint's key
# Paths that are remembered: a relay has few, and whoever writes into the queue fills no memory.
_PATHS: Final = 64
_PART_OF_A_PATH: Final = "[0-9A-Za-z-]{1,64}"


# Endpoints that share one of Braze's rate limits.
RateClass = Literal["sends", "track", "subscription"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Braze endpoint.

    `key` of a rule's `send`, or of the rule itself, chooses it; `permission` is the API key's.
    `most` is how many deliveries one request holds; of one, `recipient` is an object and the
    properties stand beside it only. `arrays` are the lists of a request that says who it is about
    in each of their objects: `most` counts these objects then. `refused` is the name of the array
    that an answer's `errors` refer to where they refuse single deliveries of an accepted request,
    and do not name one. `is_repeatable` says that Braze takes a repeat within 24 hours for the
    same request. A delivery is given up `horizon` seconds after its first attempt.
    """

    key: str
    path: str
    permission: str
    properties: tuple[str, ...]
    others: tuple[str, ...] = ()
    most: int = MAX_RECIPIENTS
    refused: str = RECIPIENTS
    is_repeatable: bool = False
    arrays: tuple[str, ...] = ()
    rate: RateClass = "sends"
    horizon: int = _DAY

    @property
    def is_single(self) -> bool:
        """Whether a request holds one recipient only."""
        return self.most == 1

    @property
    def refusing(self) -> tuple[str, ...]:
        """The arrays that an answer's `errors` refer to."""
        return self.arrays or (self.refused,)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys at the top of the request."""
        reached = ("recipient",) if self.is_single else ("recipients", "broadcast", "audience")
        return (self.key, *reached, *self.properties, *self.others)

    @property
    def recipient_keys(self) -> tuple[str, ...]:
        """The keys of each recipient."""
        if self.is_single:
            return (*self.identifiers, "attributes")
        return (*_RECIPIENT_KEYS, *self.properties)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The keys that identify a recipient: one of these."""
        return IDENTIFIERS[:2] if self.is_single else IDENTIFIERS


SENDS: Final = (
    Endpoint(
        key="campaign_id",
        path="/campaigns/trigger/send",
        permission="campaigns.trigger.send",
        properties=("trigger_properties",),
        others=("send_id", "attachments"),
    ),
    Endpoint(
        key="canvas_id",
        path="/canvas/trigger/send",
        permission="canvas.trigger.send",
        properties=("context", "canvas_entry_properties"),
    ),
    Endpoint(
        key=TRANSACTIONAL,
        path=f"/transactional/v1/campaigns/{_ID}/send",
        permission="transactional.send",
        properties=("trigger_properties",),
        most=1,
        is_repeatable=True,
    ),
)
# What is late by days is still true of a profile, unlike a message. The queue keeps 10 days.
TRACK: Final = Endpoint(
    key="track",
    path="/users/track",
    permission="users.track",
    properties=(),
    most=MAX_OBJECTS,
    arrays=("attributes", "events"),
    rate="track",
    horizon=9 * _DAY,
)
SUBSCRIBE: Final = Endpoint(
    key="subscribe",
    path="/v2/subscription/status/set",
    permission="subscription.status.set",
    properties=(),
    most=MAX_GROUPS,
    arrays=("subscription_groups",),
    rate="subscription",
    horizon=9 * _DAY,
)
ENDPOINTS: Final = (*SENDS, TRACK, SUBSCRIBE)
PROPERTIES: Final = tuple(dict.fromkeys(name for one in SENDS for name in one.properties))


def endpoint(send: Mapping[str, object]) -> Endpoint | None:
    """Return the endpoint of a send, with its id in the path; None unless one key chooses it."""
    chosen = [one for one in SENDS if one.key in send]
    if len(chosen) != 1:
        return None
    return replace(chosen[0], path=chosen[0].path.replace(_ID, str(send[chosen[0].key])))


def reaches_audience(send: Mapping[str, object]) -> bool:
    """Return whether a request without recipients reaches the people of an audience.

    Braze, "Connected audience object": with `broadcast: false` only those whom its filters find. A
    request that leaves both recipients and `broadcast` out fails on one page, and reaches a whole
    audience on another.
    """
    broadcast = send.get("broadcast")
    return broadcast is True or (broadcast is False and bool(send.get("audience")))


@lru_cache(maxsize=_PATHS)
def endpoint_of(path: str) -> Endpoint | None:
    """Return the endpoint that a delivery's path leads to; None for any other path.

    The path is put behind the host as it is, and others may write into the queue: anything but
    these could lead the key elsewhere.
    """
    return next((one for one in ENDPOINTS if _pattern(one).fullmatch(path)), None)


@cache
def _pattern(at: Endpoint) -> re.Pattern[str]:
    return re.compile(re.escape(at.path).replace(r"\{\}", _PART_OF_A_PATH), re.ASCII)


def is_part_of_a_path(text: str) -> bool:
    """Return whether an id may stand in a path."""
    return re.fullmatch(_PART_OF_A_PATH, text, re.ASCII) is not None
