"""The campaigns and Canvases of the simulated workspace, with their state in its dashboard.

After Braze's pages "Export campaign details" and "Export Canvas details". They do not document an
unknown id; the API errors page does, for campaigns.
"""

import re
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from relay.simulated_braze.contract import audience
from relay.simulated_braze.profiles import Json

# The details endpoints, each with the name of its one parameter.
DETAILS: Final = {"/campaigns/details": "campaign_id", "/canvas/details": "canvas_id"}

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# By channel: the attribute that a profile needs, and the attribute of its consent.
_CHANNELS: Final = {
    "email": ("email", "email_subscribe"),
    "push": ("push_tokens", "push_subscribe"),
    "sms": ("phone", None),
}


class Target(BaseModel):
    """A campaign or Canvas, as the control API takes it; `enabled` of false is a paused one.

    `audience` is the dashboard's, in the grammar of a connected audience. Without `channel` no
    address and no subscription is needed. `reeligible_after` is in seconds from one send to the
    next to the same user; null is never again. `kind` of null is every kind.
    """

    model_config = ConfigDict(extra="forbid")

    exists: bool = True
    archived: bool = False
    draft: bool = False
    enabled: bool = True
    kind: Literal["campaign", "canvas", "transactional"] | None = None
    audience: Json | None = None
    channel: Literal["email", "push", "sms"] | None = None
    send_to: Literal["subscribed", "opted_in", "all"] = "subscribed"
    reeligible_after: float | None = Field(default=0, ge=0)

    @field_validator("audience")
    @classmethod
    def _is_an_audience(cls, value: Json | None) -> Json | None:
        if value is not None and (why := next(audience.problems(value), None)):
            raise ValueError(why)
        return value

    def state(self) -> str | None:
        """Return why it sends nothing at all; None for an active one."""
        if self.archived:
            return "archived"
        return None if self.enabled and not self.draft else "paused"

    def unreachable(self, profile: Json) -> str | None:
        """Return why its channel does not reach a profile; None where it does."""
        if self.channel is None:
            return None
        needed, consent = _CHANNELS[self.channel]
        if not profile.get(needed):
            return f"the profile has no {needed}"
        state = profile.get(consent, "subscribed") if consent else "opted_in"
        wanted = {"subscribed": ("subscribed", "opted_in"), "opted_in": ("opted_in",)}
        return None if state in wanted.get(self.send_to, (state,)) else f"the user is {state}"


def is_identifier(api_id: object) -> bool:
    """Return whether it looks like the API identifier of a campaign or Canvas."""
    return isinstance(api_id, str) and bool(_UUID.fullmatch(api_id))


class Catalogue:
    """Targets by id: every well-formed id is an active campaign and Canvas until it is set."""

    def __init__(self) -> None:
        self.known: dict[str, Target] = {}

    def put(self, api_id: str, body: bytes) -> Target:
        """Set what an id names."""
        self.known[api_id] = Target.model_validate_json(body)
        return self.known[api_id]

    def find(self, api_id: object, *kinds: str) -> Target | None:
        """Return the target of an id, where it is of one of these kinds; None for nothing."""
        found = self.known.get(str(api_id), Target())
        if not found.exists or not is_identifier(api_id):
            return None
        return found if found.kind in (None, *kinds) else None

    def details(self, path: str, api_id: object) -> Json | None:
        """Return Braze's details of an id, without the content; None where it names nothing."""
        kinds = ("canvas",) if path.startswith("/canvas/") else ("campaign", "transactional")
        found = self.find(api_id, *kinds)
        if found is None:
            return None
        return {"message": "success", **found.model_dump(include={"archived", "draft", "enabled"})}
