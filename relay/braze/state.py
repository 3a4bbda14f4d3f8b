"""What a campaign or Canvas that does not run makes of an accepted request's answer."""

from typing import Final

from relay.braze.catalogue import Target
from relay.braze.endpoints import Endpoint
from relay.braze.profiles import Json
from relay.braze.switches import Switches
from relay.braze.wire import Refused

_MEND: Final = {"archived": "Unarchive", "paused": "Resume"}
_NOTICE: Final = "The {0} is {1}. {2} the {0} to ensure trigger requests will take effect."
_REFUSAL: Final = (
    "The campaign is {0}. {1} the campaign in order for trigger requests to take effect."
)


def notice(at: Endpoint, target: Target, switches: Switches) -> Json:
    """Return what an accepted request is told; raise Refused where it is refused instead."""
    if (state := target.state()) is None:
        return {}
    mend = _MEND[state]
    if at.kind == "canvas":
        return {"notice": _NOTICE.format("Canvas", state, mend)}
    if at.kind == "transactional" or switches.paused_campaign == "refused":
        raise Refused(400, _REFUSAL.format(state, mend))
    told = switches.paused_campaign == "notice"
    return {"notice": _NOTICE.format("campaign", state, mend)} if told else {}
