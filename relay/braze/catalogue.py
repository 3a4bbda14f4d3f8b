"""The campaigns and Canvases of the simulated workspace: what its details endpoints tell of them.

After Braze's pages "Export campaign details" and "Export Canvas details". They do not say what
becomes of an unknown id; the API errors page does, for campaigns.
"""

import re
from typing import Final

from pydantic import BaseModel, ConfigDict

from relay.braze.store import Json

# The details endpoints, each with the name of its one parameter.
DETAILS: Final = {"/campaigns/details": "campaign_id", "/canvas/details": "canvas_id"}

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NOTICE: Final = "The Canvas is {} the Canvas to ensure trigger requests will take effect."


class Target(BaseModel):
    """A campaign or Canvas, as the control API takes it; `enabled` of false is a paused one."""

    model_config = ConfigDict(extra="forbid")

    exists: bool = True
    archived: bool = False
    draft: bool = False
    enabled: bool = True


class Catalogue:
    """Every id that looks like one is an active campaign and Canvas until another word is put."""

    def __init__(self) -> None:
        self._put: dict[str, Target] = {}

    def put(self, api_id: str, body: bytes) -> Target:
        """Say what an id names."""
        self._put[api_id] = Target.model_validate_json(body)
        return self._put[api_id]

    def find(self, api_id: object) -> Target | None:
        """Return what an id names; None for nothing."""
        found = self._put.get(str(api_id), Target())
        return found if found.exists and _UUID.fullmatch(str(api_id)) else None

    def details(self, api_id: object) -> Json | None:
        """Return what Braze tells of an id, less the content; None where it names nothing."""
        found = self.find(api_id)
        if found is None:
            return None
        return {"message": "success", **found.model_dump(exclude={"exists"})}

    def notice(self, body: Json) -> Json:
        """Return what an accepted trigger is told of a Canvas that will not run."""
        found = self.find(body.get("canvas_id"))
        if found is None or (found.enabled and not found.archived and not found.draft):
            return {}
        state = "archived. Unarchive" if found.archived else "paused. Resume"
        return {"notice": _NOTICE.format(state)}
