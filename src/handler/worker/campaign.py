"""Campaigns that are paused: their deliveries wait, for Braze would send them to nobody."""

from typing import Final, Literal

from handler.core.braze.campaign import CampaignState, campaign_of, campaign_state, details_path
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import wait
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.core.secret_values import Secret, api_key
from handler.core.workspace import Workspace
from handler.worker.dependencies import Worker
from handler.worker.task import Invocation

_ASKED: Final = 1  # seconds to wait for another worker's request, which takes less


def campaign_stop(
    invocation: Invocation, delivery: Delivery, random: float
) -> tuple[Reason, int] | None:
    """Return why a delivery's campaign stops it, and its wait in seconds; None where it is sent.

    It holds for all deliveries of a group: these have one campaign. A campaign of which Braze does
    not say whether it is active is sent to. `random` is in [0, 1).
    """
    campaign = campaign_of(delivery)
    if campaign is None:
        return None
    worker = invocation.worker
    state = _state(invocation, delivery, campaign)
    if state == "asked":
        return Reason.TARGET_ASKED, _ASKED
    if state != "paused":
        return None
    paused = Outcome("not_sent", Reason.TARGET_PAUSED)
    return Reason.TARGET_PAUSED, wait(worker.timing, paused, 1, 0, random)


def _state(
    invocation: Invocation, delivery: Delivery, campaign: str
) -> CampaignState | Literal["asked"]:
    worker, target = invocation.worker, f"{delivery.workspace}#{campaign}"
    now = worker.clock()
    if known := worker.targets.fresh(target, now):
        return known
    # The request itself, with its claim and its mark, comes first.
    if not invocation.has_time(2, first=worker.timing.request):
        return worker.targets.last(target)
    try:
        secret = worker.keys.current()
        api_key(secret, worker.workspaces[delivery.workspace].key)
    except Unavailable:  # nothing can be sent: see `dispatch`
        return worker.targets.last(target)
    shared = worker.targets.share(target, now)
    if shared != "ask":
        return shared
    said = _ask(worker, worker.workspaces[delivery.workspace], campaign, secret)
    return worker.targets.tell(target, said, worker.clock())


def _ask(
    worker: Worker, workspace: Workspace, campaign: str, secret: Secret
) -> CampaignState | None:
    """Ask Braze; once more if it refused a key that has been rotated. None where it fails.

    Neither the breaker nor the rate limit learns of it: they are about sending.
    """
    url = workspace.endpoint + details_path(campaign)

    def said(secret: Secret) -> CampaignState | None:
        answer = worker.get(url, api_key(secret, workspace.key), worker.timing.details)
        return campaign_state(answer, worker.clock())

    state = said(secret)
    if state != "hidden":
        return state
    try:
        newer = worker.keys.refresh(after=0)
        return state if newer.version == secret.version else said(newer)
    except Unavailable:
        return None
