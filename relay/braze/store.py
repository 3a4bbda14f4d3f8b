"""What the simulated Braze refuses, and what it remembers. Pure: no sockets, no clock.

After Braze's pages on the two trigger endpoints, recipients, user attributes and API errors.
Texts are Braze's where it documents one; where it is silent, the strict reading is taken.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from pydantic_core import to_json

Json = dict[str, Any]  # a JSON object, as it came or as the control API shows it

MAX_RECIPIENTS: Final = 50
MAX_PROPERTIES: Final = 50 * 1024  # bytes of compact UTF-8 JSON; Braze does not say how it counts
MAX_EXTERNAL_ID: Final = 987  # bytes

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_CAMPAIGN: Final = {"trigger_properties": dict}
_CANVAS: Final = {"context": dict, "canvas_entry_properties": dict}
_PROPERTIES: Final = (*_CAMPAIGN, *_CANVAS)
_TOP: Final = {"broadcast": bool, "audience": dict, "recipients": list}
_RECIPIENT: Final = {
    "external_user_id": str,
    "user_alias": dict,
    "email": str,
    "prioritization": list,
    "send_to_existing_only": bool,
    "attributes": dict,
}
# The name of each trigger endpoint's id, and the keys and types at its top and in its recipients.
ENDPOINTS: Final[Mapping[str, tuple[str, Mapping[str, type], Mapping[str, type]]]] = {
    "/campaigns/trigger/send": (
        "campaign_id",
        {"campaign_id": str, "send_id": str, "attachments": list, **_TOP, **_CAMPAIGN},
        {**_RECIPIENT, **_CAMPAIGN},
    ),
    "/canvas/trigger/send": (
        "canvas_id",
        {"canvas_id": str, **_TOP, **_CANVAS},
        {**_RECIPIENT, **_CANVAS},
    ),
}
_UNREACHED: Final = {
    "external_user_id": "unknown user, and send_to_existing_only is true",
    "user_alias": "unknown alias",
    "email": "prioritization leaves no user, or more than one",
}
_KIND: Final = ("identified", "unidentified")
_AGE: Final = ("most_recently_updated", "least_recently_updated")
_PRIORITIES: Final = [*((one,) for one in _KIND + _AGE), *product(_KIND, _AGE)]


def refusal(path: str, body: Json) -> str | None:
    """Why Braze would refuse this request body as a whole (a 400's text); None when it is taken."""
    return next(_problems(path, body), None)


# Each check may rely on those before it having passed: only the first problem is ever asked for.
def _problems(path: str, body: Json) -> Iterator[str]:
    _, top, _ = ENDPOINTS[path]
    yield from _misfits(body, top)
    recipients = body.get("recipients", [])
    if len(recipients) > MAX_RECIPIENTS:
        yield "The max number of external_ids and aliases per request was exceeded"
    if not recipients and not body.get("broadcast"):
        yield "No Recipients"
    if body.get("broadcast") and body.keys() & {"recipients", "attachments"}:
        yield "broadcast excludes recipients and attachments"
    for index, recipient in enumerate(recipients):
        for problem in _recipient_problems(path, recipient):
            yield f"recipients[{index}]: {problem}"
    if body.keys() | {key for one in recipients for key in one} >= _CANVAS.keys():
        yield "context and canvas_entry_properties are two names of one thing: use one"


def _misfits(values: Json, types: Mapping[str, type]) -> Iterator[str]:
    for key, value in values.items():
        if key not in types:
            yield f"unknown key {key}"
        elif type(value) is not types[key]:  # exact, for a bool is an int to isinstance
            yield f"{key} has the wrong type"
        elif key in _PROPERTIES and len(to_json(value)) > MAX_PROPERTIES:
            yield f"{key} is over 50 KB"


def _recipient_problems(path: str, recipient: object) -> Iterator[str]:
    if not isinstance(recipient, dict):
        yield "must be an object"
        return
    yield from _misfits(recipient, ENDPOINTS[path][2])
    if len(_UNREACHED.keys() & recipient.keys()) != 1:
        yield "needs exactly one of external_user_id, user_alias and email"
    yield from _identifier_problems(recipient)
    attributes = recipient.get("attributes", {})
    if recipient.get("send_to_existing_only") is False and not attributes:
        yield "send_to_existing_only: false needs attributes"
    email = attributes.get("email")
    if email is not None and not _EMAIL.fullmatch(str(email)):
        yield "The value provided for the 'email' field is not a valid email."


def _identifier_problems(recipient: Json) -> Iterator[str]:
    external_id = recipient.get("external_user_id", "-")
    if not external_id.strip() or len(external_id.encode()) > MAX_EXTERNAL_ID:
        yield "external_user_id is blank or over 987 bytes"
    alias = recipient.get("user_alias")
    if alias is not None and alias.keys() != {"alias_name", "alias_label"}:
        yield "user_alias needs alias_name and alias_label"
    if alias is not None and "send_to_existing_only" in recipient:
        yield "send_to_existing_only cannot be used with user_alias"
    priorities = recipient.get("prioritization")
    if ("email" in recipient) != (priorities is not None):
        yield "email and prioritization need each other"
    if priorities is not None and tuple(priorities) not in _PRIORITIES:
        yield "prioritization is none that Braze knows"


class Store:
    """Profiles by external id, the least recently updated first; sends and requests in order."""

    def __init__(self) -> None:
        self.profiles: dict[str, Json] = {}
        self.sends: list[Json] = []
        self.requests: list[Json] = []

    def apply(self, body: Json, stamp: Json) -> None:
        """Write each recipient's attributes, then record its send; `stamp` opens every record."""
        if body.get("broadcast"):
            told = {"reached": True, "because": None, "message": _message(body, {})}
            self.sends.append({**stamp, "recipient": None, **self._change(None, {}), **told})
        users: set[str] = set()
        for recipient in body.get("recipients", []):
            self.sends.append({**stamp, **self._send(body, recipient, users)})

    def _send(self, body: Json, recipient: Json, users: set[str]) -> Json:
        (name,) = _UNREACHED.keys() & recipient.keys()
        user = self._user(recipient)
        because = _UNREACHED[name] if user is None else None
        if user in users:  # Braze sends one message to a user named twice in a request
            because = "this user is in the request already"
        users.update([user] if user else [])
        return {
            "recipient": {name: recipient[name]},
            **self._change(user, recipient.get("attributes", {})),
            "reached": because is None,
            "because": because,
            "message": None if because else _message(body, recipient),
        }

    def _change(self, user: str | None, attributes: Json) -> Json:
        before = self.profiles.get(user or "")
        if user and attributes:
            self.write(user, attributes)
        return {
            "external_id": user,
            "profile_before": before,
            "attributes": attributes if user else {},
            "profile_after": self.profiles.get(user or ""),
        }

    def write(self, external_id: str, attributes: Json) -> None:
        """Update or create a profile: null removes an attribute, anything else overwrites it."""
        merged = {**self.profiles.pop(external_id, {}), **attributes}
        self.profiles[external_id] = {k: v for k, v in merged.items() if v is not None}

    def _user(self, recipient: Json) -> str | None:
        """Give the external id of the profile that is there or may be made; None for nobody."""
        if "external_user_id" in recipient:
            user: str = recipient["external_user_id"]
            may_be_made = recipient.get("send_to_existing_only") is False
            return user if may_be_made or user in self.profiles else None
        if "user_alias" in recipient:
            alias, profiles = recipient["user_alias"], self.profiles.items()
            return next((u for u, p in profiles if alias in p.get("user_aliases", [])), None)
        return self._by_email(recipient["email"], recipient["prioritization"])

    def _by_email(self, email: str, prioritization: list[str]) -> str | None:
        found = [user for user, profile in self.profiles.items() if profile.get("email") == email]
        if "unidentified" in prioritization:  # every profile here has an external id
            return None
        if "most_recently_updated" in prioritization:
            found = found[-1:]
        if "least_recently_updated" in prioritization:
            found = found[:1]
        return found[0] if len(found) == 1 else None


def _message(body: Json, recipient: Json) -> Json:
    """Merge what is sent to one user: its own properties win over those of the request."""
    name = next((key for key in _PROPERTIES if key in body or key in recipient), None)
    own = {name: {**body.get(name, {}), **recipient.get(name, {})}} if name else {}
    return {k: v for k, v in body.items() if k not in ("recipients", *_PROPERTIES)} | own
