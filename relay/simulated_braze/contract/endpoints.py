"""The endpoints of the simulated Braze: those that send, and those that change profiles."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

CONTEXTS: Final = ("context", "canvas_entry_properties")
PROPERTIES: Final = ("trigger_properties", *CONTEXTS)
IDENTIFIERS: Final = ("external_user_id", "user_alias", "email")

_TRANSACTIONAL: Final = re.compile(r"/transactional/v1/campaigns/([^/]+)/send")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A trigger endpoint: its permission, the name of its id, and the types of its keys."""

    kind: Literal["campaign", "canvas", "transactional"]
    permission: str
    id_name: str
    top: Mapping[str, type]
    recipient: Mapping[str, type]


_TOP: Final = {"broadcast": bool, "audience": dict, "recipients": list}
_WHO: Final = {"external_user_id": str, "user_alias": dict, "attributes": dict}
_RECIPIENT: Final = {
    **_WHO,
    "email": str,
    "prioritization": list,
    "send_to_existing_only": bool,
}
_CAMPAIGN: Final = {"trigger_properties": dict}
_CANVAS: Final = dict.fromkeys(CONTEXTS, dict)
_ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "/campaigns/trigger/send": Endpoint(
        "campaign",
        "campaigns.trigger.send",
        "campaign_id",
        {"campaign_id": str, "send_id": str, "attachments": list, **_TOP, **_CAMPAIGN},
        {**_RECIPIENT, **_CAMPAIGN},
    ),
    "/canvas/trigger/send": Endpoint(
        "canvas",
        "canvas.trigger.send",
        "canvas_id",
        {"canvas_id": str, **_TOP, **_CANVAS},
        {**_RECIPIENT, **_CANVAS},
    ),
}
_TRANSACTION: Final = Endpoint(
    "transactional",
    "transactional.send",
    "campaign_id",
    {"recipient": dict, "external_send_id": str, **_CAMPAIGN},
    _WHO,
)


@dataclass(frozen=True, slots=True)
class DataEndpoint:
    """An endpoint that changes profiles: its permission, its arrays in Braze's order, its limit."""

    permission: str
    arrays: tuple[str, ...]
    rate: Literal["track", "subscription"]


TRACK: Final = "/users/track"
SUBSCRIBE: Final = "/v2/subscription/status/set"
DATA: Final[Mapping[str, DataEndpoint]] = {
    TRACK: DataEndpoint("users.track", ("attributes", "events", "purchases"), "track"),
    SUBSCRIBE: DataEndpoint("subscription.status.set", ("subscription_groups",), "subscription"),
}
# The arrays of requests whose objects Braze's errors may name.
ARRAYS: Final = ("recipients", *(name for at in DATA.values() for name in at.arrays))


def endpoint(path: str) -> Endpoint | None:
    """Return the trigger endpoint of a path; None where there is none."""
    return _TRANSACTION if _TRANSACTIONAL.fullmatch(path) else _ENDPOINTS.get(path)


def rate_of(path: str) -> Literal["hour", "track", "subscription"]:
    """Return the name of the rate limit that a path counts in."""
    return DATA[path].rate if path in DATA else "hour"


def id_in(path: str) -> str | None:
    """Return the campaign's id in a transactional path; None for any other path."""
    found = _TRANSACTIONAL.fullmatch(path)
    return found[1] if found else None
