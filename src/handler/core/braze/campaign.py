"""States of campaigns, as Braze's details say: whether one that is triggered reaches anybody.

Braze answers 201 to a trigger of a campaign that is paused, archived or a draft, and sends nothing.
It says so in the details alone (Braze, "Export campaign details").
"""

import json
from collections.abc import Mapping
from typing import Final, Literal

from handler.core.braze.endpoints import SENDS, endpoint_of, is_part_of_a_path
from handler.core.braze.outcome import HttpResponse, classify
from handler.core.models import Delivery
from handler.core.reasons import Reason

_KEY: Final = "campaign_id"
(_CAMPAIGNS,) = (one for one in SENDS if one.key == _KEY)

# active: it sends. paused: it does not, for it is paused, archived or a draft. hidden: the API key
# may not read the details. unknown: Braze does not say.
CampaignState = Literal["active", "paused", "hidden", "unknown"]
_REFUSED: Final[Mapping[Reason, CampaignState]] = {
    Reason.KEY_REFUSED: "hidden",
    Reason.REJECTED: "unknown",
    Reason.CONFIGURATION: "unknown",
}


def campaign_of(delivery: Delivery) -> str | None:
    """Return the campaign of a delivery; None where Braze itself says that its target is paused.

    It does so of Canvases and of transactional campaigns.
    """
    campaign = delivery.send.get(_KEY)
    is_one = isinstance(campaign, str) and is_part_of_a_path(campaign)
    return str(campaign) if is_one and endpoint_of(delivery.path) == _CAMPAIGNS else None


def details_path(campaign: str) -> str:
    """Return the path and query of a campaign's details; the id is one of `campaign_of`."""
    return f"/campaigns/details?{_KEY}={campaign}"


def campaign_state(answer: HttpResponse, now: float) -> CampaignState | None:
    """Return the state in an answer to a request for details; None where it failed for now."""
    outcome = classify(answer, now)
    if outcome.kind != "accepted":
        return _REFUSED.get(outcome.reason)
    if "unreadable" in outcome.warnings:
        return None
    said = json.loads(answer.body)
    if said.get("enabled") is False or said.get("archived") is True or said.get("draft") is True:
        return "paused"
    return "active" if said.get("enabled") is True else "unknown"
